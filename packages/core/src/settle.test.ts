import { describe, expect, it } from "vitest";
import type { ConfigInput } from "./config/config.js";
import type { ServiceConfig } from "./config/service-config.js";
import type { ForwardDecision } from "./decision.js";
import { createGateway, type Gateway } from "./gateway.js";
import type { Outcome } from "./outcome.js";
import type { PartialSnapshot } from "./snapshot.js";
import { testEnv } from "./testing/env.js";
import { request } from "./testing/request.js";

/** Each instance has a version of its own name, so that a test reaches it by its path. */
const configOf = (names: readonly string[], service: Partial<ServiceConfig> = {}): ConfigInput => ({
  services: {
    users: {
      instances: names.map((name) => ({ url: `http://${name}`, id: name, version: name })),
      balancer: "round-robin",
      ...service,
    },
  },
  routes: [
    ...names.map((name) => ({
      match: { path: `/${name}` },
      to: { service: "users", version: name },
    })),
    { to: "users" },
  ],
});
const gatewayOf = (names: readonly string[], service?: Partial<ServiceConfig>) => {
  const env = testEnv();
  const gateway = createGateway(configOf(names, service), { env });
  const events: string[] = [];
  gateway.onChange(({ kind, instance, forMs }) =>
    events.push(`${kind} ${instance?.id}${forMs === undefined ? "" : ` ${forMs}`}`),
  );
  return { env, gateway, events };
};

const failure: Outcome = { kind: "failure", stage: "head", cause: "reset" };
const response = (status: number): Outcome => ({ kind: "response", status, totalMs: 1 });

/** One request to one instance, or to any, that comes to these outcomes. */
const send = (gateway: Gateway, path: string, ...outcomes: readonly Outcome[]) => {
  const decision = gateway.decide(request(`GET /${path}`)) as ForwardDecision;
  gateway.start(decision);
  for (const outcome of outcomes) gateway.report(decision, outcome);
  return decision;
};
const fail = (gateway: Gateway, name: string, times = 5) => {
  for (let i = 0; i < times; i++) send(gateway, name, failure);
};
const instanceOf = (gateway: Gateway, name: string) =>
  gateway.snapshot().services["users"]?.instances[name];
/** Instances that get traffic now, over a whole round. */
const served = (gateway: Gateway) =>
  new Set(Array.from({ length: 12 }, () => send(gateway, "", response(200)).instance.id));
const stateOf = (
  instances: NonNullable<NonNullable<PartialSnapshot["services"]>[string]["instances"]>,
) => ({
  services: { users: { instances } },
});

describe("blame", () => {
  it.each<readonly [what: string, outcomes: readonly Outcome[], failures: number]>([
    ["a failed connection", [{ kind: "failure", stage: "connect", cause: "refused" }], 1],
    ["a timeout", [{ kind: "failure", stage: "head", cause: "timeout" }], 1],
    ["a reset", [failure], 1],
    [
      "a body that breaks",
      [
        { kind: "head", status: 200, headMs: 1 },
        { kind: "failure", stage: "body", cause: "truncated" },
      ],
      1,
    ],
    ["a 502", [response(502)], 1],
    ["a 503", [response(503)], 1],
    ["a 504", [response(504)], 1],
    [
      "the head of a 503, and not its end again",
      [{ kind: "head", status: 503, headMs: 1 }, response(503)],
      1,
    ],
    ["nothing: a 500", [response(500)], 0],
    ["nothing: a 429", [response(429)], 0],
  ])("falls on the instance for %s", (_what, outcomes, failures) => {
    const { gateway } = gatewayOf(["a", "b"]);
    send(gateway, "a", ...outcomes);
    expect(instanceOf(gateway, "a")).toMatchObject({ consecutiveFailures: failures, inFlight: 0 });
  });

  it("does not fall on the instance when the client leaves, which is no success either", () => {
    const { gateway } = gatewayOf(["a", "b"]);
    gateway.restore(stateOf({ a: { consecutiveFailures: 4 } }));
    for (const stage of ["connect", "send", "head", "body"] as const)
      send(gateway, "a", { kind: "cancelled", stage });
    expect(instanceOf(gateway, "a")).toMatchObject({ consecutiveFailures: 4 });
  });

  it("ends with the first success, at its head already", () => {
    const { gateway } = gatewayOf(["a", "b"]);
    gateway.restore(stateOf({ a: { consecutiveFailures: 4 }, b: { consecutiveFailures: 4 } }));
    send(gateway, "a", response(404));
    send(gateway, "b", { kind: "head", status: 200, headMs: 1 });
    expect(instanceOf(gateway, "a")).toMatchObject({ consecutiveFailures: 0 });
    expect(instanceOf(gateway, "b")).toMatchObject({ consecutiveFailures: 0, inFlight: 1 });
  });
});

