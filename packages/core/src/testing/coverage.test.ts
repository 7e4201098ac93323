import { describe, expect, it } from "vitest";
import type { GatewayConfig } from "../config/config.js";
import { generateRequests } from "../analysis/generate.js";
import { formatCoverage } from "./coverage.js";
import { testEnv } from "./env.js";
import { request } from "./request.js";
import { routeTester } from "./tester.js";

const config: GatewayConfig = {
  services: {
    users: {
      instances: [
        { url: "http://u1", version: "v1" },
        { url: "http://u2", version: "v2" },
      ],
    },
  },
  routes: [
    {
      id: "users",
      match: { host: ["a.com", "b.com"], path: "/users/:id", method: ["GET", "PUT"] },
      to: { service: "users", split: { v1: 90, v2: 10, v3: 0 } },
    },
    { id: "any", match: [{}, { path: "/beta", cookies: { beta: "1" } }], to: "users" },
  ],
};

describe("coverage", () => {
  it("is nothing before anything was asked", () => {
    const coverage = routeTester(config).coverage();
    expect(coverage).toMatchObject({
      routes: [
        { route: "users", reached: false },
        { route: "any", reached: false },
      ],
      splits: [
        { route: "users", service: "users", version: "v1", reached: false },
        { route: "users", service: "users", version: "v2", reached: false },
      ],
      ratio: 0,
    });
    expect(coverage.conditions.map(({ condition }) => condition)).toEqual([
      ...["host: a.com", "path: /users/:id", "method: GET or PUT"],
      ...["host: b.com", "path: /users/:id", "method: GET or PUT"],
      ...["path: /beta", 'cookie beta: "1"'],
    ]);
  });

  it("grows with what is asked", () => {
    const tester = routeTester(config);
    tester.ask("GET a.com/users/7");
    const { routes, splits, conditions } = tester.coverage();
    expect(routes).toEqual([
      { route: "users", reached: true },
      { route: "any", reached: false },
    ]);
    expect(splits.map(({ reached }) => reached)).toEqual([true, false]);
    expect(conditions.map(({ held, failed }) => [held, failed])).toEqual([
      ...[
        [true, false],
        [true, false],
        [true, false],
      ],
      ...[
        [false, true],
        [false, false],
        [false, false],
      ],
      ...[
        [false, true],
        [false, false],
      ],
    ]);
  });

  it("is told as text, line by line", () => {
    const tester = routeTester(config);
    tester.ask("GET a.com/users/7");
    tester.ask(request("GET b.com/beta"));
    expect(formatCoverage(tester.coverage())).toBe(
      [
        "65 % of routes, shares and conditions were met",
        "  route users: its share for users v2 never reached",
        "  route users at a.com: path: /users/:id never failed",
        "  route users at a.com: method: GET or PUT never failed",
        "  route users at b.com: path: /users/:id never held",
        "  route users at b.com: method: GET or PUT never held",
        "  route users at b.com: method: GET or PUT never failed",
        '  route any: cookie beta: "1" never held',
      ].join("\n"),
    );
  });

  it("tells the alternatives of a route apart", () => {
    const tester = routeTester([
      { id: "r", match: [{ path: "/a" }, { path: "/b" }], to: "http://r" },
    ]);
    tester.ask("GET /a");
    expect(formatCoverage(tester.coverage())).toBe(
      [
        "60 % of routes, shares and conditions were met",
        "  route r, alternative 1: path: /a never failed",
        "  route r, alternative 2: path: /b never held",
      ].join("\n"),
    );
  });

  it("is whole after generated requests at both ends of the split", () => {
    const tester = routeTester(config, { env: testEnv({ draws: { split: [0, 0.99] } }) });
    for (const view of generateRequests(config)) tester.ask(view);
    expect(formatCoverage(tester.coverage())).toBe(
      "100 % of routes, shares and conditions were met",
    );
  });

  it("of no routes is whole", () => {
    expect(routeTester({ routes: [] }).coverage().ratio).toBe(1);
  });

  it("leaves the gateway to be started and restored", () => {
    const tester = routeTester(config);
    tester.gateway.start(tester.ask("GET a.com/users/7").decision);
    expect(tester.gateway.snapshot().services["users"]?.instances["http://u1"]?.inFlight).toBe(1);
  });
});
