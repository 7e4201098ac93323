import { createGateway, type Gateway } from "@signalbox/core";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { configOf, EXACT, probed, turn, urls } from "../test/probed-gateway.js";
import type { AskInstance } from "./probe-attempt.js";
import { Probes } from "./probes.js";

beforeEach(() => {
  vi.useFakeTimers({
    toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "performance"],
  });
});
afterEach(() => void vi.useRealTimers());

describe("the prober of an instance", () => {
  it("asks at once, and then from the start of a probe to that of the next", async () => {
    const { times, last } = probed(configOf(["http://a"], EXACT));
    await turn();
    vi.advanceTimersByTime(0);
    expect(times()).toEqual([0]);
    vi.advanceTimersByTime(300);
    last().end(true);
    vi.advanceTimersByTime(699);
    expect(times()).toEqual([0]);
    vi.advanceTimersByTime(1);
    expect(times()).toEqual([0, 1_000]);
    vi.advanceTimersByTime(5_000);
    expect(times()).toHaveLength(2);
    last().end(true);
    vi.advanceTimersByTime(0);
    expect(times()).toEqual([0, 1_000, 6_000]);
  });

  it("is one, however many routes lead there", async () => {
    const { times } = probed(configOf(["http://a", "http://b"], EXACT));
    await turn();
    vi.advanceTimersByTime(500);
    expect(times()).toEqual([0, 0]);
  });

  it("moves each wait by a share of the interval, shorter or longer", async () => {
    const { times, last } = probed(
      configOf(["http://a"], { intervalMs: 1_000, jitter: 0.2 }),
      [0.9, 0, 0.5, 0.75],
    );
    await turn();
    for (let i = 0; i < 4; i++) {
      vi.advanceTimersToNextTimer();
      while (times().length <= i) vi.advanceTimersToNextTimer();
      last().end(true);
    }
    expect(times()).toEqual([0, 800, 1_800, 2_900]);
  });

  it("reports what it found", async () => {
    const { last, control } = probed(configOf(["http://a"], EXACT));
    await turn();
    vi.advanceTimersByTime(0);
    last().end(false);
    expect(control.instances()[0]?.health).toBe("failing");
  });

  it("is none while its service has no probes", async () => {
    const { asked, control } = probed(configOf(["http://a"]));
    control.add("http://b");
    await turn();
    vi.advanceTimersByTime(10_000);
    expect(asked).toHaveLength(0);
  });

  it("asks another port of the instance when it is told to, and keeps TLS and sessions", async () => {
    const { asked, last } = probed(
      configOf(["https://a/base"], { ...EXACT, port: 9_000, path: "/up" }),
    );
    await turn();
    vi.advanceTimersByTime(0);
    expect(last()).toMatchObject({ authority: "a:9000", target: { rule: { path: "/up" } } });
    last().end(true);
    vi.advanceTimersByTime(1_000);
    expect(asked).toHaveLength(2);
    expect(asked[1]?.target.connector).toBe(asked[0]?.target.connector);
  });

  it("waits no longer than a timer counts", async () => {
    const { times, last } = probed(
      configOf(["http://a"], { intervalMs: 2_147_483_647, timeoutMs: 1, jitter: 1 }),
      [0.99],
    );
    await turn();
    vi.advanceTimersByTime(0);
    last().end(true);
    vi.advanceTimersByTime(1_000);
    expect(times()).toHaveLength(1);
  });
});

