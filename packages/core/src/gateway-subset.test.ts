import { describe, expect, it } from "vitest";
import { cookieValue } from "./affinity/cookie-value.js";
import type { InstanceConfig, ServiceConfig } from "./config/service-config.js";
import type { RouteConfig } from "./config/route-config.js";
import { createGateway, type Gateway } from "./gateway.js";
import type { Outcome } from "./outcome.js";
import { testEnv } from "./testing/env.js";
import { request } from "./testing/request.js";
import { simulate } from "./testing/simulation/simulate.js";

const OK: Outcome = { kind: "response", status: 200, totalMs: 5 };
const FAILED: Outcome = { kind: "response", status: 503, totalMs: 5 };
const some = (name: string, count: number, more: object = {}): InstanceConfig[] =>
  Array.from({ length: count }, (_, i) => ({
    ...{ id: `${name}${i}`, url: `http://${name}${i}` },
    ...more,
  }));

/** A gateway that refuses requests where nobody is eligible, and what becomes of its requests. */
function started(
  instances: readonly InstanceConfig[],
  service: Partial<ServiceConfig> = {},
  routes: readonly RouteConfig[] = [{ to: "s" }],
  zone?: string,
) {
  const env = testEnv();
  const gateway: Gateway = createGateway(
    {
      ...(zone === undefined ? {} : { zone }),
      services: {
        s: { instances, balancer: "round-robin", whenNoneEligible: "reject", ...service },
      },
      routes,
    },
    { env },
  );
  const out = new Set<string>();
  gateway.onChange(({ kind, instance }) => {
    if (kind === "ejected") out.add(instance.id);
    if (kind === "returned" || kind === "left") out.delete(instance.id);
  });
  /** Who gets a request, which ends as is said. */
  const send = (outcomeOf: (id: string) => Outcome, path = "/"): string => {
    const decision = gateway.decide(request(`GET ${path}`));
    if (decision.kind !== "forward") return decision.kind;
    gateway.start(decision);
    gateway.report(decision, outcomeOf(decision.instance.id));
    return decision.instance.id;
  };
  const times = (count: number, outcomeOf: (id: string) => Outcome, path?: string) =>
    Array.from({ length: count }, () => send(outcomeOf, path));
  const reasons = () =>
    gateway
      .explain(request("GET /"))
      .pools.flatMap((pool) => pool.instances.map(({ verdict, reason }) => reason ?? verdict));
  return { env, gateway, out, send, times, reasons, control: gateway.service("s") };
}
const subset = { client: "gateway-7", size: 4 };

describe("a subset", () => {
  it("loses nobody for what all of it suffer from, and never more than half", () => {
    const all = started(some("i", 100), { subset });
    expect(all.times(200, () => FAILED)).not.toContain("reject");
    expect([...all.out]).toEqual([]);
    const bad = started(some("i", 100), { subset });
    const four = [...new Set(bad.times(4, () => OK))];
    bad.times(200, (id) => (id === four[0] ? OK : FAILED));
    expect(bad.out.size).toBe(2);
    bad.env.advance(30_000);
    expect(new Set(bad.times(80, () => OK))).toEqual(new Set(four));
  });

  it("loses no more than half by what an interval shows", () => {
    const { env, out, times } = started(some("i", 100), {
      subset,
      outlier: {
        ...{ consecutiveFailures: 0, consecutiveConnectFailures: 0, successRate: false },
        failureRatio: { minimumInstances: 2, minimumAnswers: 10 },
      },
    });
    const four = [...new Set(times(4, () => OK))];
    times(200, (id) => (id === four[0] ? OK : FAILED));
    env.advance(10_000);
    times(1, () => OK);
    expect(out.size).toBe(2);
  });

  it("of a service that fails for two seconds is there again at their end", () => {
    const { series } = simulate({
      config: {
        services: {
          s: {
            instances: Array.from({ length: 30 }, (_, i) => `http://i${i}`),
            whenNoneEligible: "reject",
            subset: { client: "g1", size: 10 },
          },
        },
        routes: [{ to: "s" }],
      },
      traffic: { perSecond: 500 },
      instances: { "*": { serviceMs: { kind: "exponential", mean: 20 }, capacity: 10 } },
      faults: [
        {
          instance: Array.from({ length: 30 }, (_, i) => `http://i${i}`),
          ...{ kind: "failing", fromMs: 5_000, toMs: 7_000 },
        },
      ],
      durationMs: 20_000,
    });
    const later = series.filter(({ atMs }) => atMs > 8_000);
    expect(later.reduce((sum, { failed }) => sum + failed, 0)).toBe(0);
  });

  it("has some of each tier, so that stand-bys get nothing while those ahead of them are well", () => {
    const instances = [...some("p", 10), ...some("q", 30, { tier: 1 })];
    for (let client = 0; client < 50; client++) {
      const { times } = started(instances, { subset: { client: `g${client}`, size: 4 } });
      expect(times(8, () => OK).filter((id) => id.startsWith("q"))).toEqual([]);
    }
    const { times } = started(instances, { subset });
    expect(new Set(times(200, (id) => (id.startsWith("p") ? FAILED : OK)).slice(-3)).size).toBe(3);
  });

  it("has some of the gateway's own zone", () => {
    const instances = [...some("far", 30, { zone: "far" }), ...some("near", 10, { zone: "near" })];
    for (let client = 0; client < 50; client++) {
      const rule = { subset: { client: `g${client}`, size: 4 } };
      const { gateway } = started(instances, rule, [{ to: "s" }], "near");
      const [pool] = gateway.explain(request("GET /")).pools;
      const used = pool?.instances.filter(({ verdict }) => verdict !== "left-out");
      expect(
        used
          ?.map(({ id }) => id.slice(0, -1))
          .toSorted()
          .at(-1),
      ).toBe("near");
    }
  });

  it("is told by an explanation, of instances in any state", () => {
    const { reasons, control, times } = started(some("i", 6), { subset });
    const outside = "it is not in the subset of this gateway";
    expect(reasons().filter((each) => each === outside)).toHaveLength(2);
    const [one = "", other = ""] = times(2, () => OK);
    void control.drain(one);
    expect(reasons().toSorted()).toEqual(
      [...Array.from({ length: 3 }, () => "candidate"), "chosen", "it drains", outside].toSorted(),
    );
    times(100, (id) => (id === other ? FAILED : OK));
    expect(reasons().filter((each) => each === "it is ejected for 30000 ms more")).toHaveLength(1);
    expect(reasons().filter((each) => each === outside)).toHaveLength(1);
  });

  it("leaves clients where they are pinned, outside of it too, which an explanation tells", () => {
    const { gateway, reasons } = started(some("i", 6), { subset, affinity: { cookie: {} } });
    for (const { id } of gateway.service("s").instances()) {
      const view = request("GET /", { headers: { cookie: `affinity-s=${cookieValue("s", id)}` } });
      expect(gateway.decide(view)).toMatchObject({ instance: { id }, setCookies: [] });
      const [pool] = gateway.explain(view).pools;
      const chosen = pool?.instances.filter(({ verdict }) => verdict === "chosen");
      expect(chosen?.map((each) => each.id)).toEqual([id]);
    }
    expect(reasons()).toContain("it is not in the subset of this gateway");
  });

  it("keeps whose place a new instance takes until that has passed its first probe", () => {
    const { control, times } = started(some("i", 4), {
      subset: { ...subset, size: 2 },
      probe: {},
    });
    for (const { id } of control.instances()) control.reportProbe(id, true);
    const before = new Set(times(8, () => OK));
    expect(before.size).toBe(2);
    const added: string[] = [];
    for (let i = 0; i < 40; i++)
      added.push(control.add({ id: `new${i}`, url: `http://new${i}` }).id);
    expect(new Set(times(8, () => OK))).toEqual(before);
    for (const id of added) control.reportProbe(id, true);
    const after = new Set(times(8, () => OK));
    expect(after.size).toBe(2);
    expect(after).not.toEqual(before);
  });
});

