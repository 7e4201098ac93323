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
