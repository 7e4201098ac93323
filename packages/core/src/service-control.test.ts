import { describe, expect, it } from "vitest";
import type { GatewayChange } from "./change.js";
import { createGateway, type Gateway } from "./gateway.js";
import { testEnv } from "./testing/env.js";

const NONE = Number.POSITIVE_INFINITY;
const view = { method: "GET", url: "/" };
const config = {
  services: { s: { instances: ["http://a", "http://b"], balancer: "round-robin" } },
  routes: [{ match: { path: "/*" }, to: "s" }],
} as const;

function started(more: object = {}) {
  const env = testEnv();
  const gateway: Gateway = createGateway({ ...config, ...more } as never, { env });
  const told: string[] = [];
  const tell = ({ kind, instance }: GatewayChange): void =>
    void told.push(`${kind} ${instance?.id}`);
  gateway.onChange(tell);
  const forward = () => {
    const decision = gateway.decide(view);
    if (decision.kind !== "forward") throw new Error(decision.kind);
    return decision;
  };
  const begin = () => {
    const decision = forward();
    gateway.start(decision);
    return decision;
  };
  const end = (decision: ReturnType<typeof forward>) =>
    gateway.report(decision, { kind: "response", status: 200, totalMs: 1 });
  const turns = (count: number) =>
    Array.from({ length: count }, () => {
      const decision = begin();
      end(decision);
      return decision.instance.id.slice("http://".length);
    }).join("");
  return { env, gateway, service: gateway.service("s"), told, forward, begin, end, turns };
}

describe("instances that come and go", () => {
  it("get traffic from the next decision on, and none from there", () => {
    const { service, turns, told } = started();
    expect(turns(4)).toBe("abab");
    expect(service.add({ url: "http://c", zone: "z", tier: 0 })).toMatchObject({ id: "http://c" });
    expect([...turns(3)].toSorted().join("")).toBe("abc");
    expect(service.remove("http://a")).toBe(true);
    expect([...turns(4)].toSorted().join("")).toBe("bbcc");
    expect(service.remove("http://a")).toBe(false);
    expect(told).toEqual(["joined http://c", "left http://a", "drained http://a"]);
  });

  it("are told to be gone when the last request has ended, however many were under way", () => {
    const { service, begin, end, told } = started();
    const requests = [begin(), begin(), begin()];
    service.remove("http://a");
    expect(told).toEqual(["left http://a"]);
    for (const request of requests) end(request);
    expect(told).toEqual(["left http://a", "drained http://a"]);
    expect(service.instances().map(({ inFlight }) => inFlight)).toEqual([0]);
  });

  it("may be of a version that no route has met before, and of one that a route waits for", () => {
    const { gateway, service, forward } = started({
      routes: [{ match: { path: "/*" }, to: { service: "s", version: "v2" } }],
      services: { s: { instances: ["http://a"] } },
    });
    expect(gateway.decide(view).kind).toBe("reject");
    service.add({ url: "http://b", version: "v2" });
    expect(forward().instance.id).toBe("http://b");
    service.add({ url: "http://b", version: "v3" });
    expect(gateway.decide(view).kind).toBe("reject");
    expect(service.instances().map(({ version }) => version)).toEqual([undefined, "v3"]);
  });

  it("keep their state when they are described anew, and are another place at another URL", () => {
    const { service, begin, told } = started();
    const before = begin();
    service.add({ url: "http://a", weight: 3 });
    expect(service.instances()[0]).toMatchObject({ weight: 3, inFlight: 1 });
    service.add({ url: "http://z", id: "http://a" });
    expect(told).toEqual(["left http://a", "drained http://a", "joined http://a"]);
    expect(service.instances()[0]).toMatchObject({ url: "http://z", inFlight: 1 });
    expect(before.instance.url).toBe("http://a");
  });

  it("change their share at run time", () => {
    const { service, turns } = started();
    service.setWeight("http://a", 3);
    expect([...turns(8)].toSorted().join("")).toBe("aaaaaabb");
    expect(() => service.setWeight("http://a", 0)).toThrow(
      "weight: expected a finite number > 0, got 0",
    );
    expect(() => service.setWeight("http://x", 1)).toThrow(
      'service "s" has no instance with the id "http://x"',
    );
  });

  it("are refused when they are malformed, and nothing has changed then", () => {
    const { service, told } = started();
    expect(() => service.add({ url: "ftp://a" })).toThrow("/services/s/instances/0/url");
    expect(() => service.set(["http://c", "http://c"])).toThrow("DUPLICATE_INSTANCE");
    expect(() => service.set(["http://a", "http://c", { url: "http://c" }])).toThrow(
      "DUPLICATE_INSTANCE",
    );
    expect(service.instances().map(({ id }) => id)).toEqual(["http://a", "http://b"]);
    expect(told).toEqual([]);
  });

  it("of a service that there is not are an error with a suggestion", () => {
    const gateway: Gateway = createGateway({
      services: { shop: { instances: ["http://a"] } },
      routes: [],
    });
    expect(() => gateway.service("shp")).toThrow(
      'no service is called "shp"; did you mean "shop"?',
    );
  });
});