it("asks others of the service where nobody of the subset is eligible", () => {
  const { control, times } = started(some("i", 40), { subset, probe: { unhealthyAfter: 1 } });
  for (const { id } of control.instances()) control.reportProbe(id, true);
  const four = new Set(times(8, () => OK));
  for (const id of four) control.reportProbe(id, false);
  const others = new Set(times(8, () => OK));
  expect(others.size).toBe(4);
  expect([...others].filter((id) => four.has(id))).toEqual([]);
  const [first = ""] = four;
  control.reportProbe(first, true);
  control.reportProbe(first, true);
  expect(new Set(times(8, () => OK))).toEqual(new Set([first]));
});

describe("a version that a route names", () => {
  const instances = [...some("old", 8, { version: "v1" }), ...some("new", 2, { version: "v2" })];
  const toV2: RouteConfig[] = [
    { match: { path: "/v2" }, to: { service: "s", version: "v2" } },
    { to: "s" },
  ];

  it("loses nobody for what all of it suffer from, however well the others do", () => {
    const { out, times } = started(instances, {}, toV2);
    expect(times(200, () => FAILED, "/v2")).not.toContain("reject");
    expect([...out]).toEqual([]);
  });

  it("loses who fails beside others of it, and returns it when they come to fail alike", () => {
    const { out, times } = started(instances, {}, toV2);
    times(20, (id) => (id === "new0" ? FAILED : OK), "/v2");
    expect([...out]).toEqual(["new0"]);
    times(20, () => FAILED, "/v2");
    expect([...out]).toEqual([]);
  });

  it("keeps its last instance where requests that name no version do better without the others", () => {
    const { out, times } = started(instances, {}, toV2);
    const failing = (id: string) => (id.startsWith("new") ? FAILED : OK);
    expect(times(10, failing, "/v2")).not.toContain("reject");
    times(200, failing);
    expect(out.size).toBe(1);
    expect(times(10, failing, "/v2")).not.toContain("reject");
  });

  it("loses all of it where its requests have a fallback, or are tried all the same", () => {
    const route: RouteConfig = {
      to: { service: "s", version: "v2", fallback: { version: "v1" } },
    };
    const { out, times } = started(instances, { whenNoneEligible: "try-all" }, [route]);
    times(20, (id) => (id.startsWith("new") ? FAILED : OK));
    expect([...out].toSorted()).toEqual(["new0", "new1"]);
    expect(times(10, () => OK).filter((id) => id.startsWith("new"))).toEqual([]);
  });

  it("loses all of it where requests come for the whole service alone", () => {
    const { out, times } = started(instances);
    times(200, (id) => (id.startsWith("new") ? FAILED : OK));
    expect([...out].toSorted()).toEqual(["new0", "new1"]);
  });
});
