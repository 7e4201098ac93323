import { describe, expect, it } from "vitest";
import type { GatewayChange } from "./change.js";
import type { GatewayConfig } from "./config/config.js";
import type { ProbeConfig } from "./config/health-config.js";
import type { ServiceConfig } from "./config/service-config.js";
import { createGateway, type Gateway } from "./gateway.js";
import type { PartialSnapshot } from "./snapshot.js";
import { testEnv } from "./testing/env.js";
import { request } from "./testing/request.js";

const configOf = (
  probe: ProbeConfig | undefined,
  ids: readonly string[] = ["a", "b"],
  service: Partial<ServiceConfig> = {},
): GatewayConfig => ({
  services: {
    s: {
      instances: ids.map((id) => ({ id, url: `http://${id}` })),
      balancer: "round-robin",
      ...(probe === undefined ? {} : { probe }),
      ...service,
    },
  },
  routes: [{ to: "s" }],
});

function started(...[probe = {}, ids, service]: Partial<Parameters<typeof configOf>>) {
  const env = testEnv();
  const gateway: Gateway = createGateway(configOf(probe, ids, service), { env });
  const told: string[] = [];
  gateway.onChange(
    ({ kind, instance, counts }: GatewayChange) =>
      void told.push(`${kind} ${instance?.id} ${counts.eligible}/${counts.instances}`),
  );
  const control = gateway.service("s");
  const health = () => control.instances().map((instance) => instance.health);
  /** Who gets the next requests, or why nobody does. */
  const served = (count = 4) =>
    Array.from({ length: count }, () => {
      const decision = gateway.decide(request("GET /"));
      gateway.start(decision);
      return decision.kind === "forward" ? decision.instance.id : decision.kind;
    });
  const result = (id: string, ...passed: readonly boolean[]) =>
    passed.map((each) => control.reportProbe(id, each));
  return { env, gateway, control, told, health, served, result };
}

