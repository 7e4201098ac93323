import { describe, expect, it } from "vitest";
import type { GatewayConfig } from "./config/config.js";
import type { InstanceConfig, ServiceConfig } from "./config/service-config.js";
import { createGateway, type Gateway } from "./gateway.js";
import type { ControlHost } from "./live-service.js";
import type { PoolState } from "./state.js";
import { testEnv } from "./testing/env.js";
import { request } from "./testing/request.js";

/** Instances whose descriptions differ from those of another list in what is given. */
const listed = (count: number, more: (index: number) => object = () => ({})) =>
  Array.from({ length: count }, (_, index) => ({
    id: `i${index}`,
    url: `http://i${index}`,
    version: "v1",
    ...more(index),
  })) as InstanceConfig[];

const configOf = (
  instances: readonly InstanceConfig[],
  service: Partial<ServiceConfig> = {},
): GatewayConfig => ({
  services: { s: { instances, balancer: "round-robin", ...service } },
  routes: [
    { match: { path: "/v1" }, to: { service: "s", version: "v1" } },
    { match: { path: "/v2" }, to: { service: "s", version: "v2" } },
    { to: "s" },
  ],
});

function started(instances: readonly InstanceConfig[]) {
  const gateway: Gateway = createGateway(configOf(instances), { env: testEnv() });
  const begin = (line = "GET /") => {
    const decision = gateway.decide(request(line));
    if (decision.kind !== "forward") throw new Error(decision.kind);
    gateway.start(decision);
    return decision;
  };
  const told: string[] = [];
  gateway.onChange(({ kind, instance }) => void told.push(`${kind} ${instance?.id}`));
  return { gateway, service: gateway.service("s"), begin, told };
}

/** How often members of pools are looked at while something is done. */
function looksAt(gateway: Gateway, act: () => void): number {
  let looks = 0;
  const { pools } = (gateway as Gateway & ControlHost).stateOf("s") ?? { pools: new Map() };
  for (const pool of pools.values() as Iterable<PoolState>) {
    const members = new Proxy(pool.members, {
      get: (list, key) => {
        looks++;
        return Reflect.get(list, key) as unknown;
      },
    });
    Object.assign(pool, { members });
  }
  act();
  return looks;
}

describe("a list that is set", () => {
  const HALF = (index: number) => ({ version: index % 2 === 0 ? "v1" : "v2" });
  const changes: [string, (index: number) => object][] = [
    ["the version of all", () => ({ version: "v2" })],
    ["the version of every second", HALF],
    ["versions to as many as there are instances", (index) => ({ version: `own${index}` })],
    ["weights, zones and tiers", (index) => ({ weight: 2 + index, zone: "z", tier: 1 })],
    ["all URLs", (index) => ({ url: `http://other${index}` })],
    ["all ids", (index) => ({ id: `other${index}` })],
  ];

  it.each(changes)("costs in step with its length where it changes %s", (_, change) => {
    const [few, many] = [100, 400].map((count) => {
      const { gateway, service } = started(listed(count));
      return looksAt(gateway, () => service.set(listed(count, change)));
    }) as [number, number];
    expect(many).toBeLessThanOrEqual(4 * few);
  });

  it("leaves instances of another version where they stand, with what is under way", () => {
    const { service, begin, told } = started(listed(3));
    const pick = () => begin("GET /v2").instance.id;
    begin();
    begin();
    expect(service.set(listed(3, HALF))).toEqual({ added: [], removed: [], changed: ["i1"] });
    expect(service.instances().map(({ id, version, inFlight }) => [id, version, inFlight])).toEqual(
      [
        ["i0", "v1", 1],
        ["i1", "v2", 1],
        ["i2", "v1", 0],
      ],
    );
    expect([pick(), pick()]).toEqual(["i1", "i1"]);
    expect(begin("GET /v1").instance.id).not.toBe("i1");
    expect(told).toEqual([]);
  });

  it("has its own order: who is first in it is the primary one, of all and of a version", () => {
    const { gateway, service, begin, told } = started(listed(3));
    gateway.update(configOf(listed(3), { balancer: "first-eligible" }));
    const firsts = () => ["GET /", "GET /v1"].map((line) => begin(line).instance.id);
    const order = () => service.instances().map(({ id }) => id);
    service.set(listed(3));
    expect(firsts()).toEqual(["i0", "i0"]);
    expect(service.set(listed(3).toReversed())).toEqual({ added: [], removed: [], changed: [] });
    expect([order(), firsts()]).toEqual([
      ["i2", "i1", "i0"],
      ["i2", "i2"],
    ]);
    service.set(listed(4).toReversed());
    expect([order(), firsts()]).toEqual([
      ["i3", "i2", "i1", "i0"],
      ["i3", "i3"],
    ]);
    service.set(listed(4, () => ({ version: "v2" })));
    service.set(listed(4, (index) => ({ version: index < 3 ? "v2" : "v1" })));
    service.set(listed(4));
    expect([order(), firsts()]).toEqual([
      ["i0", "i1", "i2", "i3"],
      ["i0", "i0"],
    ]);
    expect(told).toEqual(["joined i3"]);
  });

  it("in another order is nothing new to a balancer that goes by keys", () => {
    const { gateway, service, begin } = started(listed(3));
    let prepared = 0;
    const pick = () => 0;
    const prepare = () => prepared++;
    const balancer = { name: "own", usesKey: true, pick, prepare };
    gateway.update(configOf(listed(3), { balancer }));
    service.set(listed(3));
    begin();
    const before = prepared;
    service.set(listed(3).toReversed());
    begin();
    expect(prepared).toBe(before);
  });

  it("has changed as a whole when its changes are told", () => {
    const { gateway, service } = started(listed(2));
    const seen: string[][] = [];
    gateway.onChange(() => void seen.push(service.instances().map(({ id }) => id)));
    service.set(listed(4).slice(1));
    expect(seen).toEqual(Array.from({ length: 4 }, () => ["i1", "i2", "i3"]));
  });

  it("may have metadata that no JSON can hold", () => {
    const metadata: { self?: unknown } = {};
    metadata.self = metadata;
    const { service } = started(listed(1));
    const list = [{ url: "http://a", metadata }];
    expect(service.set(list)).toMatchObject({ added: ["http://a"] });
    expect(service.set(list)).toEqual({ added: [], removed: [], changed: [] });
  });

  it("asks no probes of an instance that has become a function, which gets traffic at once", () => {
    const { gateway, service } = started(listed(1));
    gateway.update(configOf(listed(2), { probe: {} }));
    const health = () => service.instances().map((instance) => instance.health);
    service.add({ id: "i1", url: "http://i1", weight: 2 });
    expect(health()).toEqual(["eligible", "waiting"]);
    service.set([{ id: "i1", handler: () => "hello" }]);
    expect(health()).toEqual(["eligible"]);
  });
});
