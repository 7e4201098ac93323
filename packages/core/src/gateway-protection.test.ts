import { describe, expect, it } from "vitest";
import type { GatewayChange } from "./change.js";
import type { ServiceConfig } from "./config/service-config.js";
import type { RouteConfig } from "./config/route-config.js";
import type { Decision, ForwardDecision } from "./decision.js";
import type { Balancer } from "./balance/balancer.js";
import { consistentHash } from "./balance/consistent-hash.js";
import { createGateway, type Gateway } from "./gateway.js";
import type { Outcome } from "./outcome.js";
import { testEnv } from "./testing/env.js";

const view = { method: "GET", url: "/" };
const OK: Outcome = { kind: "response", status: 200, totalMs: 10 };
const BAD: Outcome = { kind: "response", status: 503, totalMs: 10 };

function started(
  service: Partial<ServiceConfig>,
  route: Partial<RouteConfig> = {},
  more: object = {},
) {
  const env = testEnv();
  const gateway: Gateway = createGateway(
    {
      services: {
        s: { instances: ["http://a", "http://b"], outlier: false, ...service },
        spare: { instances: ["http://z"] },
      },
      routes: [
        { match: { path: "/low" }, to: "s", priority: -1 },
        { to: "s", ...route },
      ],
      ...more,
    } as never,
    { env },
  );
  const phases: string[] = [];
  gateway.onChange((change: GatewayChange) => {
    if (change.kind === "breaker") phases.push(change.phase);
  });
  const begin = (url = "/"): ForwardDecision => {
    const decision = gateway.decide({ ...view, url });
    if (decision.kind !== "forward") throw new Error(JSON.stringify(decision));
    gateway.start(decision);
    return decision;
  };
  const calls = (outcome: Outcome, count: number) => {
    for (let i = 0; i < count; i++) gateway.report(begin(), outcome);
  };
  const ask = (url = "/"): Decision => gateway.decide({ ...view, url });
  return { env, gateway, phases, begin, calls, ask };
}

const breaker = { minimumCalls: 4, openMs: 5_000, halfOpenCalls: 2 };

describe("a circuit breaker", () => {
  it("opens when half of the calls fail, and refuses with the time after which to come again", () => {
    const { calls, ask, phases, env } = started({ breaker });
    calls(OK, 2);
    calls(BAD, 1);
    expect(ask().kind).toBe("forward");
    calls(BAD, 1);
    expect(phases).toEqual(["open"]);
    env.advance(1_500);
    expect(ask()).toEqual({
      kind: "reject",
      route: "/*",
      status: 503,
      headers: { "retry-after": "4" },
      reason: "circuit-open",
      detail: "the circuit breaker of service s is open",
      retryAfterMs: 3_500,
      service: "s",
    });
  });

  it("lets a few calls through when its time has passed, and closes when they succeed", () => {
    const { calls, begin, ask, phases, env, gateway } = started({ breaker });
    calls(BAD, 4);
    expect(gateway.tick()).toBe(5_000);
    env.advance(5_000);
    const trials = [begin(), begin()];
    expect(phases).toEqual(["open", "half-open"]);
    expect(ask()).toMatchObject({ kind: "reject", reason: "circuit-open" });
    for (const trial of trials) gateway.report(trial, OK);
    expect(phases).toEqual(["open", "half-open", "closed"]);
    expect(ask().kind).toBe("forward");
  });

  it("tells that it is half-open when nobody but a tick looks", () => {
    const { calls, phases, env, gateway } = started({ breaker });
    calls(BAD, 4);
    env.advance(5_000);
    gateway.tick();
    expect(phases).toEqual(["open", "half-open"]);
  });

  it("gives the place of a trial back whose client left, and learns from a head at once", () => {
    const { calls, begin, env, gateway, ask } = started({
      breaker: { ...breaker, halfOpenCalls: 1 },
    });
    calls(BAD, 4);
    env.advance(5_000);
    gateway.report(begin(), { kind: "cancelled", stage: "head" });
    const trial = begin();
    expect(ask().kind).toBe("reject");
    gateway.report(trial, { kind: "head", status: 200, headMs: 5 });
    expect(ask().kind).toBe("forward");
    gateway.report(trial, { kind: "failure", stage: "body", cause: "truncated" });
    expect(ask().kind).toBe("forward");
  });

  it("opens for slow calls where it is told what is slow, and never for what clients do", () => {
    const { calls, phases } = started({ breaker: { ...breaker, slowMs: 100 } });
    calls({ kind: "response", status: 404, totalMs: 1 }, 20);
    calls({ kind: "cancelled", stage: "head" }, 20);
    expect(phases).toEqual([]);
    calls({ kind: "response", status: 200, totalMs: 100 }, 20);
    expect(phases).toEqual(["open"]);
  });

  it("ends retries and copies too", () => {
    const { calls, begin, gateway } = started(
      { breaker },
      { retry: { attempts: 3 }, mirror: [{ service: "s" }] },
    );
    const first = begin();
    expect(first.mirrors).toHaveLength(1);
    calls(BAD, 4);
    const failure: Outcome = { kind: "failure", stage: "connect", cause: "refused" };
    gateway.report(first, failure);
    expect(gateway.retry(first, failure, { replayable: true })).toEqual({
      kind: "stop",
      reason: "circuit-open",
    });
  });

  it("counts bodies that are cut behind a good head, also those of trials", () => {
    const { begin, gateway, phases, env, calls } = started({ breaker });
    const cut = (): void => {
      const decision = begin();
      gateway.report(decision, { kind: "head", status: 200, headMs: 1 });
      gateway.report(decision, { kind: "failure", stage: "body", cause: "truncated" });
    };
    for (let i = 0; i < 4; i++) cut();
    expect(phases).toEqual(["open"]);
    env.advance(5_000);
    cut();
    expect(phases).toEqual(["open", "half-open", "open"]);
    env.advance(10_000);
    calls(OK, 2);
    expect(phases.slice(3)).toEqual(["half-open", "closed"]);
  });

  it("keeps its state over an update and in a snapshot", () => {
    const { calls, ask, gateway, env } = started({ breaker });
    calls(BAD, 4);
    const snapshot = gateway.snapshot();
    expect(snapshot.services["s"]?.breaker).toEqual({
      phase: "open",
      openForMs: 5_000,
      openings: 1,
    });
    gateway.restore({});
    expect(ask().kind).toBe("forward");
    env.advance(77);
    gateway.restore(snapshot);
    expect(ask()).toMatchObject({ reason: "circuit-open", retryAfterMs: 5_000 });
  });
});

