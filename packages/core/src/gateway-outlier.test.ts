import { describe, expect, it } from "vitest";
import type { GatewayChange } from "./change.js";
import type { OutlierConfig } from "./config/health-config.js";
import { createGateway, type Gateway } from "./gateway.js";
import type { Outcome } from "./outcome.js";
import { testEnv } from "./testing/env.js";
import { request } from "./testing/request.js";

const refused: Outcome = { kind: "failure", stage: "connect", cause: "refused" };
const reset: Outcome = { kind: "failure", stage: "head", cause: "reset" };
const response = (status: number, totalMs = 10): Outcome => ({ kind: "response", status, totalMs });
const head = (status: number, headMs = 10): Outcome => ({ kind: "head", status, headMs });

const NAMES = ["a", "b", "c", "d", "e", "f", "g", "h"];
const CONNECT = { consecutiveFailures: 0, consecutiveConnectFailures: 3 } as const;
/** Only what the windows say. */
const WINDOWS = { consecutiveFailures: 0, consecutiveConnectFailures: 0 } as const;

/** Each instance has a version of its own name, so that a test reaches it by its path. */
function started(count: number, outlier?: OutlierConfig) {
  const names = NAMES.slice(0, count);
  const env = testEnv();
  const instances = names.map((id) => ({ id, url: `http://${id}`, version: id }));
  const gateway: Gateway = createGateway(
    {
      services: {
        s: { instances, balancer: "round-robin", ...(outlier === undefined ? {} : { outlier }) },
      },
      routes: [
        ...names.map((version) => ({
          match: { path: `/${version}` },
          to: { service: "s", version },
        })),
        { to: "s" },
      ],
    },
    { env },
  );
  const events: GatewayChange[] = [];
  gateway.onChange((change) => void events.push(change));
  const send = (name: string, ...outcomes: readonly Outcome[]) => {
    const decision = gateway.decide(request(`GET /${name}`));
    if (decision.kind !== "forward") throw new Error(decision.kind);
    gateway.start(decision);
    for (const outcome of outcomes) gateway.report(decision, outcome);
    return decision.instance.id;
  };
  const repeat = (times: number, name: string, ...outcomes: readonly Outcome[]) => {
    for (let index = 0; index < times; index++) send(name, ...outcomes);
  };
  /** What an instance answers in an interval, mixed evenly. */
  const answers = (name: string, all: number, failing: number, failure: Outcome = reset) => {
    for (let index = 0; index < all; index++)
      send(name, (index * failing) % all < failing ? failure : response(200));
  };
  const health = () =>
    gateway
      .service("s")
      .instances()
      .map(({ health }) => health);
  const told = () => events.map(({ kind, instance }) => `${kind} ${instance?.id}`);
  return { env, gateway, events, told, send, repeat, answers, health };
}

describe("failures in a row", () => {
  it("to connect eject, and are told with their counts", () => {
    const { events, repeat, send } = started(3, CONNECT);
    repeat(2, "a", refused);
    expect(events).toEqual([]);
    send("a", refused);
    expect(events).toHaveLength(1);
    expect(events[0]).toMatchObject({
      ...{ kind: "ejected", service: "s", instance: { id: "a" }, forMs: 30_000 },
      reason: { kind: "consecutive-connect-failures", failures: 3, threshold: 3 },
    });
    expect(events[0]?.counts).toEqual({ instances: 3, eligible: 2 });
  });

  it("to connect are broken by whatever shows that there was a connection", () => {
    const { events, repeat, send } = started(3, CONNECT);
    for (const outcome of [reset, response(503), response(404), head(200)]) {
      repeat(2, "a", refused);
      send("a", outcome);
    }
    expect(events).toEqual([]);
  });

  it("of whatever kind eject after five, the narrower reason told where both hold", () => {
    const { events, send, repeat } = started(8);
    for (const outcome of [refused, reset, head(502), response(503)]) send("a", outcome);
    send("a", response(504));
    repeat(5, "b", refused);
    expect(events.map(({ reason }) => reason)).toEqual([
      { kind: "consecutive-failures", failures: 5, threshold: 5 },
      { kind: "consecutive-connect-failures", failures: 5, threshold: 5 },
    ]);
  });

  it("begin anew for an instance that has returned, whatever came in meanwhile", () => {
    const { env, gateway, told, repeat } = started(3);
    const old = Array.from({ length: 4 }, () => {
      const decision = gateway.decide(request("GET /a"));
      gateway.start(decision);
      return decision;
    });
    repeat(5, "a", reset);
    for (const decision of old) gateway.report(decision, reset);
    env.advance(30_000);
    repeat(4, "a", reset);
    expect(told()).toEqual(["ejected a", "returned a"]);
    repeat(1, "a", reset);
    expect(told()).toEqual(["ejected a", "returned a", "ejected a"]);
  });
});

