import { describe, expect, it } from "vitest";
import { cookieValue } from "./affinity/cookie-value.js";
import type { GatewayConfig } from "./config/config.js";
import type { ServiceConfig } from "./config/service-config.js";
import type { Decision } from "./decision.js";
import { createGateway, type Gateway } from "./gateway.js";
import type { Outcome } from "./outcome.js";
import { testEnv } from "./testing/env.js";
import { request } from "./testing/request.js";

const refused: Outcome = { kind: "failure", stage: "connect", cause: "refused" };
const well: Outcome = { kind: "response", status: 200, totalMs: 3 };
const IDS = ["a", "b", "c", "d"];
const NARROW: readonly [string, Partial<ServiceConfig>][] = [
  ["refuses while nobody is eligible", { whenNoneEligible: "reject" }],
  ["keeps to a subset", { subset: { client: "g", size: 4 } }],
];

const configOf = (service: Partial<ServiceConfig>): GatewayConfig => ({
  services: {
    s: {
      instances: IDS.map((id) => ({ id, url: `http://${id}`, version: "v1" })),
      ...{ balancer: "round-robin", affinity: { cookie: {} }, ...service },
    },
    other: { instances: ["http://x"] },
  },
  routes: [
    { match: { path: "/copied" }, to: "other", mirror: [{ service: "s", version: "v1" }] },
    { match: { path: "/v1" }, to: { service: "s", version: "v1" } },
    { match: { path: "/*" }, to: "s" },
  ],
});

/** The attempts of one instance fail, those of all others are well. */
function settle(gateway: Gateway, decision: Decision, bad: string): void {
  if (decision.kind !== "forward") throw new Error(decision.kind);
  for (const each of [decision, ...decision.mirrors]) {
    gateway.start(each);
    gateway.report(each, each.instance.id === bad ? refused : well);
  }
}

describe.each(NARROW)("where a service %s", (_, service) => {
  const started = (): { readonly gateway: Gateway; readonly ejected: () => string[] } => {
    const gateway: Gateway = createGateway(configOf(service), { env: testEnv() });
    const ejected = (): string[] => {
      const list = gateway.service("s").instances();
      return list.filter(({ health }) => health === "ejected").map(({ id }) => id);
    };
    return { gateway, ejected };
  };

  it.each(["/", "/v1"])("clients that all came with pins are requests at %s", (path) => {
    const { gateway, ejected } = started();
    for (let round = 0; round < 5; round++)
      for (const id of IDS) {
        const headers = { cookie: `affinity-s=${cookieValue("s", id)}` };
        if (!ejected().includes(id))
          settle(gateway, gateway.decide(request(`GET ${path}`, { headers })), "b");
      }
    expect(ejected()).toEqual(["b"]);
  });

  it("a pool that gets copies alone is asked too", () => {
    const { gateway, ejected } = started();
    for (let round = 0; round < 20; round++)
      settle(gateway, gateway.decide(request("GET /copied")), "b");
    expect(ejected()).toEqual(["b"]);
  });

  it("the last instance of a version that pinned clients alone use is not ejected", () => {
    const { gateway, ejected } = started();
    gateway
      .service("s")
      .set(IDS.map((id) => ({ id, url: `http://${id}`, version: id === "a" ? "v1" : "v2" })));
    for (let round = 0; round < 20; round++) {
      settle(gateway, gateway.decide(request("GET /")), "a");
      const headers = { cookie: `affinity-s=${cookieValue("s", "a")}` };
      settle(gateway, gateway.decide(request("GET /v1", { headers })), "a");
    }
    expect(ejected()).toEqual([]);
  });

  it("a restored snapshot tells who was asked", () => {
    const { gateway } = started();
    const headers = { cookie: `affinity-s=${cookieValue("s", "b")}` };
    settle(gateway, gateway.decide(request("GET /v1", { headers })), "a");
    const { s: before } = gateway.snapshot().services;
    expect(before?.pinnedCursors).toEqual({ "": 0, v1: 1 });
    expect(before?.cursors).toEqual({ "": 0, v1: 0 });
    gateway.restore(gateway.snapshot());
    expect(gateway.snapshot().services.s).toEqual(before);
  });
});