describe("an ejection", () => {
  it("comes after five failures in a row, and lasts thirty seconds", () => {
    const { env, gateway, events } = gatewayOf(["a", "b"]);
    fail(gateway, "a", 4);
    expect(served(gateway)).toEqual(new Set(["a", "b"]));
    fail(gateway, "a", 5);
    expect(events).toEqual(["ejected a 30000"]);
    expect(instanceOf(gateway, "a")).toMatchObject({
      ejectedForMs: 30_000,
      consecutiveFailures: 0,
    });
    env.advance(29_999);
    expect(served(gateway)).toEqual(new Set(["b"]));
    env.advance(1);
    expect(served(gateway)).toEqual(new Set(["a", "b"]));
  });

  it("is announced to be over once, by the first request after it", () => {
    const { env, gateway, events } = gatewayOf(["a", "b"]);
    fail(gateway, "a");
    env.advance(30_000);
    gateway.decide(request("GET /"));
    expect(events).toEqual(["ejected a 30000"]);
    send(gateway, "");
    send(gateway, "");
    expect(events).toEqual(["ejected a 30000", "returned a"]);
  });

  it("lasts longer each time, and the growth fades with time", () => {
    const { env, gateway, events } = gatewayOf(["a", "b"]);
    for (const pause of [30_000, 60_000, 90_000 + 2 * 30_000, 60_000 + 30_000 * 99]) {
      fail(gateway, "a");
      env.advance(pause);
      send(gateway, "");
    }
    fail(gateway, "a");
    expect(events.filter((event) => event.startsWith("ejected"))).toEqual([
      "ejected a 30000",
      "ejected a 60000",
      "ejected a 90000",
      "ejected a 60000",
      "ejected a 30000",
    ]);
  });

  it("leaves nothing behind of what failed while it lasted", () => {
    const { env, gateway, events } = gatewayOf(["a", "b"]);
    const late = Array.from({ length: 4 }, () => send(gateway, "a"));
    fail(gateway, "a");
    for (const decision of late) gateway.report(decision, failure);
    expect(instanceOf(gateway, "a")).toMatchObject({ consecutiveFailures: 4 });
    env.advance(30_000);
    fail(gateway, "a", 1);
    expect(events).toEqual(["ejected a 30000", "returned a"]);
    expect(instanceOf(gateway, "a")).toMatchObject({ consecutiveFailures: 1 });
  });

  it("never lasts longer than the longest", () => {
    const { gateway, events } = gatewayOf(["a", "b"]);
    gateway.restore(stateOf({ a: { ejectionFactor: 99 } }));
    fail(gateway, "a");
    expect(events).toEqual(["ejected a 300000"]);
  });

  it("takes at most half of the instances", () => {
    const { gateway, events } = gatewayOf(["a", "b", "c", "d"]);
    for (const name of ["a", "b", "c", "d"]) fail(gateway, name);
    expect(events).toEqual(["ejected a 30000", "ejected b 30000"]);
  });

  it("waits for a place among the ejected", () => {
    const { env, gateway, events } = gatewayOf(["a", "b", "c", "d"], {
      outlier: { maxEjectionRatio: 0.25 },
    });
    for (const name of ["a", "b"]) fail(gateway, name);
    expect(events).toEqual(["ejected a 30000"]);
    env.advance(30_000);
    fail(gateway, "b", 1);
    expect(events.slice(1)).toEqual(["returned a", "ejected b 30000"]);
  });

  it("never takes the last eligible instance", () => {
    const { gateway, events } = gatewayOf(["a", "b", "c"], { outlier: { maxEjectionRatio: 1 } });
    for (const name of ["a", "b", "c"]) fail(gateway, name, 6);
    expect(events).toEqual(["ejected a 30000", "ejected b 30000"]);
    expect(served(gateway)).toEqual(new Set(["c"]));
    const single = gatewayOf(["a"]);
    fail(single.gateway, "a", 20);
    expect(single.events).toEqual([]);
  });

  it("follows the rule of the service, or the defaults, and can be switched off", () => {
    const rule = { consecutiveFailures: 1, baseEjectionMs: 50, maxEjectionMs: 70 };
    const own = gatewayOf(["a", "b"], { outlier: rule });
    fail(own.gateway, "a", 1);
    expect(own.events).toEqual(["ejected a 50"]);
    const off = gatewayOf(["a", "b"], { outlier: false });
    fail(off.gateway, "a", 50);
    expect(off.events).toEqual([]);
    const env = testEnv();
    const byDefault = createGateway(
      { ...(configOf(["a", "b"]) as { routes: [] }), defaults: { outlier: rule } },
      { env },
    );
    fail(byDefault, "a", 1);
    expect(instanceOf(byDefault, "a")).toMatchObject({ ejectedForMs: 50 });
  });

  it("holds in every version that the instance is reached by", () => {
    const { env, gateway } = gatewayOf(["a", "b"], { whenNoneEligible: "reject" });
    gateway.restore(stateOf({ a: { ejectedForMs: 30_000 } }));
    expect(gateway.decide(request("GET /a"))).toMatchObject({
      kind: "reject",
      status: 503,
      reason: "no-instance",
      detail: "service users has no instance in version a that may be tried",
    });
    env.advance(30_000);
    expect(gateway.decide(request("GET /a"))).toMatchObject({ kind: "forward" });
  });
});