describe("an interval of ten seconds", () => {
  it("ejects who failed nearly always: 85 % of 50 answers, beside four others", () => {
    const { env, events, answers, send } = started(5, { ...WINDOWS, successRate: false });
    answers("a", 50, 43);
    for (const name of ["b", "c", "d", "e"]) answers(name, 50, 0);
    env.advance(9_999);
    send("b", response(200));
    expect(events).toEqual([]);
    env.advance(1);
    send("b", response(200));
    expect(events).toHaveLength(1);
    expect(events[0]).toMatchObject({
      ...{ kind: "ejected", instance: { id: "a" }, forMs: 30_000 },
      reason: {
        ...{ kind: "failure-ratio", failures: 43, answers: 50 },
        ...{ failureRatio: 0.86, threshold: 0.85 },
      },
    });
    expect(events[0]?.counts).toEqual({ instances: 5, eligible: 4 });
  });

  it("ejects who failed far more often than the others, with the figures", () => {
    const { env, events, answers, send } = started(5);
    answers("a", 100, 20);
    for (const name of ["b", "c", "d", "e"]) answers(name, 100, 0);
    env.advance(10_000);
    send("b", response(200));
    expect(events).toHaveLength(1);
    const { reason } = events[0] as GatewayChange;
    if (reason?.kind !== "success-rate") throw new Error(reason?.kind);
    expect(reason).toMatchObject({ failures: 20, answers: 100, successRatio: 0.8 });
    expect(reason.meanRatio).toBeCloseTo(0.96, 10);
    expect(reason.deviation).toBeCloseTo(0.08, 10);
    expect(reason.threshold).toBeCloseTo(0.96 - 1.9 * 0.08, 10);
  });

  it("counts 500 and the like only where that is asked for", () => {
    for (const countServerErrors of [false, true]) {
      const { env, told, answers, send } = started(5, { successRate: { countServerErrors } });
      answers("a", 100, 20, response(500));
      for (const name of ["b", "c", "d", "e"]) answers(name, 100, 0);
      env.advance(10_000);
      send("b", response(200));
      expect(told()).toEqual(countServerErrors ? ["ejected a"] : []);
    }
  });

  it("ejects the slow where that is switched on", () => {
    for (const latency of [false, {}] as const) {
      const { env, events, repeat } = started(3, { latency });
      repeat(20, "a", head(200, 800), response(200, 9_000));
      repeat(20, "b", response(200, 12));
      repeat(20, "c", response(200, 8));
      env.advance(10_000);
      repeat(1, "b", response(200));
      if (latency === false) {
        expect(events).toEqual([]);
        continue;
      }
      const { reason, ...event } = events[0] as GatewayChange;
      expect(event).toMatchObject({ kind: "ejected", instance: { id: "a" } });
      if (reason?.kind !== "latency") throw new Error(reason?.kind);
      expect(reason).toMatchObject({ answers: 20, thresholdMs: 100 });
      expect([reason.latencyMs, reason.medianMs].map(Math.round)).toEqual([800, 12]);
    }
  });

  it("that nobody looked at for as long again says nothing", () => {
    const { env, events, answers, send } = started(5);
    answers("a", 100, 90);
    for (const name of ["b", "c", "d", "e"]) answers(name, 100, 0);
    events.length = 0;
    env.advance(20_000);
    send("b", response(200));
    env.advance(10_000);
    send("b", response(200));
    expect(events.filter(({ kind }) => kind === "ejected")).toEqual([]);
  });

  it("may be a shorter one, and ejects again only who has returned", () => {
    const { env, gateway, told, repeat, answers } = started(5, {
      ...{ intervalMs: 1_000, baseEjectionMs: 100, consecutiveConnectFailures: 0 },
    });
    const open = gateway.decide(request("GET /b"));
    gateway.start(open);
    for (const name of ["b", "c", "d", "e"]) answers(name, 50, 0);
    repeat(50, "a", reset);
    expect(told()).toEqual(["ejected a"]);
    env.advance(1_000);
    gateway.report(open, response(200));
    expect(told()).toEqual(["ejected a", "returned a", "ejected a"]);
  });
});