describe("an instance of a service with probes", () => {
  it("waits for its first result, which decides at once", () => {
    const { told, health, served, result } = started();
    expect(health()).toEqual(["waiting", "waiting"]);
    expect(result("a", true)).toEqual([true]);
    expect(served()).toEqual(["a", "a", "a", "a"]);
    result("b", false);
    expect(health()).toEqual(["eligible", "failing"]);
    expect(served()).toEqual(["a", "a", "a", "a"]);
    expect(told).toEqual(["passing a 1/2", "failing b 1/2"]);
  });

  it("loses its traffic after three failures in a row, and has it again after two passes", () => {
    const { told, health, result } = started();
    result("a", true);
    result("b", true, false, false, true, false, false);
    expect(health()).toEqual(["eligible", "eligible"]);
    result("b", false);
    expect(health()).toEqual(["eligible", "failing"]);
    result("b", true, false, true);
    expect(health()).toEqual(["eligible", "failing"]);
    result("b", true);
    expect(health()).toEqual(["eligible", "eligible"]);
    expect(told).toEqual(["passing a 1/2", "passing b 2/2", "failing b 1/2", "passing b 2/2"]);
  });

  it("is tried all the same while none is eligible, unless nobody may be", () => {
    const { served, result } = started();
    expect(served()).toEqual(["a", "b", "a", "b"]);
    result("a", false);
    result("b", false);
    expect(served()).toEqual(["a", "b", "a", "b"]);
    const refusing = started({}, ["a"], { whenNoneEligible: "reject" });
    expect(refusing.served(1)).toEqual(["reject"]);
    refusing.result("a", true);
    expect(refusing.served(1)).toEqual(["a"]);
  });

  it("that is added waits, and is explained as such", () => {
    const { gateway, control, served, health, result, told } = started();
    result("a", true);
    result("b", false);
    control.add({ id: "c", url: "http://c" });
    expect(health()).toEqual(["eligible", "failing", "waiting"]);
    expect(served()).toEqual(["a", "a", "a", "a"]);
    const [pool] = gateway.explain(request("GET /")).pools;
    expect(pool?.instances.map(({ reason }) => reason)).toEqual([
      ...[undefined, "it fails its probes", "it waits for its first probe"],
    ]);
    result("c", true);
    expect(told.slice(2)).toEqual(["joined c 1/3", "passing c 2/3"]);
    expect(served().toSorted()).toEqual(["a", "a", "c", "c"]);
  });

  it("is back from an ejection with the first probe that passes, growing, unless that is switched off", () => {
    for (const endedByProbes of [true, false]) {
      const { env, gateway, told, health, result } = started({ healthyAfter: 2 }, ["a", "b"], {
        outlier: { endedByProbes },
      });
      result("a", true);
      result("b", true);
      told.length = 0;
      gateway.restore({
        services: {
          s: {
            instances: {
              a: { ejectedForMs: 20_000, probe: { status: "passing", contrary: 0 } },
              b: { probe: { status: "passing", contrary: 0 } },
            },
          },
        },
      });
      result("a", false);
      expect(health()).toEqual(["ejected", "eligible"]);
      env.advance(1_000);
      result("a", true);
      expect(health()).toEqual([endedByProbes ? "eligible" : "ejected", "eligible"]);
      expect(told).toEqual(endedByProbes ? ["returned a 2/2"] : []);
      env.advance(5_000);
      const { a } = gateway.snapshot().services["s"]?.instances ?? {};
      expect(a).toMatchObject(
        endedByProbes
          ? { ejectedForMs: 0, ejectionFactor: 1, returnedMsAgo: 5_000 }
          : { ejectedForMs: 14_000 },
      );
      gateway.tick();
      expect(told).toHaveLength(endedByProbes ? 1 : 0);
    }
  });

  it("grows to its whole share when it passes its probes again", () => {
    const { env, served, result } = started({ unhealthyAfter: 1, healthyAfter: 1 });
    result("a", true);
    result("b", true);
    result("a", false, true);
    const share = () => served(20).filter((id) => id === "a").length;
    expect(share()).toBeLessThan(4);
    env.advance(5_000);
    expect([6, 7]).toContain(share());
    env.advance(5_000);
    expect(share()).toBe(10);
  });

  it("may be ejected and fail its probes at once: it is back when both are over", () => {
    const { env, gateway, health, result } = started(
      { unhealthyAfter: 1, healthyAfter: 1 },
      ["a", "b"],
      { outlier: { endedByProbes: false } },
    );
    result("a", true);
    result("b", true);
    for (let index = 0; index < 10; index++) {
      const decision = gateway.decide(request("GET /"));
      gateway.start(decision);
      const isA = decision.kind === "forward" && decision.instance.id === "a";
      const status = isA ? 503 : 200;
      gateway.report(decision, { kind: "response", status, totalMs: 1 });
    }
    expect(health()).toEqual(["ejected", "eligible"]);
    result("a", false);
    expect(health()).toEqual(["failing", "eligible"]);
    result("a", true);
    expect(health()).toEqual(["ejected", "eligible"]);
    env.advance(30_000);
    expect(health()).toEqual(["eligible", "eligible"]);
  });

  it("drains whatever its probes say", () => {
    const { control, health, result } = started();
    result("a", true);
    void control.drain("a", { deadlineMs: 1_000 });
    result("a", false, false, false);
    expect(health()).toEqual(["draining", "waiting"]);
    control.resume("a");
    expect(health()).toEqual(["failing", "waiting"]);
  });
});

describe("the result of a probe", () => {
  it("is of no use for an instance that there is not, or where nobody asks", () => {
    const { result, told } = started();
    expect(result("x", true)).toEqual([false]);
    const gateway: Gateway = createGateway(configOf(undefined), { env: testEnv() });
    expect(gateway.service("s").reportProbe("a", false)).toBe(false);
    expect(gateway.service("s").probe).toBeUndefined();
    expect(gateway.service("s").instances()[0]?.health).toBe("eligible");
    expect(told).toEqual([]);
  });

  it("follows the rule that holds now", () => {
    const { gateway, control, health, result } = started({ unhealthyAfter: 5 });
    expect(control.probe).toMatchObject({
      ...{ type: "http", path: "/", method: "GET", intervalMs: 10_000, timeoutMs: 2_000 },
      ...{ healthyAfter: 2, unhealthyAfter: 5, statuses: [], body: "", jitter: 0.1 },
    });
    result("a", true, false, false);
    gateway.update(configOf({ unhealthyAfter: 3, path: "/healthz" }));
    expect(control.probe).toMatchObject({ unhealthyAfter: 3, path: "/healthz" });
    expect(health()).toEqual(["eligible", "waiting"]);
    result("a", false);
    expect(health()).toEqual(["failing", "waiting"]);
  });
});

