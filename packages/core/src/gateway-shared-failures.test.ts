import { describe, expect, it } from "vitest";
import type { OutlierConfig } from "./config/health-config.js";
import { createGateway, type Gateway } from "./gateway.js";
import type { Outcome } from "./outcome.js";
import { testEnv } from "./testing/env.js";
import { request } from "./testing/request.js";

const failed: Outcome = { kind: "response", status: 503, totalMs: 3 };
const well: Outcome = { kind: "response", status: 200, totalMs: 3 };

/** Instances `i0`, `i1`, …, each reached by a path of its own name. */
function started(count: number, outlier?: OutlierConfig) {
  const ids = Array.from({ length: count }, (_, index) => `i${index}`);
  const env = testEnv();
  const gateway: Gateway = createGateway(
    {
      services: {
        s: {
          instances: ids.map((id) => ({ id, url: `http://${id}`, version: id })),
          ...(outlier === undefined ? {} : { outlier }),
        },
      },
      routes: ids.map((version) => ({
        match: { path: `/${version}` },
        to: { service: "s", version },
      })),
    },
    { env },
  );
  const events: string[] = [];
  gateway.onChange(({ kind, instance }) => void events.push(`${kind} ${instance?.id}`));
  const send = (id: string, outcome: Outcome) => {
    const decision = gateway.decide(request(`GET /${id}`));
    gateway.start(decision);
    gateway.report(decision, outcome);
  };
  /** In turn, so that rows grow side by side. */
  const rounds = (times: number, outcomeOf: (index: number, round: number) => Outcome) => {
    for (let round = 0; round < times; round++)
      for (const [index, id] of ids.entries()) send(id, outcomeOf(index, round));
  };
  const statusOf = (id: string) =>
    gateway
      .service("s")
      .instances()
      .find((each) => each.id === id)?.health;
  const ejected = () => ids.filter((id) => statusOf(id) === "ejected");
  return { env, gateway, events, send, rounds, ejected };
}

describe("failures in a row", () => {
  it.each([2, 3, 4, 10, 40])(
    "that all of %d instances share eject nobody, however long they last",
    (count) => {
      const { events, rounds } = started(count);
      rounds(500, () => failed);
      expect(events).toEqual([]);
    },
  );

  it.each([
    [2, 1],
    [3, 1],
    [4, 2],
    [10, 1],
    [10, 2],
    [10, 5],
  ])("of %s instances eject %s bad ones at the fifth", (count, bad) => {
    const { events, rounds } = started(count);
    rounds(4, (index) => (index < bad ? failed : well));
    expect(events).toEqual([]);
    rounds(1, (index) => (index < bad ? failed : well));
    expect(events).toEqual(Array.from({ length: bad }, (_, index) => `ejected i${index}`));
  });

  it("eject as many as may be where most are bad, as long as a quarter does well", () => {
    const { rounds, ejected } = started(8);
    rounds(5, (index) => (index < 6 ? failed : well));
    expect(ejected()).toEqual(["i0", "i1", "i2", "i3"]);
  });

  it("of more than three quarters eject nobody, unless so many may be ejected", () => {
    const dead = (index: number) => (index < 8 ? failed : well);
    const { rounds, ejected } = started(10);
    rounds(100, dead);
    expect(ejected()).toEqual([]);
    const most = started(10, { maxEjectionRatio: 0.9 });
    most.rounds(5, dead);
    expect(most.ejected()).toEqual(Array.from({ length: 8 }, (_, index) => `i${index}`));
  });

  it("go on a little longer where the others fail now and then", () => {
    const { events, rounds } = started(10);
    // All fail in one of five, each at a time of its own.
    const now = (index: number, round: number) => ((index + round) % 5 === 0 ? failed : well);
    rounds(40, now);
    expect(events).toEqual([]);
    rounds(12, (index, round) => (index === 3 ? failed : now(index, round)));
    expect(events).toEqual(["ejected i3"]);
  });

  it("eject who is still dead once the others do well again", () => {
    const { events, rounds } = started(6);
    rounds(100, () => failed);
    rounds(50, (index) => (index === 2 ? failed : well));
    expect(events).toEqual(["ejected i2"]);
  });
});

describe("ejections", () => {
  it("end when what ejected some has come to all, who then have their whole share at once", () => {
    const { gateway, events, rounds, ejected } = started(4);
    rounds(5, (index) => (index < 2 ? failed : well));
    expect(ejected()).toEqual(["i0", "i1"]);
    rounds(12, () => failed);
    expect(events.slice(2)).toEqual(["returned i0", "returned i1"]);
    expect(gateway.snapshot().services["s"]?.instances["i0"]).toMatchObject({
      ejectedForMs: 0,
      ejectionFactor: 0,
    });
    rounds(500, () => failed);
    expect(events).toHaveLength(4);
  });

  it("of one instance stay as long as they were meant to while the others do well", () => {
    const { env, events, rounds } = started(3);
    rounds(5, (index) => (index === 0 ? failed : well));
    env.advance(29_999);
    rounds(100, (index, round) => (index > 0 && round % 3 === 0 ? failed : well));
    expect(events).toEqual(["ejected i0"]);
    env.advance(1);
    rounds(1, () => well);
    expect(events).toEqual(["ejected i0", "returned i0"]);
  });

  it("are judged by what was restored", () => {
    const { gateway, events, send } = started(3);
    const shared = { consecutiveFailures: 4, failureShare: 0.9 };
    gateway.restore({ services: { s: { instances: { i0: shared, i1: shared, i2: shared } } } });
    send("i0", failed);
    expect(events).toEqual([]);
    expect(() =>
      gateway.restore({ services: { s: { instances: { i0: { failureShare: 2 } } } } }),
    ).toThrow(
      new RangeError("/services/s/instances/i0/failureShare: expected a number from 0 to 1, got 2"),
    );
  });
});

it("counts the instances once for all reports in which as many are ejected as may be", () => {
  const { gateway, rounds, send } = started(4, { maxEjectionRatio: 0.25 });
  rounds(5, (index) => (index < 2 ? failed : well));
  let asked = 0;
  const { instances } = (
    gateway as unknown as { stateOf(name: string): { instances: Map<string, unknown> } }
  ).stateOf("s");
  const values = instances.values.bind(instances);
  instances.values = () => (asked++, values());
  for (let times = 0; times < 100; times++) send("i1", failed);
  expect(asked).toBeLessThan(2);
});
