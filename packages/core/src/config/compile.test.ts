import { describe, expect, it } from "vitest";
import type { Balancer } from "../balance/balancer.js";
import type { ForwardDecision } from "../decision.js";
import { createGateway } from "../gateway.js";
import { testEnv } from "../testing/env.js";
import { request } from "../testing/request.js";
import type { GatewayConfig } from "./config.js";
import type { RouteConfig } from "./route-config.js";
import type { ServiceConfig } from "./service-config.js";

const forwarded = (
  route: RouteConfig,
  service: Partial<ServiceConfig> = {},
  more: Partial<GatewayConfig> = {},
) =>
  createGateway(
    {
      services: { a: { instances: ["http://a", "http://b", "http://c"], ...service } },
      routes: [{ to: "a", ...route }],
      ...more,
    },
    { env: testEnv({ draws: { balance: [0.5] } }) },
  ).decide(request("GET /")) as ForwardDecision;

describe("timeouts", () => {
  it("are off but for a minute of silence, unless given by the route or the defaults", () => {
    expect(forwarded({}).timeouts).toEqual({
      requestMs: 0,
      attemptMs: 0,
      headMs: 0,
      idleMs: 60_000,
    });
    const timeouts = { requestMs: 5, idleMs: 0 };
    expect(
      forwarded({ timeouts: { requestMs: 9 } }, {}, { defaults: { timeouts } }).timeouts,
    ).toEqual({
      requestMs: 9,
      attemptMs: 0,
      headMs: 0,
      idleMs: 0,
    });
  });
});

it("takes the default for a field that is undefined", () => {
  const undefinedIn = (field: string): object => ({ [field]: undefined });
  const gateway = createGateway({
    services: {
      a: {
        instances: ["http://a", "http://b"],
        outlier: undefinedIn("consecutiveFailures"),
        connect: undefinedIn("queue"),
      },
    },
    routes: [{ to: "a", timeouts: undefinedIn("idleMs") }],
  });
  const decision = gateway.decide(request("GET /")) as ForwardDecision;
  expect(decision.timeouts.idleMs).toBe(60_000);
  gateway.start(decision);
  gateway.report(decision, { kind: "failure", stage: "head", cause: "reset" });
  expect(gateway.snapshot().services["a"]?.instances[decision.instance.id]).toMatchObject({
    ejectedForMs: 0,
  });
  expect(gateway.connectOf("a")).toMatchObject({ queue: 1_024 });
});

describe("a balancer", () => {
  const last: Balancer = { name: "last", pick: ({ candidates }) => candidates.length - 1 };

  it("is named, or a value of one's own, of the service or of the defaults", () => {
    expect(forwarded({}, { balancer: "random" }).instance.id).toBe("http://b");
    expect(forwarded({}, { balancer: "round-robin" }).instance.id).toBe("http://a");
    expect(forwarded({}, { balancer: last }).instance.id).toBe("http://c");
    expect(forwarded({}, {}, { defaults: { balancer: last } }).instance.id).toBe("http://c");
    expect(
      forwarded({}, { balancer: "round-robin" }, { defaults: { balancer: last } }).instance.id,
    ).toBe("http://a");
  });

  it("sees candidates, draws, the time and its cursor", () => {
    const seen: unknown[] = [];
    const spy: Balancer = {
      name: "spy",
      pick: ({ candidates, draw, now, cursor }) => {
        seen.push(candidates.map(({ id, weight, inFlight }) => [id, weight, inFlight]));
        seen.push(draw(), now, cursor);
        return 0;
      },
    };
    forwarded({}, { balancer: spy, instances: [{ url: "http://a", weight: 2 }] });
    expect(seen).toEqual([[["http://a", 2, 0]], 0.5, 1_000, 0]);
  });
});

it("changes nothing of the configuration that it is given, and lives without it", () => {
  const config = {
    services: { a: { instances: [{ url: "http://a", id: "one" }] } },
    routes: [{ id: "r", match: { path: "/a" }, to: "a", requestHeaders: { set: { A: "1" } } }],
  };
  const before = JSON.stringify(config);
  const gateway = createGateway(config);
  const decision = gateway.decide(request("GET /a"));
  expect(JSON.stringify(config)).toBe(before);
  (config.routes[0] as { match: { path: string } }).match.path = "/b";
  (config.routes[0] as { requestHeaders: { set: { A: string } } }).requestHeaders.set.A = "2";
  expect(gateway.decide(request("GET /a"))).toEqual(decision);
});
