import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { config, view } from "../../test/generated.js";
import { createGateway } from "../gateway.js";
import { testEnv } from "../testing/env.js";
import { compileConfig } from "./compile.js";
import type { GatewayConfig } from "./config.js";
import type { RouteConfig } from "./route-config.js";

const tableOf = (routes: readonly RouteConfig[]): GatewayConfig => ({
  services: { s: { instances: ["http://s"] } },
  routes,
});
const many = (count: number): RouteConfig[] =>
  Array.from({ length: count }, (_, i) => ({ match: { path: `/r${i}/:id` }, to: "s" }));

describe("an update", () => {
  it("keeps the table and only looks at what changed", () => {
    const routes = many(1_000);
    const before = compileConfig(tableOf(routes));
    const same = compileConfig(tableOf(structuredClone(routes)), before);
    expect(same.actions).toEqual(before.actions);
    const changed = routes.with(5, { match: { path: "/new" }, to: "s" });
    const after = compileConfig(tableOf(changed), before);
    expect(after.table.alternatives).toHaveLength(1_000);
    const kept = after.table.alternatives.filter((one) => before.table.alternatives.includes(one));
    expect(kept).toHaveLength(999);
  });

  it("compiles all anew when much has changed, or when it was done many times", () => {
    const before = compileConfig(tableOf(many(200)));
    const after = compileConfig(tableOf(many(400)), before);
    expect(after.actions).toHaveLength(400);
    let plan = before;
    for (let i = 0; i < 1_000; i++) {
      const changed = many(200).with(7, { match: { path: `/turn-${i}` }, to: "s" });
      plan = compileConfig(tableOf(changed), plan);
    }
    expect(plan.actions.length).toBeLessThan(2 * 200 + 65);
  });

  it("may put one route before the other again and again", () => {
    const gateway = createGateway(tableOf(many(100)));
    let routes = many(100);
    for (let i = 0; i < 200; i++) {
      routes = routes
        .toSpliced(50, 0, { id: `in-${i}`, match: { path: "/in" }, to: "s" })
        .slice(0, 150);
      gateway.update(tableOf(routes));
      expect(gateway.decide({ method: "GET", url: "/in" })).toMatchObject({ route: `in-${i}` });
    }
  });

  it("gives a route without an id the number that it has now", () => {
    const beta: RouteConfig = { match: { path: "/x", headers: { beta: "1" } }, to: "s" };
    const plain: RouteConfig = { match: { path: "/x" }, to: "s" };
    const gateway = createGateway(tableOf([beta, plain, ...many(80)]));
    const idOf = () => gateway.decide({ method: "GET", url: "/x" });
    expect(idOf()).toMatchObject({ route: "/x (2)" });
    gateway.update(tableOf([plain, ...many(80)]));
    expect(idOf()).toMatchObject({ route: "/x" });
  });

  it("with other defaults compiles all anew", () => {
    const gateway = createGateway(tableOf(many(3)));
    gateway.update({ ...tableOf(many(3)), defaults: { timeouts: { idleMs: 7 } } });
    expect(gateway.decide({ method: "GET", url: "/r1/1" })).toMatchObject({
      timeouts: { idleMs: 7 },
    });
  });
});

describe("for every sequence of updates", () => {
  const draws = { split: [0.4], balance: [0.3] };
  /** Tables that grow out of one another: routes are put in, taken out, moved and changed. */
  const steps = fc.tuple(
    config,
    fc.array(
      fc.record({
        at: fc.nat(),
        take: fc.nat(2),
        put: config.map(({ routes }) => routes.slice(0, 2)),
        isMove: fc.boolean(),
      }),
      { minLength: 1, maxLength: 6 },
    ),
  );

  it("a gateway that was updated decides as one that was made anew", () => {
    fc.assert(
      fc.property(
        steps,
        fc.array(view, { minLength: 12, maxLength: 12 }),
        ([first, edits], views) => {
          // More routes than words, so that patches stay small beside the table.
          let routes: RouteConfig[] = [
            ...first.routes.map((route, index) => ({ ...route, id: `first-${index}` })),
            ...many(80),
          ];
          const configOf = (): GatewayConfig => ({
            ...first,
            services: { ...first.services, s: { instances: ["http://s"] } },
            routes,
          });
          const updated = createGateway(configOf(), { env: testEnv({ draws }) });
          for (const [turn, { at, take, put, isMove }] of edits.entries()) {
            const from = at % routes.length;
            const own = put.map((route, index) => ({ ...route, id: `turn-${turn}-${index}` }));
            const taken = routes.slice(from, from + take);
            routes = routes.toSpliced(from, take, ...own);
            if (isMove) routes = [...taken, ...routes];
            updated.update(configOf());
            const fresh = createGateway(configOf(), { env: testEnv({ draws }) });
            for (const asked of views) {
              expect(updated.decide(asked)).toEqual(fresh.decide(asked));
              const order = (gateway: typeof fresh) =>
                gateway
                  .explain(asked, { everyRoute: true })
                  .routes.map(({ route, verdict }) => `${route} ${verdict}`);
              expect(order(updated)).toEqual(order(fresh));
            }
          }
        },
      ),
      { numRuns: 100 },
    );
  });
});