describe("when no instance is eligible", () => {
  const ejected = stateOf({ a: { ejectedForMs: 1_000 }, b: { ejectedForMs: 2_000 } });

  it("all are tried", () => {
    const { gateway } = gatewayOf(["a", "b"]);
    gateway.restore(ejected);
    expect(served(gateway)).toEqual(new Set(["a", "b"]));
  });

  it("none is, where the service rejects", () => {
    const { env, gateway } = gatewayOf(["a", "b"], { whenNoneEligible: "reject" });
    gateway.restore(ejected);
    expect(gateway.decide(request("GET /"))).toMatchObject({ status: 503, reason: "no-instance" });
    env.advance(1_000);
    expect(served(gateway)).toEqual(new Set(["a"]));
  });

  it("the share of an empty version is a 503, and spills over only into a fallback", () => {
    const config = (fallback?: { version: string }): ConfigInput => ({
      services: { users: { instances: [{ url: "http://a", version: "v1" }] } },
      routes: [
        { to: { service: "users", split: { v1: 50, v2: 50 }, ...(fallback && { fallback }) } },
      ],
    });
    const env = () => testEnv({ draws: { split: [0.75] } });
    expect(createGateway(config(), { env: env() }).decide(request("GET /"))).toMatchObject({
      kind: "reject",
      status: 503,
      reason: "no-instance",
      detail: "service users has no instance in version v2 that may be tried",
    });
    expect(
      createGateway(config({ version: "v1" }), { env: env() }).decide(request("GET /")),
    ).toMatchObject({ kind: "forward", version: "v1", point: 0.75 });
  });

  it("a service without instances is a 503", () => {
    expect(gatewayOf([]).gateway.decide(request("GET /"))).toMatchObject({
      status: 503,
      reason: "no-instance",
      detail: "service users has no instance that may be tried",
    });
  });
});

describe("the end of an ejection is told", () => {
  it("when another instance is ejected before the next request starts", () => {
    const { env, gateway, events } = gatewayOf(["a", "b", "c", "d"]);
    const late = Array.from({ length: 5 }, () => send(gateway, "b"));
    fail(gateway, "a");
    env.advance(30_000);
    for (const decision of late) gateway.report(decision, failure);
    send(gateway, "");
    expect(events).toEqual(["ejected a 30000", "returned a", "ejected b 30000"]);
  });

  it("when the configuration is updated before the next request starts", () => {
    const { env, gateway, events } = gatewayOf(["a", "b"]);
    fail(gateway, "a");
    env.advance(30_000);
    gateway.update(configOf(["a", "b"]));
    send(gateway, "");
    expect(events).toEqual(["ejected a 30000", "returned a"]);
  });
});

// The attempt belongs to a state that is gone: what it says of the instance must not be told of the new one.
it("ejects nobody for attempts that were started before a restore", () => {
  const { gateway, events } = gatewayOf(["a", "b"]);
  const before = Array.from({ length: 5 }, () => send(gateway, "a"));
  gateway.restore({});
  for (const decision of before) gateway.report(decision, failure);
  expect(events).toEqual([]);
});
