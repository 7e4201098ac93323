import { createGateway, type Gateway } from "@signalbox/core";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Probes } from "../src/probes.js";
import { configOf, EXACT, probed, turn } from "./probed-gateway.js";

beforeEach(() => {
  vi.useFakeTimers({
    toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "performance"],
  });
});
afterEach(() => void vi.useRealTimers());

describe("an update of the configuration", () => {
  it("that changes nothing goes on as before", async () => {
    const config = configOf(["http://a"], { ...EXACT, intervalMs: 1_500 });
    const { gateway, times, last } = probed(config);
    await turn();
    vi.advanceTimersByTime(0);
    last().end(true);
    vi.advanceTimersByTime(500);
    gateway.update(config);
    vi.advanceTimersByTime(1_000);
    expect(times()).toEqual([0, 1_500]);
    last().end(true);
    vi.advanceTimersByTime(1_500);
    expect(times()).toEqual([0, 1_500, 3_000]);
  });

  it("that takes the probes away ends them, and one that gives them begins them", async () => {
    const { gateway, asked, last } = probed(configOf(["http://a"], EXACT));
    await turn();
    vi.advanceTimersByTime(0);
    last().end(true);
    gateway.update(configOf(["http://a"]));
    vi.advanceTimersByTime(5_000);
    expect(asked).toHaveLength(1);
    expect(vi.getTimerCount()).toBe(1);
    gateway.update(configOf(["http://a"], EXACT));
    await vi.advanceTimersByTimeAsync(1_000);
    vi.advanceTimersByTime(1);
    expect(asked).toHaveLength(2);
    gateway.update(configOf(["http://a"]));
    last().end(false);
    expect(gateway.service("s").instances()[0]?.health).toBe("eligible");
    vi.advanceTimersByTime(5_000);
    expect(asked).toHaveLength(2);
    expect(vi.getTimerCount()).toBe(1);
  });

  it("that takes the service away ends them, while one is waited for and while one is under way", async () => {
    const { gateway, asked } = probed(configOf(["http://a", "http://b"], EXACT));
    await turn();
    vi.advanceTimersByTime(0);
    asked[0]?.end(true);
    gateway.update([{ path: "/*", to: "http://other" }]);
    asked[1]?.end(true);
    vi.advanceTimersByTime(5_000);
    expect(asked).toHaveLength(2);
    expect(asked[1]?.isCancelled).toBe(true);
  });

  it("that takes the service away harms no result that comes before that is told", async () => {
    const gateway: Gateway = createGateway(configOf(["http://a"], EXACT));
    let end = (): void => {};
    gateway.onChange(({ kind }) => kind === "left" && end());
    const probes = new Probes(gateway, {
      ask: (_, done) => {
        end = () => done(true);
        return () => {};
      },
    });
    await turn();
    vi.advanceTimersByTime(0);
    gateway.update([{ path: "/*", to: "http://other" }]);
    expect(gateway.snapshot().listenerErrors).toBe(0);
    expect(vi.getTimerCount()).toBe(1);
    probes.stop();
  });

  it("that brings a service has its instances asked", async () => {
    const { gateway, asked } = probed(configOf(["http://a"], EXACT));
    await turn();
    vi.advanceTimersByTime(0);
    gateway.update({
      services: { t: { instances: ["http://t"], probe: EXACT } },
      routes: [{ to: "t" }],
    });
    await turn();
    vi.advanceTimersByTime(0);
    expect(asked.map(({ authority }) => authority)).toEqual(["a", "t"]);
  });

  it("holds from the next probe on, and within a second where it has to come sooner", async () => {
    const { gateway, times, last } = probed(
      configOf(["http://a"], { ...EXACT, intervalMs: 60_000 }),
    );
    await turn();
    vi.advanceTimersByTime(0);
    last().end(true);
    vi.advanceTimersByTime(10_500);
    gateway.update(configOf(["http://a"], { ...EXACT, path: "/new" }));
    vi.advanceTimersByTime(501);
    expect(times()).toHaveLength(2);
    expect(last().target.rule.path).toBe("/new");
  });

  it("that adds an instance and probes at once has all of them asked", async () => {
    const { gateway, asked } = probed(configOf(["http://a"]));
    gateway.update(configOf(["http://a", "http://b"], EXACT));
    await turn();
    vi.advanceTimersByTime(1);
    expect(asked.map(({ authority }) => authority).toSorted()).toEqual(["a", "b"]);
  });

  it("of the connections takes hold at once: the instance is another place", async () => {
    const { gateway, asked } = probed(configOf(["http://a"], EXACT));
    await turn();
    vi.advanceTimersByTime(0);
    gateway.update(configOf(["http://a"], EXACT, { connect: { protocol: "http2" } }));
    expect(asked[0]?.isCancelled).toBe(true);
    await turn();
    vi.advanceTimersByTime(0);
    expect(asked.map(({ target }) => target.protocol)).toEqual(["http1", "http2"]);
  });
});
