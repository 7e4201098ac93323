import { describe, expect, it } from "vitest";
import { createGateway, type ForwardDecision, type GatewayConfig } from "../index.js";
import { hedgeRefusalOf } from "./hedge.js";
import { DEFAULT_RETRY } from "./retry.js";
import { testEnv } from "../testing/env.js";

const hedged = { hedge: { delayMs: 10, attempts: 1 }, attempt: 1, request: { method: "GET" } };

describe("a hedge is refused", () => {
  it.each([
    ["switched-off", { ...hedged, hedge: undefined }, { replayable: true }],
    ["attempts", { ...hedged, attempt: 2 }, { replayable: true }],
    ["method", { ...hedged, request: { method: "POST" } }, { replayable: true }],
    ["body", hedged, { replayable: false }],
    ["time", hedged, { replayable: true, remainingMs: 0 }],
    [undefined, hedged, { replayable: true, remainingMs: 1 }],
  ])("by %s", (reason, decision, facts) => {
    expect(hedgeRefusalOf(decision, DEFAULT_RETRY, facts)).toBe(reason);
  });
});

const config = (instances: readonly string[], hedge: object = { delayMs: 10 }): GatewayConfig =>
  ({
    services: { s: { instances, balancer: "round-robin" } },
    routes: [{ match: { path: "/*" }, to: "s", hedge }],
  }) as GatewayConfig;

const gatewayOf = (given: GatewayConfig) => createGateway(given, { env: testEnv() });
const first = (gateway: ReturnType<typeof gatewayOf>) =>
  gateway.decide({ method: "GET", url: "/x" }) as ForwardDecision;

describe("a gateway", () => {
  it("gives a second attempt at another instance, and changes nothing", () => {
    const gateway = gatewayOf(config(["http://a", "http://b"]));
    const decision = first(gateway);
    gateway.start(decision);
    const before = gateway.snapshot();
    const next = gateway.hedge(decision, { replayable: true });
    expect(next).toMatchObject({
      kind: "retry",
      delayMs: 0,
      decision: {
        attempt: 2,
        instance: { id: "http://b" },
        tried: ["http://a"],
        version: undefined,
      },
    });
    expect(gateway.snapshot()).toEqual(before);
  });

  it("gives as many as the route says, each somewhere else, and none where none is left", () => {
    const gateway = gatewayOf(
      config(["http://a", "http://b", "http://c"], { delayMs: 1, attempts: 3 }),
    );
    const seen: string[] = [];
    let decision = first(gateway);
    for (;;) {
      gateway.start(decision);
      seen.push(decision.instance.id);
      const next = gateway.hedge(decision, { replayable: true });
      if (next.kind === "stop") {
        expect(next.reason).toBe("no-instance");
        break;
      }
      ({ decision } = next);
    }
    expect(seen.toSorted()).toEqual(["http://a", "http://b", "http://c"]);
  });

  it("counts hedges in the budget of retries", () => {
    const gateway = gatewayOf(config(["http://a", "http://b"]));
    for (let i = 0; i < 200; i++) {
      const decision = first(gateway);
      gateway.start(decision);
      const next = gateway.hedge(decision, { replayable: true });
      if (next.kind === "stop") {
        expect(next.reason).toBe("budget");
        expect(i).toBeGreaterThanOrEqual(100);
        return;
      }
      gateway.start(next.decision);
    }
    throw new Error("the budget was never used up");
  });

  it("says no where the route does not hedge, and to a copy of a decision", () => {
    const plain = createGateway([{ to: "http://a" }], { env: testEnv() });
    const decision = first(plain);
    expect(plain.hedge(decision, { replayable: true })).toEqual({
      kind: "stop",
      reason: "switched-off",
    });
    expect(() => plain.hedge({ ...decision }, { replayable: true })).toThrow(
      "gateway.hedge: expected a decision",
    );
  });
});
