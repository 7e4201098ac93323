import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { config } from "../../test/generated.js";
import type { GatewayConfig } from "../config/config.js";
import { createGateway } from "../gateway.js";
import type { RequestView } from "../request.js";
import { analyzeRoutes } from "./analyze.js";
import { generateRequests } from "./generate.js";

const lines = (views: readonly RequestView[]) => views.map(({ method, url }) => `${method} ${url}`);

describe("generated requests", () => {
  it("reach a route, and break each of its conditions alone", () => {
    const views = generateRequests([
      {
        id: "r",
        path: "/users/:id",
        method: ["GET", "PUT"],
        headers: { "x-beta": "1" },
        query: { page: { range: { from: 2 } } },
        to: "http://a",
      },
    ]);
    const gateway = createGateway([
      {
        id: "r",
        path: "/users/:id",
        method: ["GET", "PUT"],
        headers: { "x-beta": "1" },
        query: { page: { range: { from: 2 } } },
        to: "http://a",
      },
    ]);
    const failures = views.map((view) => gateway.explain(view).routes[0]?.failed?.on);
    expect(failures).toEqual([undefined, "header", "query", "method", "path"]);
  });

  it("are few and plain", () => {
    expect(lines(generateRequests([{ path: "/a", method: "GET", to: "http://a" }]))).toEqual([
      "GET /a",
      "ZQ7 /a",
      "GET /",
    ]);
    expect(generateRequests({ routes: [] })).toEqual([]);
  });

  it.each([
    "clientAddress" as const,
    { cookie: "uid" },
    { header: "X-Uid" },
    { query: "u" },
    { fact: "uid" },
  ])("meet every share of a split that is sticky by %j", (sticky) => {
    const given: GatewayConfig = {
      services: {
        s: { instances: ["1", "2", "3"].map((n) => ({ url: `http://${n}`, version: `v${n}` })) },
      },
      routes: [{ to: { service: "s", split: { v1: 8, v2: 1, v3: 1 }, sticky } }],
    };
    const gateway = createGateway(given, {
      env: { now: () => 1, random: () => 0, randomId: () => "" },
    });
    const versions = generateRequests(given).map((view) => {
      const decision = gateway.decide(view);
      return decision.kind === "forward" ? decision.version : decision.kind;
    });
    expect(new Set(versions)).toEqual(new Set(["v1", "v2", "v3"]));
  });

  it("reach every route that can be reached, and both sides of every condition", () => {
    fc.assert(
      fc.property(config, (given) => {
        const gateway = createGateway(given);
        const views = generateRequests(given);
        const lost = analyzeRoutes(given).filter(({ kind }) => kind === "unreachable");
        const taken = new Set<string>();
        for (const view of views) {
          const decision = gateway.decide(view);
          if ("route" in decision && decision.route !== undefined) taken.add(decision.route);
        }
        for (const { id } of given.routes) {
          if (lost.some(({ route }) => route === id)) continue;
          expect(taken).toContain(id);
        }
      }),
      { numRuns: 120 },
    );
  });
});
