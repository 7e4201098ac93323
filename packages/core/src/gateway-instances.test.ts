import { describe, expect, it } from "vitest";
import type { Balancer } from "./balance/balancer.js";
import type { BalancerName } from "./config/balancer-config.js";
import type { GatewayConfig } from "./config/config.js";
import type { ServiceConfig } from "./config/service-config.js";
import { createGateway, type Gateway } from "./gateway.js";
import { testEnv } from "./testing/env.js";
import { request } from "./testing/request.js";

const NEVER = Number.POSITIVE_INFINITY;

const configOf = (service: Partial<ServiceConfig> = {}): GatewayConfig => ({
  services: {
    s: {
      instances: ["a", "b", "c"].map((id) => ({ id, url: `http://${id}` })),
      balancer: "round-robin",
      ...service,
    },
  },
  routes: [{ match: { path: "/v9" }, to: { service: "s", version: "v9" } }, { to: "s" }],
});

function started(service: Partial<ServiceConfig> = {}) {
  const env = testEnv();
  const gateway: Gateway = createGateway(configOf(service), { env });
  const told: string[] = [];
  gateway.onChange(({ kind, instance }) => void told.push(`${kind} ${instance?.id}`));
  const begin = (line = "GET /") => {
    const decision = gateway.decide(request(line));
    if (decision.kind !== "forward") throw new Error(decision.kind);
    gateway.start(decision);
    const end = () => gateway.report(decision, { kind: "response", status: 200, totalMs: 1 });
    return { id: decision.instance.id, end };
  };
  return { env, gateway, told, begin, service: gateway.service("s") };
}

describe("a drain whose requests outlast its deadline", () => {
  it("is told with the last of them, and nothing is due until then", async () => {
    const { env, gateway, told, begin, service } = started();
    const requests = [begin(), begin(), begin(), begin()].filter(({ id }) => id === "a");
    const drained = service.drain("a", { deadlineMs: 1_000 });
    expect(gateway.tick()).toBe(1_000);
    env.advance(1_000);
    expect(gateway.tick()).toBe(NEVER);
    env.advance(3_600_000);
    begin();
    expect(gateway.tick()).toBe(NEVER);
    requests[0]?.end();
    expect(told).toEqual(["draining a"]);
    requests[1]?.end();
    expect(told).toEqual(["draining a", "drained a"]);
    expect(await drained).toBe(true);
  });

  it("hides no later deadline, before an update and behind it", () => {
    const { env, gateway, told, begin, service } = started();
    begin();
    for (const [id, deadlineMs] of [
      ["a", 100],
      ["b", 1_000],
      ["c", 2_000],
    ] as const)
      void service.drain(id, { deadlineMs });
    env.advance(100);
    expect(gateway.tick()).toBe(900);
    gateway.update(configOf({ slowStartMs: 1 }));
    env.advance(900);
    expect(gateway.tick()).toBe(1_000);
    env.advance(1_000);
    expect(gateway.tick()).toBe(NEVER);
    expect(told.filter((event) => event.startsWith("drained"))).toEqual(["drained b", "drained c"]);
  });

  it("leaves nothing due where there is no deadline", () => {
    const { gateway, told, begin, service } = started();
    const { end } = begin();
    void service.drain("a");
    expect(gateway.tick()).toBe(NEVER);
    void service.drain("b", { deadlineMs: 50 });
    expect(gateway.tick()).toBe(50);
    end();
    expect(told).toEqual(["draining a", "draining b", "drained a"]);
  });

  it("goes on over an update, also one with another list that has the instance still", async () => {
    const { gateway, told, begin, service } = started();
    const { end } = begin();
    const drained = service.drain("a");
    gateway.update(configOf({ instances: [{ id: "a", url: "http://a", weight: 2 }, "http://d"] }));
    expect(service.instances().map(({ health }) => health)).toEqual(["draining", "eligible"]);
    expect(gateway.tick()).toBe(NEVER);
    end();
    expect(await drained).toBe(true);
    expect(told.filter((event) => event.endsWith(" a"))).toEqual(["draining a", "drained a"]);
  });
});