describe("an update", () => {
  it("that brings probes leaves traffic where it is until there are results; new instances wait", () => {
    const env = testEnv();
    const gateway: Gateway = createGateway(configOf(undefined), { env });
    const health = () =>
      gateway
        .service("s")
        .instances()
        .map((instance) => instance.health);
    gateway.update(configOf({}));
    expect(health()).toEqual(["eligible", "eligible"]);
    gateway.update(configOf({}, ["a", "b", "c"]));
    expect(health()).toEqual(["eligible", "eligible", "waiting"]);
    for (let times = 0; times < 3; times++) gateway.service("s").reportProbe("a", false);
    expect(health()).toEqual(["failing", "eligible", "waiting"]);
  });

  it("that takes probes away gives all their traffic, and bringing them back begins anew", () => {
    const { gateway, health, served, result } = started();
    result("a", false);
    gateway.update(configOf(undefined));
    expect(health()).toEqual(["eligible", "eligible"]);
    expect(served().toSorted()).toEqual(["a", "a", "b", "b"]);
    gateway.update(configOf({}));
    expect(health()).toEqual(["eligible", "eligible"]);
  });
});

describe("a restore", () => {
  const probes = (gateway: Gateway) =>
    Object.values(gateway.snapshot().services["s"]?.instances ?? {}).map(({ probe }) => probe);

  it("brings back what probes found, and how far a row has come", () => {
    const { gateway, health, result } = started({}, ["a", "b", "c"]);
    result("a", true, false, false);
    result("b", false, true);
    const snapshot = gateway.snapshot();
    expect(probes(gateway)).toEqual([
      { status: "passing", contrary: 2 },
      { status: "failing", contrary: 1 },
      { status: "waiting", contrary: 0 },
    ]);
    const other = started({}, ["a", "b", "c"]);
    other.gateway.restore(snapshot);
    expect(other.gateway.snapshot()).toEqual(snapshot);
    other.result("a", false);
    other.result("b", true);
    expect(other.health()).toEqual(["failing", "eligible", "waiting"]);
    expect(health()).toEqual(["eligible", "failing", "waiting"]);
  });

  it("lets instances wait of which it says nothing", () => {
    const { gateway, health, result } = started();
    result("a", true);
    result("b", true);
    const passing = { probe: { status: "passing", contrary: 0 } } as const;
    gateway.restore({ services: { s: { instances: { a: passing, b: { inFlight: 1 } } } } });
    expect(health()).toEqual(["eligible", "waiting"]);
    gateway.restore({});
    expect(health()).toEqual(["waiting", "waiting"]);
  });

  it("of a state with probes keeps nobody out where there are none now, and the other way round", () => {
    const { gateway, result } = started();
    result("a", false);
    const failing = gateway.snapshot();
    const unprobed: Gateway = createGateway(configOf(undefined), { env: testEnv() });
    const before = unprobed.snapshot();
    unprobed.restore(failing);
    expect(probes(unprobed)).toEqual([
      { status: "unprobed", contrary: 0 },
      { status: "unprobed", contrary: 0 },
    ]);
    gateway.restore(before);
    expect(probes(gateway)).toEqual([
      { status: "waiting", contrary: 0 },
      { status: "waiting", contrary: 0 },
    ]);
  });

  it("of what is no status is refused, and changes nothing", () => {
    const { gateway, result } = started();
    result("a", true);
    const before = gateway.snapshot();
    const wrong = { probe: { status: "well", contrary: 0 } };
    const partial = { services: { s: { instances: { a: wrong } } } } as unknown as PartialSnapshot;
    expect(() => gateway.restore(partial)).toThrow(
      new RangeError(
        '/services/s/instances/a/probe/status: expected one of "unprobed", "waiting", "passing", "failing", got "well"',
      ),
    );
    expect(gateway.snapshot()).toEqual(before);
  });
});