describe("what the client did", () => {
  it.each<[string, readonly Outcome[]]>([
    ["left before the head", [{ kind: "cancelled", stage: "head" }]],
    ["left behind the head", [head(200), { kind: "cancelled", stage: "body" }]],
    ["asked for what is not there", [response(404)]],
    ["was too slow", [response(408, 60_000)]],
    ["asked too often", [response(429)]],
    ["made a method up", [response(501)]],
  ])("counts against nobody: %s", (_, outcomes) => {
    const { env, events, repeat } = started(5, {
      successRate: { countServerErrors: true },
      latency: {},
    });
    repeat(100, "a", ...outcomes);
    for (const name of ["b", "c", "d", "e"]) repeat(100, name, response(200));
    env.advance(10_000);
    repeat(1, "b", response(200));
    expect(events).toEqual([]);
  });
});

describe("ejections", () => {
  const out = (health: readonly string[]) => health.filter((each) => each === "ejected").length;

  it.each<[instances: number, ratio: number | undefined, most: number]>([
    [1, undefined, 0],
    [2, undefined, 1],
    [2, 1, 1],
    [3, undefined, 1],
    [4, undefined, 2],
    [8, 0.25, 2],
    [8, 0, 1],
    [8, 1, 7],
  ])("of %d instances with a ratio of %s are %d at most, by rows", (count, ratio, most) => {
    const share = ratio === undefined ? {} : { maxEjectionRatio: ratio };
    const rows = started(count, share);
    // Six each: those that stay do not fail half of their attempts yet.
    for (const name of NAMES.slice(0, count)) rows.repeat(6, name, reset);
    expect(out(rows.health())).toBe(most);
  });

  it.each<[instances: number, ratio: number, most: number]>([
    [4, 0.5, 2],
    [8, 0.25, 2],
    [8, 0, 1],
    [8, 1, 6],
  ])("of %d instances with a ratio of %s are %d at most by windows", (count, ratio, most) => {
    const { env, answers, send, health } = started(count, {
      ...{ ...WINDOWS, maxEjectionRatio: ratio },
      failureRatio: { minimumInstances: 2, minimumAnswers: 50 },
    });
    // Six of eight at most: a quarter has to do better.
    const bad = count * 0.75;
    for (const [index, name] of NAMES.slice(0, count).entries())
      answers(name, 50, index < bad ? 50 : 0);
    env.advance(10_000);
    send("a", reset);
    expect(out(health())).toBe(most);
  });

  it("end by time alone, each longer than the last and 300 s at most", () => {
    const { env, events, repeat, health } = started(2);
    for (let times = 1; times <= 12; times++) {
      repeat(5, "a", reset);
      const forMs = Math.min(30_000 * times, 300_000);
      expect(events.at(-1)).toMatchObject({ kind: "ejected", forMs });
      env.advance(forMs - 1);
      expect(health()).toEqual(["ejected", "eligible"]);
      env.advance(1);
      expect(health()).toEqual(["eligible", "eligible"]);
    }
  });

  it("never take the last that is eligible, whether others drain or fail their probes", () => {
    const { gateway, repeat, health } = started(3);
    void gateway.service("s").drain("b");
    void gateway.service("s").drain("c");
    repeat(9, "a", refused);
    expect(health()).toEqual(["eligible", "draining", "draining"]);
  });

  it("are none where they are off, or each rule is", () => {
    for (const outlier of [
      false,
      { ...WINDOWS, failureRatio: false, successRate: false },
    ] satisfies OutlierConfig[]) {
      const { env, events, repeat } = started(5, outlier);
      repeat(200, "a", refused);
      for (const name of ["b", "c", "d", "e"]) repeat(200, name, response(200));
      env.advance(10_000);
      repeat(10, "a", refused);
      expect(events).toEqual([]);
    }
  });
});
