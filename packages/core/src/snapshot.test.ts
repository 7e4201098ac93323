import { describe, expect, it } from "vitest";
import type { ConfigInput } from "./config/config.js";
import type { ForwardDecision } from "./decision.js";
import { createGateway } from "./gateway.js";
import type { PartialSnapshot } from "./snapshot.js";
import { testEnv } from "./testing/env.js";
import { request } from "./testing/request.js";

const config: ConfigInput = {
  services: {
    users: {
      instances: [
        { url: "http://a", version: "v1" },
        { url: "http://b", version: "v2" },
        { url: "http://c", version: "v2" },
      ],
      balancer: "round-robin",
      outlier: { returnMs: 0 },
    },
  },
  routes: [{ match: { path: "/v2/*" }, to: { service: "users", version: "v2" } }, { to: "users" }],
};
const FRESH = {
  inFlight: 0,
  consecutiveFailures: 0,
  consecutiveConnectFailures: 0,
  failureShare: 0,
  ejectedForMs: 0,
  ejectionFactor: 0,
  returnedMsAgo: 0,
  joinedMsAgo: null,
  resumedMsAgo: null,
  drainForMs: null,
  probe: { status: "unprobed", contrary: 0 },
  latencyMs: 0,
  latencyMsAgo: 0,
  counts: { answers: 0, gatewayFailures: 0, serverErrors: 0, latencies: 0, latencyLogSum: 0 },
};
const NONE = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

const gatewayOf = (now = 1_000) => {
  const env = testEnv({ now });
  return { env, gateway: createGateway(config, { env }) };
};
const restored = (partial: PartialSnapshot, now?: number) => {
  const { env, gateway } = gatewayOf(now);
  const unknown = gateway.restore(partial);
  return { env, gateway, unknown };
};

