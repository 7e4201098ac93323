import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { config } from "../../test/generated.js";
import type { GatewayConfig } from "../config/config.js";
import type { RouteConfig } from "../config/route-config.js";
import { request } from "../testing/request.js";
import { compareConfigs } from "./compare.js";
import { generateRequests } from "./generate.js";

const instances = ["v1", "v2"].map((version) => ({ url: `http://${version}`, version }));
const configOf = (...routes: RouteConfig[]): GatewayConfig => ({
  services: { s: { instances }, other: { instances: ["http://o"] } },
  routes,
});
const split = (v1: number, v2: number): RouteConfig => ({
  id: "r",
  to: { service: "s", split: { v1, v2 } },
});

describe("what would change", () => {
  it("is nothing between a configuration and itself", () => {
    fc.assert(
      fc.property(config, (given) => {
        const views = generateRequests(given);
        expect(compareConfigs(given, given, views)).toEqual({
          requests: views.length,
          unchanged: 1,
          changes: [],
        });
      }),
      { numRuns: 50 },
    );
  });

  it("is told by the share of points that move when a split shifts", () => {
    const views = [request("GET /a"), request("GET /b")];
    expect(compareConfigs(configOf(split(90, 10)), configOf(split(80, 20)), views)).toMatchObject({
      requests: 2,
      unchanged: 0.9,
      changes: [
        {
          fields: ["version"],
          before: { kind: "forward", route: "r", service: "s", version: "v1" },
          after: { kind: "forward", route: "r", service: "s", version: "v2" },
          requests: 2,
          share: 0.1,
          examples: views,
        },
      ],
    });
  });

  it("is told in groups: by route, by service, by path and by policies", () => {
    const before = configOf(
      { id: "api", match: { path: "/api/*" }, to: "s", rewrite: { path: "/*" } },
      { id: "rest", match: { path: "/*" }, to: "s" },
      { id: "gone", match: { path: "/gone" }, respond: { status: 410 } },
    );
    const after = configOf(
      { id: "api", match: { path: "/api/*" }, to: "s", rewrite: { path: "/v2/*" } },
      { id: "rest", match: { path: "/*" }, to: "other", policies: ["auth"] },
      { id: "gone", match: { path: "/gone" }, respond: { status: 404 } },
      { id: "new", match: { path: "/new" }, redirect: { path: { replace: "/" } } },
    );
    const views = ["/api/a", "/api/b", "/x", "/y", "/z", "/gone", "/new"].map((url) =>
      request(`GET x.org${url}`),
    );
    const { changes, unchanged } = compareConfigs(before, after, views);
    expect(unchanged).toBe(0);
    expect(changes.map(({ fields, requests }) => [requests, ...fields])).toEqual([
      [3, "service", "policies"],
      [2, "path"],
      [1, "status"],
      [1, "kind", "route", "service", "path", "host", "status"],
    ]);
    expect(changes[1]).toMatchObject({
      before: { path: "/a" },
      after: { path: "/v2/a" },
      share: 0.285714286,
      examples: [{ url: "/api/a" }, { url: "/api/b" }],
    });
    expect(changes[3]).toMatchObject({
      after: { kind: "redirect", path: "http://x.org/", status: 302 },
    });
  });

  it("is told of sticky keys, not of points, where a split is sticky", () => {
    const sticky = (v1: number, v2: number): GatewayConfig =>
      configOf({
        id: "r",
        to: { service: "s", split: { v1, v2 }, sticky: { cookie: "uid" } },
      });
    const views = Array.from({ length: 100 }, (_, i) =>
      request("GET /", { headers: { cookie: `uid=${i}` } }),
    );
    const { changes, unchanged } = compareConfigs(sticky(100, 0), sticky(0, 100), views);
    expect([unchanged, changes[0]?.requests, changes[0]?.examples.length]).toEqual([0, 100, 5]);
  });

  it("is told of small shifts and of versions that a backend names, whatever the order of instances", () => {
    const views = [request("GET /")];
    const small = compareConfigs(configOf(split(1000, 0)), configOf(split(996, 4)), views);
    expect(small).toMatchObject({
      unchanged: 0.996,
      changes: [{ fields: ["version"], share: 0.004 }],
    });
    const all = configOf({ id: "r", to: "s" });
    const one = configOf({ id: "r", to: { service: "s", version: "v1" } });
    expect(compareConfigs(all, one, views).changes).toMatchObject([
      { before: { version: undefined }, after: { version: "v1" }, share: 1 },
    ]);
    const other = {
      ...all,
      services: { ...all.services, s: { instances: instances.toReversed() } },
    };
    expect(compareConfigs(all, other, views).changes).toEqual([]);
  });

  it("counts requests, also those that come again", () => {
    const view = request("GET /");
    const { changes } = compareConfigs(
      configOf({ to: "s" }),
      configOf({ to: "other" }),
      (function* () {
        for (let i = 0; i < 7; i++) yield view;
      })(),
    );
    expect(changes).toMatchObject([{ requests: 7, share: 1 }]);
    expect(changes[0]?.examples).toHaveLength(5);
  });

  it("is nothing when nothing is asked", () => {
    expect(compareConfigs(configOf(), configOf(), [])).toEqual({
      requests: 0,
      unchanged: 1,
      changes: [],
    });
  });
});