describe("instances that come and go", () => {
  it("are asked from when they join until they leave, the probe under way included", async () => {
    const { asked, control } = probed(configOf(["http://a"], EXACT));
    await turn();
    vi.advanceTimersByTime(100);
    const b = control.add("http://b");
    await turn();
    vi.advanceTimersByTime(0);
    expect(asked.map(({ authority }) => authority)).toEqual(["a", "b"]);
    asked[0]?.end(true);
    control.remove("http://a");
    control.remove(b.id);
    expect(asked.map(({ isCancelled }) => isCancelled)).toEqual([false, true]);
    vi.advanceTimersByTime(10_000);
    expect(asked).toHaveLength(2);
    expect(vi.getTimerCount()).toBe(1);
  });

  it("are not asked when they leave in the turn in which they join", async () => {
    const { asked, control, gateway } = probed(configOf(["http://a"], EXACT));
    control.remove(control.add("http://b").id);
    // Told by a listener while the join is told: those behind it hear of the end first.
    gateway.onChange(({ kind, instance }) => {
      if (kind === "left" && instance.id === "http://c") control.add("http://d");
    });
    control.remove(control.add("http://c").id);
    await turn();
    vi.advanceTimersByTime(500);
    expect(asked.map(({ authority }) => authority).toSorted()).toEqual(["a", "d"]);
  });

  it("hear of the end of an instance before its begin when a listener ahead takes it out", async () => {
    const gateway: Gateway = createGateway(configOf(["http://a"], EXACT));
    gateway.onChange(({ kind, instance }) => {
      if (kind === "joined" && instance.id === "http://b") gateway.service("s").remove("http://b");
    });
    const asked: string[] = [];
    const ask: AskInstance = ({ connector }) => {
      asked.push(connector.authority);
      return () => {};
    };
    const probes = new Probes(gateway, { ask });
    gateway.service("s").add("http://b");
    await turn();
    vi.advanceTimersByTime(500);
    expect(asked).toEqual(["a"]);
    probes.stop();
  });

  it("are asked while they drain", async () => {
    const { asked, last, control } = probed(configOf(["http://a", "http://b"], EXACT));
    await control.drain("http://a");
    vi.advanceTimersByTime(0);
    expect(asked).toHaveLength(2);
    last().end(true);
  });

  it("are spread when many come at once: 300 over 300 ms, 5,000 over a second", async () => {
    const draws = Array.from({ length: 5_000 }, (_, i) => ((i * 7_919) % 5_000) / 5_000);
    const few = probed(
      configOf(urls(300), { ...EXACT, timeoutMs: 500 }),
      draws.filter((_, i) => i % 16 === 0),
    );
    await turn();
    vi.advanceTimersByTime(300);
    expect(few.asked).toHaveLength(256);
    for (const one of few.asked.slice(0, 44)) one.end(true);
    expect(few.asked).toHaveLength(300);
    const inOneMs = Map.groupBy(few.times().slice(0, 256), (at) => at);
    expect(Math.max(...[...inOneMs.values()].map(({ length }) => length))).toBeLessThanOrEqual(4);
    few.probes.stop();

    const many = probed(configOf(urls(5_000), EXACT), draws);
    await turn();
    const seen: number[] = [];
    for (let ms = 0; ms <= 1_000; ms++) {
      const before = many.asked.length;
      vi.advanceTimersByTime(1);
      for (const one of many.asked.slice(before)) one.end(true);
      seen.push(many.asked.length - before);
    }
    expect(many.asked.length).toBeGreaterThanOrEqual(5_000);
    expect(Math.max(...seen.slice(0, 999))).toBeLessThanOrEqual(10);
    many.probes.stop();
  });

  it("have 256 probes under way at most, and the others wait for their turn", async () => {
    const { asked, probes } = probed(configOf(urls(600), { intervalMs: 60_000 }));
    await turn();
    vi.advanceTimersByTime(5_000);
    expect(asked).toHaveLength(256);
    for (const one of asked.slice(0, 100)) one.end(false);
    expect(asked).toHaveLength(356);
    probes.stop();
    expect(asked.slice(100).every(({ isCancelled }) => isCancelled)).toBe(true);
    expect(asked).toHaveLength(356);
  });
});

describe("the end of all of them", () => {
  it("leaves no timer, no probe and no listener", async () => {
    const { probes, gateway, asked, control } = probed(configOf(urls(3), EXACT));
    await turn();
    vi.advanceTimersByTime(2);
    asked[0]?.end(true);
    control.add("http://late");
    probes.stop();
    control.add("http://later");
    gateway.update(configOf(["http://a"], EXACT));
    await turn();
    vi.advanceTimersByTime(10_000);
    expect(asked).toHaveLength(3);
    expect(asked.slice(1).every(({ isCancelled }) => isCancelled)).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("may come from one who hears of a result", async () => {
    const { probes, gateway, asked, last } = probed(configOf(["http://a"], EXACT));
    gateway.onChange(({ kind }) => kind === "passing" && probes.stop());
    await turn();
    vi.advanceTimersByTime(0);
    last().end(true);
    expect(vi.getTimerCount()).toBe(0);
    vi.advanceTimersByTime(10_000);
    expect(asked).toHaveLength(1);
  });
});

it("a gateway that keeps to a subset asks that alone, and whoever comes into it", async () => {
  const subset = { client: "gateway-7", size: 4 };
  const { asked, control } = probed(configOf(urls(40), EXACT, { subset }));
  await turn();
  vi.advanceTimersByTime(10);
  expect(asked).toHaveLength(4);
  for (const one of asked) one.end(true);
  await turn();
  vi.advanceTimersByTime(10);
  expect(asked).toHaveLength(4);
  control.remove(`http://${asked[0]?.authority}`);
  await turn();
  vi.advanceTimersByTime(10);
  expect(asked).toHaveLength(5);
  expect(control.instances().filter(({ health }) => health === "eligible")).toHaveLength(3);
  asked[4]?.end(true);
  await turn();
  for (let second = 0; second < 3; second++) {
    const before = asked.length;
    vi.advanceTimersByTime(1_000);
    expect(new Set(asked.slice(before).map(({ authority }) => authority)).size).toBe(4);
    for (const one of asked.slice(before)) one.end(true);
  }
});