describe("a list that is set", () => {
  it("is told as a difference", () => {
    const { service, told } = started();
    expect(service.set(["http://b", { url: "http://c" }])).toEqual({
      added: ["http://c"],
      removed: ["http://a"],
      changed: [],
    });
    expect(service.set(["http://b", { url: "http://c", weight: 2 }])).toEqual({
      ...{ added: [], removed: [], changed: ["http://c"] },
    });
    told.length = 0;
    expect(service.set([{ url: "http://c", weight: 2 }, "http://b"])).toEqual({
      ...{ added: [], removed: [], changed: [] },
    });
    expect(told).toEqual([]);
    expect(service.set([])).toMatchObject({ removed: ["http://c", "http://b"] });
    expect(service.instances()).toEqual([]);
  });

  it("puts back what was changed by hand", () => {
    const { service } = started();
    service.set(["http://a", "http://b"]);
    service.setWeight("http://a", 5);
    expect(service.set(["http://a", "http://b"])).toMatchObject({ changed: ["http://a"] });
    expect(service.instances()[0]?.weight).toBe(1);
  });

  it("takes an instance back that was removed by hand, as a new one", () => {
    const { service, told } = started();
    service.set(["http://a", "http://b"]);
    service.remove("http://a");
    expect(service.set(["http://a", "http://b"])).toMatchObject({ added: ["http://a"] });
    expect(told.at(-1)).toBe("joined http://a");
  });
});

describe("a drain", () => {
  it("ends with the last request, and its promise with it", async () => {
    const { service, begin, end, told, turns } = started();
    const request = begin();
    const drained = service.drain("http://a");
    expect(turns(3)).toBe("bbb");
    expect(service.instances()[0]?.health).toBe("draining");
    expect(told).toEqual(["draining http://a"]);
    end(request);
    expect(told).toEqual(["draining http://a", "drained http://a"]);
    expect(await drained).toBe(true);
    expect(await service.drain("http://a")).toBe(true);
    expect(told).toHaveLength(2);
  });

  it("is over at once where nothing is under way, and ends with `remove` in any case", async () => {
    const { service, told } = started();
    expect(await service.drain("http://a")).toBe(true);
    const busy = service.drain("http://b", { deadlineMs: 60_000 });
    service.remove("http://b");
    expect(await busy).toBe(true);
    expect(told).toEqual([
      ...["draining http://a", "drained http://a"],
      ...["draining http://b", "left http://b", "drained http://b"],
    ]);
  });

  it("waits for the time that sessions have, which a tick notices", async () => {
    const { service, gateway, env, told } = started();
    const drained = service.drain("http://a", { deadlineMs: 500 });
    expect(gateway.tick()).toBe(500);
    env.advance(499);
    expect(gateway.tick()).toBe(1);
    expect(told).toEqual(["draining http://a"]);
    env.advance(1);
    expect(gateway.tick()).toBe(NONE);
    expect(await drained).toBe(true);
  });

  it("ends with a restore to a state without it, and goes on with one that has it", async () => {
    const { service, gateway, begin } = started();
    begin();
    const lost = service.drain("http://a");
    gateway.restore({});
    expect(await lost).toBe(false);
    begin();
    const kept = service.drain("http://a");
    const { "http://a": a } = gateway.snapshot().services["s"]?.instances ?? {};
    gateway.restore({ services: { s: { instances: { "http://a": { ...a, inFlight: 0 } } } } });
    gateway.tick();
    expect(await kept).toBe(true);
  });

  it("is taken back by `resume`, after which the share of the instance grows", async () => {
    const { env, service, begin, turns } = started();
    begin();
    const drained = service.drain("http://a");
    expect(service.resume("http://a")).toBe(true);
    expect(await drained).toBe(false);
    expect([...turns(11)].toSorted().join("")).toBe("abbbbbbbbbb");
    env.advance(10_000);
    expect([...turns(4)].toSorted().join("")).toBe("aabb");
    expect(service.resume("http://a")).toBe(false);
  });

  it("does not end with an ejection, and a drained instance is not tried when no other is left", async () => {
    const { service, gateway, begin, env, told } = started({
      services: {
        s: {
          instances: ["http://a", "http://b"],
          balancer: "round-robin",
          outlier: { consecutiveFailures: 1 },
        },
      },
    });
    const failing = begin();
    const open = begin();
    gateway.report(failing, { kind: "failure", stage: "connect", cause: "refused" });
    const drained = service.drain(open.instance.id);
    expect(gateway.decide(view)).toMatchObject({ kind: "forward", instance: failing.instance });
    env.advance(30_000);
    gateway.tick();
    expect(told).toEqual(["ejected http://a", "draining http://b", "returned http://a"]);
    gateway.report(open, { kind: "cancelled", stage: "head" });
    expect(await drained).toBe(true);
  });

  it("is refused with a deadline that is none", () => {
    const { service } = started();
    expect(() => service.drain("http://a", { deadlineMs: -1 })).toThrow(
      "deadlineMs: expected a finite number >= 0, got -1",
    );
  });
});

describe("an update of the configuration", () => {
  it("leaves alone what came at run time, unless the list of the service is another one", () => {
    const { gateway, service } = started();
    service.add("http://c");
    service.remove("http://a");
    gateway.update({ ...config, routes: [{ match: { path: "/other" }, to: "s" }] });
    expect(service.instances().map(({ id }) => id)).toEqual(["http://b", "http://c"]);
    gateway.update({ ...config, services: { s: { instances: ["http://d"] } } });
    expect(service.instances().map(({ id }) => id)).toEqual(["http://d"]);
  });

  it("that takes the service away makes its control say so", () => {
    const { gateway, service } = started();
    gateway.update({ routes: [] });
    expect(() => service.instances()).toThrow('there is no service "s" any more');
  });
});

it("keeps what came at run time over a restore, with nothing under way", () => {
  const { gateway, service, begin, forward } = started();
  service.add("http://c");
  const { reference } = { reference: service.add("http://c") };
  begin();
  gateway.restore({});
  expect(service.instances().map(({ id, inFlight }) => [id, inFlight])).toEqual([
    ...[
      ["http://a", 0],
      ["http://b", 0],
      ["http://c", 0],
    ],
  ]);
  service.remove("http://a");
  service.remove("http://b");
  expect(forward().instance).toBe(reference);
});
