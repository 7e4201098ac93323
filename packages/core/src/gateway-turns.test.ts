import { describe, expect, it } from "vitest";
import type { GatewayConfig } from "./config/config.js";
import type { ForwardDecision } from "./decision.js";
import { createGateway, type Gateway } from "./gateway.js";
import type { Outcome } from "./outcome.js";
import { testEnv } from "./testing/env.js";
import { request } from "./testing/request.js";

const whole: Outcome = { kind: "response", status: 200, totalMs: 1 };
const refused: Outcome = { kind: "failure", stage: "connect", cause: "refused" };

function started(urls: readonly string[], route: Partial<GatewayConfig["routes"][number]> = {}) {
  const config: GatewayConfig = {
    services: {
      s: { instances: urls, balancer: "round-robin", outlier: false, retryBudget: false },
      t: { instances: ["http://x", "http://y"], balancer: "round-robin" },
    },
    routes: [
      { match: { path: "/t" }, to: "t" },
      { to: "s", ...route },
    ],
  };
  const gateway: Gateway = createGateway(config as never, { env: testEnv() });
  const begin = (path = "/"): ForwardDecision => {
    const decision = gateway.decide(request(`GET ${path}`));
    if (decision.kind !== "forward") throw new Error(decision.kind);
    gateway.start(decision);
    return decision;
  };
  return { gateway, begin };
}

function tally(ids: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const id of ids) counts[id] = (counts[id] ?? 0) + 1;
  return counts;
}

describe("round-robin is even for requests", () => {
  it("beside copies to the same service, which take turns of their own", () => {
    const { gateway, begin } = started(["http://a", "http://b"], { mirror: [{ service: "s" }] });
    const decisions = Array.from({ length: 100 }, () => {
      const decision = begin();
      for (const copy of decision.mirrors) gateway.start(copy);
      return decision;
    });
    const even = { "http://a": 50, "http://b": 50 };
    expect(tally(decisions.map(({ instance }) => instance.id))).toEqual(even);
    expect(
      tally(decisions.flatMap(({ mirrors }) => mirrors.map(({ instance }) => instance.id))),
    ).toEqual(even);
  });

  it("beside copies of the requests of another", () => {
    const { gateway, begin } = started(["http://a"], { mirror: [{ service: "t" }] });
    const ids = Array.from({ length: 100 }, () => {
      for (const copy of begin().mirrors) gateway.start(copy);
      return begin("/t").instance.id;
    });
    expect(tally(ids)).toEqual({ "http://x": 50, "http://y": 50 });
  });

  it("where one instance refuses all, and retries take its share", () => {
    const { gateway, begin } = started(["http://a", "http://b", "http://c"]);
    const ids = Array.from({ length: 300 }, () => {
      let decision = begin();
      if (decision.instance.id === "http://a") {
        gateway.report(decision, refused);
        const next = gateway.retry(decision, refused, { replayable: true });
        if (next.kind !== "retry") throw new Error(next.reason);
        ({ decision } = next);
        gateway.start(decision);
      }
      gateway.report(decision, whole);
      return decision.instance.id;
    });
    expect(tally(ids)).toEqual({ "http://b": 150, "http://c": 150 });
  });

  it("where every request is hedged", () => {
    const { gateway, begin } = started(["http://a", "http://b"], { hedge: { delayMs: 5 } });
    const ids = Array.from({ length: 100 }, () => {
      const decision = begin();
      const next = gateway.hedge(decision, { replayable: true });
      if (next.kind !== "retry") throw new Error(next.reason);
      gateway.start(next.decision);
      return decision.instance.id;
    });
    expect(tally(ids)).toEqual({ "http://a": 50, "http://b": 50 });
  });
});

it("turns of all kinds come back with a snapshot, and stay over an update", () => {
  const { gateway, begin } = started(["http://a", "http://b"], { mirror: [{ service: "s" }] });
  const decision = begin();
  for (const copy of decision.mirrors) gateway.start(copy);
  gateway.report(decision, refused);
  const next = gateway.retry(decision, refused, { replayable: true });
  if (next.kind !== "retry") throw new Error(next.reason);
  gateway.start(next.decision);
  const { services } = gateway.snapshot();
  const turns = { cursors: { "": 1 }, laterCursors: { "": 1 }, copyCursors: { "": 1 } };
  expect(services["s"]).toMatchObject(turns);
  gateway.restore({});
  expect(gateway.restore({ services: { s: turns } })).toEqual([]);
  expect(gateway.snapshot().services["s"]).toMatchObject(turns);
  expect(gateway.restore({ services: { s: { copyCursors: { v9: 1 } } } })).toEqual([
    "/services/s/copyCursors/v9",
  ]);
});