describe("a fallback", () => {
  it("takes the requests of a service whose circuit is open", () => {
    const { calls, ask } = started(
      { breaker },
      { to: { service: "s", fallback: { service: "spare" } } },
    );
    calls(BAD, 4);
    expect(ask()).toMatchObject({ kind: "forward", service: "spare" });
  });

  it("takes what is more than the limits of a service, up to its own", () => {
    const { begin, ask } = started(
      { limits: { requests: 1 } },
      { to: { service: "s", fallback: { service: "spare" } } },
    );
    expect([begin().service, begin().service]).toEqual(["s", "spare"]);
    const { gateway } = started(
      { instances: [] },
      { to: { service: "spare", fallback: { service: "s" } } },
    );
    expect(gateway.decide(view)).toMatchObject({ service: "spare" });
    expect(ask("/low")).toMatchObject({ kind: "reject", reason: "overloaded" });
  });

  it("is bound to the limits of its service", () => {
    const services = {
      s: { instances: [] },
      spare: { instances: ["http://z"], limits: { requests: 2 } },
    };
    const to = { service: "s", fallback: { service: "spare" } };
    const { begin, ask } = started({}, { to }, { services });
    begin();
    begin();
    expect(ask().kind).toBe("reject");
  });

  it("may be a fixed response, also behind another service", () => {
    const respond = { status: 200, headers: { "X-From": "cache" }, body: "later" };
    const answer = { kind: "respond", status: 200, body: "later", route: "/*" };
    const alone = started({ breaker }, { to: { service: "s", fallback: { respond } } });
    alone.calls(BAD, 4);
    expect(alone.ask()).toMatchObject({
      ...answer,
      headers: { "content-type": "text/plain; charset=utf-8", "x-from": "cache" },
    });
    const both = started(
      { breaker },
      { to: { service: "s", fallback: { service: "spare", respond } } },
    );
    both.calls(BAD, 4);
    expect(both.ask()).toMatchObject({ kind: "forward", service: "spare" });
    both.gateway.service("spare").remove("http://z");
    expect(both.ask()).toMatchObject(answer);
  });
});

