import { describe, expect, it } from "vitest";
import type { RouteConfig } from "./config/route-config.js";
import type { InstanceConfig, ServiceConfig } from "./config/service-config.js";
import type { ForwardDecision } from "./decision.js";
import { createGateway, type Gateway } from "./gateway.js";
import { testEnv } from "./testing/env.js";
import { request } from "./testing/request.js";

const app = (): string => "app";
const other = (): string => "other";
const routes: RouteConfig[] = [{ id: "all", to: { service: "shop", split: { old: 3, new: 1 } } }];
const both: InstanceConfig[] = [
  { handler: app, version: "old" },
  { url: "http://new", version: "new" },
];
const of = (instances: readonly InstanceConfig[], more: Omit<ServiceConfig, "instances"> = {}) => ({
  services: { shop: { instances, ...more } },
  routes,
});
const only = (...instances: InstanceConfig[]) => ({
  services: { shop: { instances } },
  routes: [{ id: "all", to: "shop" }],
});
const draws = (split: number[] = []) => ({
  env: testEnv({ draws: { split, balance: Array.from({ length: 40 }, () => 0) } }),
});
const next = (gateway: Gateway) => gateway.decide(request("GET /cart")) as ForwardDecision;
const ids = (gateway: Gateway) =>
  gateway
    .service("shop")
    .instances()
    .map(({ id }) => id);

describe("a decision", () => {
  it("carries the function, and splits as between places", () => {
    const gateway = createGateway(of(both), draws([0.74, 0.75]));
    expect(next(gateway)).toMatchObject({
      version: "old",
      instance: { id: "handler", url: "handler:handler", handler: app },
      request: { path: "/cart" },
    });
    const { instance } = next(gateway);
    expect(instance).toEqual({ id: "http://new", url: "http://new" });
  });

  it("is counted, and drains and ejects, by the id", async () => {
    const gateway = createGateway(
      of(both, { outlier: { consecutiveFailures: 1, maxEjectionRatio: 1 } }),
      draws([0, 0, 0]),
    );
    const decision = next(gateway);
    gateway.start(decision);
    expect(gateway.service("shop").instances()[0]).toMatchObject({ inFlight: 1 });
    const drained = gateway.service("shop").drain("handler");
    expect(gateway.service("shop").instances()[0]).toMatchObject({ health: "draining" });
    gateway.report(decision, { kind: "response", status: 503, totalMs: 1 });
    expect(await drained).toBe(true);
    gateway.service("shop").resume("handler");
    expect(gateway.service("shop").instances()[0]).toMatchObject({ health: "ejected" });
    const taken = JSON.parse(JSON.stringify(gateway.snapshot())) as ReturnType<Gateway["snapshot"]>;
    const later = createGateway(of(both), draws());
    later.restore(taken);
    expect(later.service("shop").instances()[0]).toMatchObject({ health: "ejected" });
    later.restore({});
    expect(later.service("shop").instances()[0]).toMatchObject({ health: "eligible" });
  });

  it("is never followed by another attempt at a function", () => {
    const env = draws([0, 0]);
    const gateway = createGateway(only({ handler: app }, { handler: other }), env);
    const decision = next(gateway);
    gateway.start(decision);
    const outcome = { kind: "failure", stage: "connect", cause: "refused" } as const;
    gateway.report(decision, outcome);
    expect(gateway.retry(decision, outcome, { replayable: true })).toEqual({
      kind: "stop",
      reason: "no-instance",
    });
  });
});

describe("the id of a function", () => {
  it("is numbered past those that are taken, and stays over updates that say the same", () => {
    const config = only(
      { handler: app },
      { handler: other, id: "handler (2)" },
      { handler: other },
      { handler: app, id: "mine" },
    );
    const gateway = createGateway(config, draws());
    expect(ids(gateway)).toEqual(["handler", "handler (2)", "handler (3)", "mine"]);
    gateway.start(next(gateway));
    gateway.update({ ...config, routes: [{ id: "more", to: "shop" }] });
    expect(ids(gateway)).toEqual(["handler", "handler (2)", "handler (3)", "mine"]);
    expect(gateway.service("shop").instances()[0]).toMatchObject({ inFlight: 1 });
  });

  it("keeps its state when another function takes its place, which is told", () => {
    const gateway = createGateway(only({ handler: app }), draws());
    gateway.start(next(gateway));
    const seen: string[] = [];
    gateway.onChange(({ kind, instance }) =>
      seen.push(`${kind} ${String(instance?.handler?.name)}`),
    );
    gateway.update(only({ handler: other }));
    expect(next(gateway).instance.handler).toBe(other);
    expect(gateway.service("shop").instances()[0]).toMatchObject({ inFlight: 1 });
    expect(seen).toEqual(["left app", "drained app", "joined other"]);
  });
});

describe("at run time", () => {
  it("a function that comes gets an id that is free, and one that is there keeps its own", () => {
    const gateway = createGateway(only({ handler: app }), draws());
    const shop = gateway.service("shop");
    expect(shop.add({ handler: other }).id).toBe("handler (2)");
    expect(shop.add({ handler: app, weight: 3 }).id).toBe("handler");
    expect(shop.instances().map(({ weight }) => weight)).toEqual([3, 1]);
  });

  it("a list is compared by the functions in it", () => {
    const gateway = createGateway(only({ handler: app }), draws());
    const shop = gateway.service("shop");
    const same = { added: [], removed: [], changed: [] };
    expect(shop.set([{ handler: app }])).toEqual(same);
    expect(shop.set([{ handler: other }])).toEqual({ ...same, changed: ["handler"] });
    expect(shop.set([{ handler: other }, { handler: app }])).toEqual({
      ...same,
      added: ["handler (2)"],
    });
    expect(shop.set(["http://a"])).toEqual({
      ...same,
      added: ["http://a"],
      removed: ["handler", "handler (2)"],
    });
  });

  it("a version stays of one kind", () => {
    const gateway = createGateway(of(both), draws());
    const shop = gateway.service("shop");
    const told =
      '/services/shop/instances: version "new" is both handlers and URLs: retries stay in a version, and what a function has begun cannot be sent again; give them versions of their own [HANDLER]';
    expect(() => shop.add({ handler: app, version: "new" })).toThrow(told);
    const listed = [...both, { handler: other, version: "new" }];
    expect(() => shop.set(listed)).toThrow('version "new" is both handlers and URLs');
    expect(ids(gateway)).toEqual(["handler", "http://new"]);
  });

  it("no copy goes to a function that has come since", () => {
    const services = { shop: { instances: [] }, main: { instances: ["http://main"] } };
    const mirrored: RouteConfig = { to: "main", mirror: [{ service: "shop", ratio: 1 }] };
    const env = testEnv({ draws: { balance: [0, 0], mirror: [0], "mirror-balance": [0, 0] } });
    const gateway = createGateway({ services, routes: [mirrored] }, { env });
    gateway.service("shop").add({ handler: app });
    expect(next(gateway).mirrors).toEqual([]);
  });
});

it("a function gets traffic at once where others wait for their first probe", () => {
  const gateway = createGateway(of([], { probe: {} }), draws([0, 0]));
  const shop = gateway.service("shop");
  shop.set(both);
  expect(shop.instances().map(({ health }) => health)).toEqual(["eligible", "waiting"]);
  expect(shop.reportProbe("handler", false)).toBe(false);
  gateway.update(of(both));
  gateway.update(of(both, { probe: {} }));
  expect(shop.reportProbe("handler", false)).toBe(false);
  expect(shop.instances().map(({ health }) => health)).toEqual(["eligible", "eligible"]);
});