describe("requests under way", () => {
  it("are counted by pools whatever happens to their instances", () => {
    const seen: (number | undefined)[] = [];
    const pick: Balancer["pick"] = ({ inFlight }) => seen.push(inFlight) && 0;
    const { gateway, begin, service } = started({ balancer: { name: "own", pick } });
    const [first, second] = [begin(), begin()];
    gateway.update(configOf({ balancer: { name: "own", pick }, slowStartMs: 1 }));
    service.add({ id: "a", url: "http://a", version: "v9" });
    begin("GET /v9").end();
    service.add({ id: "a", url: "http://a" });
    begin().end();
    service.remove("a");
    begin().end();
    first.end();
    second.end();
    begin().end();
    expect(seen).toEqual([0, 1, 2, 2, 0, 0]);
  });

  it("count for the limit of the service until they end, also at an instance that has left", () => {
    const { gateway, begin, service } = started({ limits: { requests: 2 } });
    const requests = [begin(), begin()];
    service.remove("a");
    gateway.update(configOf({ limits: { requests: 2 }, instances: ["http://d"] }));
    expect(gateway.decide(request("GET /"))).toMatchObject({ reason: "overloaded" });
    requests[0]?.end();
    requests[1]?.end();
    const again = [begin(), begin()];
    expect(gateway.decide(request("GET /"))).toMatchObject({ reason: "overloaded" });
    again[0]?.end();
    expect(gateway.decide(request("GET /")).kind).toBe("forward");
  });
});

describe("a list that is set", () => {
  const listed = (weight: number) => [{ id: "a", url: "http://a", weight }];

  it("describes an instance anew that an update has described otherwise meanwhile", () => {
    const { gateway, service } = started();
    service.set(listed(5));
    gateway.update(configOf({ instances: [{ id: "a", url: "http://a", weight: 2 }] }));
    expect(service.instances()).toMatchObject([{ id: "a", weight: 2 }]);
    expect(service.set(listed(5))).toEqual({ added: [], removed: [], changed: ["a"] });
    expect(service.instances()).toMatchObject([{ id: "a", weight: 5 }]);
  });

  it("is no difference after a restore", () => {
    const { gateway, service, told } = started();
    service.set(listed(5));
    gateway.restore(gateway.snapshot());
    told.length = 0;
    expect(service.set(listed(5))).toEqual({ added: [], removed: [], changed: [] });
    expect(told).toEqual([]);
  });
});

describe("a request that was matched before an update", () => {
  const BALANCERS: readonly BalancerName[] = [
    ...(["least-request", "round-robin", "random", "peak-ewma"] as const),
    ...(["consistent-hash", "maglev", "rendezvous", "first-eligible"] as const),
  ];
  const pairs = BALANCERS.flatMap((before) =>
    BALANCERS.filter((after) => after !== before).map((after) => [before, after] as const),
  );

  it.each(pairs)("is decided all the same, from %s to %s", (before, after) => {
    // Weights make balancers prepare something.
    const instances = [3, 2, 1].map((weight) => ({ url: `http://${weight}`, weight }));
    const { gateway } = started({ instances, balancer: before });
    const view = request("GET /", { remoteAddress: "192.0.2.1" });
    const match = gateway.match(view);
    const plain = gateway.decide(view);
    gateway.update(configOf({ instances, balancer: after }));
    const decided = [gateway.decide(view, match), gateway.decide(view)];
    expect(decided[0]).toEqual(plain);
    const fresh: Gateway = createGateway(configOf({ instances, balancer: after }), {
      env: testEnv(),
    });
    expect(decided[1]).toEqual(fresh.decide(view));
    expect(gateway.decide(view, match)).toEqual(plain);
  });

  it("meets the ejections and slow starts that time has brought since", () => {
    const { env, gateway } = started({ balancer: "first-eligible", outlier: { returnMs: 0 } });
    gateway.restore({ services: { s: { instances: { a: { ejectedForMs: 500 } } } } });
    const view = request("GET /");
    const match = gateway.match(view);
    gateway.update(configOf({ balancer: "round-robin" }));
    expect(gateway.decide(view, match)).toMatchObject({ instance: { id: "b" } });
    env.advance(500);
    expect(gateway.decide(view, match)).toMatchObject({ instance: { id: "a" } });
  });
});

describe("a restore", () => {
  it("gives back the turns of a version whose instances have all left", () => {
    const { gateway, service, begin } = started();
    service.add({ id: "v8", url: "http://v8", version: "v8" });
    service.add({ id: "v9", url: "http://v9", version: "v9" });
    begin("GET /v9").end();
    begin("GET /").end();
    service.remove("v8");
    service.remove("v9");
    const snapshot = gateway.snapshot();
    expect(snapshot.services["s"]?.cursors).toEqual({ "": 1, v8: 0, v9: 1 });
    expect(gateway.restore(snapshot)).toEqual([]);
    expect(gateway.snapshot()).toEqual(snapshot);
  });

  it("of a state in which an instance drains is told once more, and a drain may begin again", async () => {
    const { env, gateway, told, service } = started();
    await service.drain("a", { deadlineMs: 0 });
    gateway.restore(gateway.snapshot());
    expect(service.instances().map(({ health }) => health)).toEqual([
      ...["draining", "eligible", "eligible"],
    ]);
    expect(service.resume("a")).toBe(true);
    void service.drain("a", { deadlineMs: 700 });
    env.advance(700);
    gateway.tick();
    expect(told.slice(-2)).toEqual(["draining a", "drained a"]);
  });
});
