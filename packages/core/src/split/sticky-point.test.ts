import { describe, expect, it } from "vitest";
import { createGateway } from "../gateway.js";
import type { StickyConfig } from "../config/route-config.js";
import type { RequestParts } from "../testing/request.js";
import { request } from "../testing/request.js";
import { testEnv } from "../testing/env.js";
import { pickVersion } from "./pick-version.js";
import { stickyPoint } from "./sticky-point.js";

const users = Array.from({ length: 10_000 }, (_, i) => `user-${i}`);

describe("the point of a key", () => {
  it("is always the same, in [0, 1)", () => {
    expect(stickyPoint("user-7", "products")).toBe(stickyPoint("user-7", "products"));
    for (const user of users.slice(0, 1_000)) {
      const point = stickyPoint(user, "products");
      expect(point >= 0 && point < 1).toBe(true);
    }
  });

  it("stays the same from release to release", () => {
    expect(stickyPoint("user-7", "products") * 2 ** 32).toBe(1_396_423_200);
  });

  it("spreads keys evenly", () => {
    for (const salt of ["products", "orders"]) {
      const low = users.filter((user) => stickyPoint(user, salt) < 0.1).length;
      expect(Math.abs(low / users.length - 0.1)).toBeLessThan(0.01);
    }
  });

  it("of one salt says nothing about that of another", () => {
    const both = users.filter(
      (user) => stickyPoint(user, "products") < 0.1 && stickyPoint(user, "orders") < 0.1,
    );
    expect(Math.abs(both.length / users.length - 0.01)).toBeLessThan(0.005);
  });
});

it("keeps all who had the new version when its share grows", () => {
  const having = (share: number) =>
    users.filter(
      (user) => pickVersion({ v1: 100 - share, v2: share }, stickyPoint(user, "shop")) === "v2",
    );
  const early = having(5);
  expect(early.length).toBeGreaterThan(400);
  expect(having(20)).toEqual(expect.arrayContaining(early));
  expect(having(5)).toEqual(early);
});

describe("the key of a sticky split", () => {
  const pointOf = (sticky: StickyConfig, line: string, parts: RequestParts = {}) => {
    const gateway = createGateway(
      {
        services: {
          shop: {
            instances: ["v1", "v2"].map((version) => ({ url: `http://${version}`, version })),
          },
        },
        routes: [{ to: { service: "shop", split: { v1: 50, v2: 50 }, sticky } }],
        trustedProxies: ["10.0.0.0/8"],
      },
      { env: testEnv({ draws: { split: [0.25] } }) },
    );
    const decision = gateway.decide(request(line, parts));
    return decision.kind === "forward" ? decision.point : decision.kind;
  };
  const keyed = stickyPoint("k20", "shop");

  it.each<readonly [sticky: StickyConfig, line: string, parts: RequestParts]>([
    [{ cookie: "uid" }, "GET /", { headers: { cookie: "a=b; uid=k20; uid=other" } }],
    [{ header: "X-User" }, "GET /", { headers: { "x-user": "k20" } }],
    [{ query: "u" }, "GET /?u=k%320", {}],
    [{ fact: "user" }, "GET /", { facts: { user: "k20" } }],
  ])("%j is found", (sticky, line, parts) => {
    expect(pointOf(sticky, line, parts)).toBe(keyed);
  });

  it("may be the address of the client, behind trusted proxies", () => {
    const headers = { "x-forwarded-for": "192.0.2.5" };
    const direct = pointOf("clientAddress", "GET /", { remoteAddress: "192.0.2.5" });
    expect(direct).toBe(stickyPoint("192.0.2.5", "shop"));
    expect(pointOf("clientAddress", "GET /", { remoteAddress: "10.0.0.1", headers })).toBe(direct);
  });

  it("may be a number or a boolean fact", () => {
    expect(pointOf({ fact: "id" }, "GET /", { facts: { id: 20 } })).toBe(stickyPoint("20", "shop"));
  });

  it.each<readonly [sticky: StickyConfig, line: string, parts: RequestParts]>([
    [{ cookie: "uid" }, "GET /", {}],
    [{ header: "x-user" }, "GET /", {}],
    [{ query: "u" }, "GET /", {}],
    [{ fact: "user" }, "GET /", { facts: { user: { id: 1 } } }],
    [{ fact: "constructor" }, "GET /", { facts: {} }],
    ["clientAddress", "GET /", {}],
  ])("%j is drawn instead when it is absent", (sticky, line, parts) => {
    expect(pointOf(sticky, line, parts)).toBe(0.25);
  });
});
