import { describe, expect, it } from "vitest";
import type { Balancer } from "./balance/balancer.js";
import type { ForwardDecision } from "./decision.js";
import { createGateway } from "./gateway.js";
import { request } from "./testing/request.js";
import { testEnv } from "./testing/env.js";

const configWith = (balancer: Balancer, urls: readonly string[] = ["http://a", "http://b"]) => ({
  services: { s: { instances: urls, balancer } },
  routes: [{ match: { path: "/*" }, to: "s" }],
});
const throws = (): never => {
  throw new Error("a bug of the user's own");
};

describe("a balancer of the user's own", () => {
  it.each<[string, Balancer["pick"]]>([
    ["throws", throws],
    ["answers no index", () => Number.NaN],
    ["answers an index that is too large", () => 7],
  ])("chooses nothing when it %s", (_, pick) => {
    const gateway = createGateway(configWith({ name: "own", pick }), { env: testEnv() });
    expect(gateway.decide(request("GET /"))).toMatchObject({ kind: "reject", status: 503 });
  });

  it("is asked to pick unprepared when it cannot prepare, and stops no update", () => {
    const balancer: Balancer = { name: "own", prepare: throws, pick: () => 0 };
    const gateway = createGateway(configWith(balancer), { env: testEnv() });
    gateway.update(configWith(balancer, ["http://b"]));
    expect(gateway.decide(request("GET /"))).toMatchObject({ instance: { url: "http://b" } });
  });
});

describe("a decision for an instance", () => {
  const moving = (url: string) => ({
    services: { s: { instances: [{ id: "one", url }] } },
    routes: [{ match: { path: "/*" }, to: "s" }],
  });
  const decide = (gateway: ReturnType<typeof createGateway>) =>
    gateway.decide(request("GET /")) as ForwardDecision;

  it("is not started when the instance has moved to another URL meanwhile", () => {
    const gateway = createGateway(moving("http://a"), { env: testEnv() });
    const decision = decide(gateway);
    gateway.update(moving("http://b"));
    expect(gateway.start(decision)).toBe(false);
    expect(gateway.start(decide(gateway))).toBe(true);
  });

  it("may be started after a restore, which keeps the instance the same", () => {
    const gateway = createGateway(moving("http://a"), { env: testEnv() });
    const decision = decide(gateway);
    gateway.restore({ services: { s: { instances: { one: { consecutiveFailures: 2 } } } } });
    expect(decide(gateway).instance).toBe(decision.instance);
    expect(gateway.start(decision)).toBe(true);
  });
});

describe("a clock or a random source of the user's own that throws", () => {
  const gatewayWith = () => {
    const env = testEnv();
    const gateway = createGateway(configWith({ name: "first", pick: () => 0 }), { env });
    const decision = gateway.decide(request("GET /")) as ForwardDecision;
    return { env, gateway, decision };
  };

  it("loses no place: the last reading of the clock holds", () => {
    const { env, gateway, decision } = gatewayWith();
    env.now = throws;
    expect(gateway.start(decision)).toBe(true);
    expect(gateway.report(decision, { kind: "response", status: 200, totalMs: 1 })).toBe(true);
    expect(gateway.snapshot()).toMatchObject({
      services: { s: { instances: { "http://a": { inFlight: 0 } } } },
      envErrors: 3,
    });
  });

  it("is the end of attempts, and says so", () => {
    const { env, gateway, decision } = gatewayWith();
    gateway.start(decision);
    env.now = throws;
    const refused = { kind: "failure", stage: "connect", cause: "refused" } as const;
    const internal = { kind: "stop", reason: "internal" };
    expect(gateway.retry(decision, refused, { replayable: true })).toEqual(internal);
  });
});

it("a listener of changes whose promise is rejected is counted like one that throws", async () => {
  const gateway = createGateway(configWith({ name: "first", pick: () => 0 }), { env: testEnv() });
  gateway.onChange((() => Promise.reject(new Error("no"))) as never);
  gateway.update(configWith({ name: "first", pick: () => 0 }, ["http://a"]));
  await Promise.resolve();
  await Promise.resolve();
  expect(gateway.snapshot().listenerErrors).toBe(2);
});