describe("limits", () => {
  it("hold for copies and hedges too", () => {
    const copied = started(
      { limits: { requests: 2 } },
      { to: "spare", mirror: [{ service: "s" }] },
    );
    const copies = Array.from({ length: 4 }, () => {
      const { mirrors } = copied.begin();
      for (const copy of mirrors) copied.gateway.start(copy);
      return mirrors.length;
    });
    expect(copies).toEqual([1, 1, 0, 0]);
    const hedged = started({ limits: { requests: 2 } }, { hedge: { delayMs: 5 } });
    const [first] = [hedged.begin(), hedged.begin()] as const;
    expect(hedged.gateway.hedge(first, { replayable: true })).toEqual({
      kind: "stop",
      reason: "overloaded",
    });
  });

  it("prepare nothing anew for a key whose instance is full", () => {
    let bare = 0;
    const balancer: Balancer = {
      ...consistentHash,
      pick: (input) => {
        if (input.prepared === undefined) bare++;
        return consistentHash.pick(input);
      },
    };
    const { gateway } = started({
      instances: Array.from({ length: 10 }, (_, index) => `http://i${index}`),
      limits: { perInstance: 1 },
      balancer: balancer as never,
    });
    const ask = (): Decision => gateway.decide({ ...view, remoteAddress: "10.0.0.7" });
    const first = ask();
    gateway.start(first);
    const second = ask();
    expect([first, second]).toMatchObject([{ kind: "forward" }, { kind: "forward" }]);
    expect(second).not.toMatchObject({ instance: (first as ForwardDecision).instance });
    expect(ask()).toEqual(second);
    expect(bare).toBe(0);
  });

  it("shed the lower priority first", () => {
    const { begin, ask } = started({ limits: { requests: 10 } });
    for (let i = 0; i < 9; i++) begin();
    expect(ask("/low")).toMatchObject({ kind: "reject", reason: "overloaded", status: 503 });
    begin();
    expect(ask()).toMatchObject({ kind: "reject", reason: "overloaded" });
  });

  it("of one instance give its requests to others, and refuse when all are full", () => {
    const { begin, ask, gateway } = started({
      limits: { perInstance: 2 },
      balancer: "first-eligible",
    });
    const ids = [begin(), begin(), begin(), begin()].map(({ instance }) => instance.id);
    expect(ids).toEqual(["http://a", "http://a", "http://b", "http://b"]);
    expect(ask()).toMatchObject({ kind: "reject", reason: "overloaded", service: "s" });
    expect(
      gateway
        .service("s")
        .instances()
        .map(({ inFlight }) => inFlight),
    ).toEqual([2, 2]);
  });

  it("that adapt fall when answers take longer than at best, and no further than their minimum", () => {
    const { begin, gateway, env, ask } = started({
      limits: { adaptive: { initialLimit: 40, minLimit: 4, measureCalls: 10 } },
    });
    // It works on ten at once, in ten milliseconds; more wait for each other.
    const wave = (wanted: number): number => {
      const batch: ForwardDecision[] = [];
      while (batch.length < wanted && ask().kind === "forward") batch.push(begin());
      const totalMs = 10 * Math.max(1, batch.length / 10);
      env.advance(totalMs);
      for (const each of batch) gateway.report(each, { kind: "response", status: 200, totalMs });
      return batch.length;
    };
    for (let i = 0; i < 20; i++) expect(wave(5)).toBe(5);
    expect(wave(100)).toBe(40);
    for (let i = 0; i < 200; i++) wave(100);
    const borne = wave(100);
    expect(borne).toBeGreaterThanOrEqual(10);
    expect(borne).toBeLessThan(30);
    expect(gateway.snapshot().services["s"]?.adaptiveLimit).toBeLessThan(30);
  });
});

it("a subset of a very large service is all that a gateway uses, and the same one as instances come and go", () => {
  const instances = Array.from({ length: 200 }, (_, i) => `http://i${i}`);
  const gateway: Gateway = createGateway({
    services: {
      s: { instances, balancer: "round-robin", subset: { client: "gateway-7", size: 20 } },
    },
    routes: [{ to: "s" }],
  });
  const used = (): Set<string> => {
    const ids = new Set<string>();
    for (let i = 0; i < 60; i++) {
      const decision = gateway.decide(view);
      if (decision.kind !== "forward") throw new Error(decision.kind);
      ids.add(decision.instance.id);
      gateway.start(decision);
    }
    return ids;
  };
  const before = used();
  expect(before.size).toBe(20);
  const [first = ""] = before;
  gateway.service("s").remove(first);
  const after = used();
  expect(after.size).toBe(20);
  expect([...before].filter((id) => !after.has(id))).toEqual([first]);
});