describe("a snapshot", () => {
  it("of a new gateway is all there is, at nothing", () => {
    expect(gatewayOf().gateway.snapshot()).toEqual({
      services: {
        users: {
          instances: { "http://a": FRESH, "http://b": FRESH, "http://c": FRESH },
          cursors: { "": 0, v1: 0, v2: 0 },
          pinnedCursors: { "": 0, v1: 0, v2: 0 },
          laterCursors: { "": 0, v1: 0, v2: 0 },
          copyCursors: { "": 0, v1: 0, v2: 0 },
          requests: NONE,
          retries: NONE,
          intervalMsAgo: 0,
          breaker: { phase: "closed", openForMs: 0, openings: 0 },
          adaptiveLimit: null,
        },
      },
      ignoredReports: 0,
      listenerErrors: 0,
      envErrors: 0,
    });
  });

  it("tells times as what remains, and what has passed", () => {
    const { env, gateway } = gatewayOf();
    gateway.restore({ services: { users: { instances: { "http://a": { ejectedForMs: 900 } } } } });
    const instance = () => gateway.snapshot().services["users"]?.instances["http://a"];
    env.advance(400);
    expect(instance()).toEqual({ ...FRESH, ejectedForMs: 500, ejectionFactor: 1 });
    env.advance(1_500);
    expect(instance()).toEqual({ ...FRESH, ejectionFactor: 1, returnedMsAgo: 1_000 });
  });

  it("counts the requests of the last ten seconds, the running one first", () => {
    const { env, gateway } = gatewayOf(50_000);
    const send = () => gateway.start(gateway.decide(request("GET /")));
    send();
    env.advance(3_000);
    send();
    send();
    const requests = () => gateway.snapshot().services["users"]?.requests;
    expect(requests()).toEqual([2, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
    env.advance(7_000);
    expect(requests()).toEqual([0, 0, 0, 0, 0, 0, 0, 2, 0, 0]);
    env.advance(3_000);
    expect(requests()).toEqual(NONE);
  });

  it("is plain JSON", () => {
    const snapshot = gatewayOf().gateway.snapshot();
    expect(JSON.parse(JSON.stringify(snapshot))).toEqual(snapshot);
  });

  it("may name a service __proto__ only where the configuration could", () => {
    const { unknown } = restored(
      JSON.parse('{"services":{"__proto__":{"instances":{}}}}') as PartialSnapshot,
    );
    expect(unknown).toEqual(["/services/__proto__"]);
  });
});

describe("restoring", () => {
  const full = () => {
    const { env, gateway } = gatewayOf(77_700);
    const decisions = Array.from({ length: 7 }, (_, i) => {
      const decision = gateway.decide(
        request(i % 2 === 0 ? "GET /" : "GET /v2/x"),
      ) as ForwardDecision;
      gateway.start(decision);
      return decision;
    });
    for (let i = 0; i < 5; i++) {
      const decision = gateway.decide(request("GET /v2/x")) as ForwardDecision;
      gateway.start(decision);
      gateway.report(decision, { kind: "response", status: i < 4 ? 503 : 200, totalMs: 1 });
    }
    const retry = gateway.retry(
      decisions[0] as ForwardDecision,
      { kind: "failure", stage: "connect", cause: "refused" },
      { replayable: true },
    );
    if (retry.kind === "retry") gateway.start(retry.decision);
    env.advance(2_500);
    gateway.start(gateway.decide(request("GET /")));
    return gateway.snapshot();
  };

  it("starts from what a snapshot told, whatever the clock shows now", () => {
    const snapshot = full();
    for (const now of [100_000, 123_456, 9_999_999]) {
      const { gateway, unknown } = restored(snapshot, now);
      expect(gateway.snapshot()).toEqual(snapshot);
      expect(unknown).toEqual([]);
    }
  });

  it("brings an ejection and its growth back to the millisecond", () => {
    const state = { ejectionFactor: 3, ejectedForMs: 500 };
    const snapshot = { services: { users: { instances: { "http://a": state } } } };
    const { env, gateway } = restored(snapshot);
    const served = () => (gateway.decide(request("GET /")) as ForwardDecision).instance.id;
    expect(served()).not.toBe("http://a");
    env.advance(500);
    expect(served()).toBe("http://a");
  });

  it("brings back how long ago an ejection ended, even to when the clock showed 0", () => {
    for (const returnedMsAgo of [0, 1, 1_000, 1_000_000]) {
      const state = { ejectionFactor: 3, returnedMsAgo };
      const { gateway } = restored({ services: { users: { instances: { "http://a": state } } } });
      expect(gateway.snapshot().services["users"]?.instances["http://a"]).toEqual({
        ...FRESH,
        ...state,
      });
    }
  });

  it("starts as new what is left out", () => {
    const { gateway } = restored(full());
    gateway.restore({ services: { users: { instances: { "http://a": { inFlight: 2 } } } } });
    expect(gateway.snapshot().services["users"]).toEqual({
      instances: { "http://a": { ...FRESH, inFlight: 2 }, "http://b": FRESH, "http://c": FRESH },
      cursors: { "": 0, v1: 0, v2: 0 },
      pinnedCursors: { "": 0, v1: 0, v2: 0 },
      laterCursors: { "": 0, v1: 0, v2: 0 },
      copyCursors: { "": 0, v1: 0, v2: 0 },
      requests: NONE,
      retries: NONE,
      intervalMsAgo: 0,
      breaker: { phase: "closed", openForMs: 0, openings: 0 },
      adaptiveLimit: null,
    });
    gateway.restore({});
    expect(gateway.snapshot()).toEqual(gatewayOf().gateway.snapshot());
  });

  it("answers pointers to what the configuration does not have, and restores the rest", () => {
    const { gateway, unknown } = restored({
      services: {
        "a/b~c": { instances: {} },
        users: {
          instances: { "http://z": { inFlight: 1 }, "http://a": { inFlight: 1 } },
          cursors: { v9: 1, v1: 5 },
        },
      },
    });
    expect(unknown).toEqual([
      "/services/a~1b~0c",
      "/services/users/instances/http:~1~1z",
      "/services/users/cursors/v9",
    ]);
    expect(gateway.snapshot().services["users"]).toMatchObject({
      instances: { "http://a": { inFlight: 1 } },
      cursors: { v1: 5 },
    });
  });

  it.each<readonly [users: NonNullable<PartialSnapshot["services"]>[string], message: string]>([
    [
      { instances: { "http://a": { inFlight: -1 } } },
      "/services/users/instances/http:~1~1a/inFlight: expected a whole number >= 0, got -1",
    ],
    [
      { instances: { "http://a": { ejectedForMs: NaN } } },
      "/services/users/instances/http:~1~1a/ejectedForMs: expected a finite number >= 0, got NaN",
    ],
    [{ cursors: { v1: 0.5 } }, "/services/users/cursors/v1: expected a whole number >= 0, got 0.5"],
    [
      { requests: [1, Infinity] },
      "/services/users/requests/1: expected a whole number >= 0, got Infinity",
    ],
  ])("refuses %j, and changes nothing", (users, message) => {
    const { gateway } = restored(full(), 100_000);
    const before = gateway.snapshot();
    expect(() => gateway.restore({ services: { users } })).toThrow(new RangeError(message));
    expect(gateway.snapshot()).toEqual(before);
  });

  it("ignores the report of an attempt that was started before, as it does the place it took", () => {
    const { gateway } = gatewayOf();
    const decision = gateway.decide(request("GET /"));
    gateway.start(decision);
    gateway.restore({});
    gateway.report(decision, { kind: "response", status: 200, totalMs: 1 });
    expect(gateway.snapshot().services["users"]?.instances["http://a"]).toEqual(FRESH);
  });
});
