import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { config, view } from "../../test/generated.js";
import type { ConfigInput, GatewayConfig } from "../config/config.js";
import type { RouteConfig } from "../config/route-config.js";
import { createGateway } from "../gateway.js";
import { testEnv } from "../testing/env.js";
import { analyzeRoutes } from "./analyze.js";
import type { RouteFinding } from "./finding.js";

const services = { s: { instances: ["http://a"] } };
const analyze = (...routes: RouteConfig[]) =>
  analyzeRoutes({
    services,
    routes: routes.map((route) => ({ to: "s", ...route })),
  } as ConfigInput);
const messages = (...routes: RouteConfig[]) => analyze(...routes).map(({ message }) => message);

describe("a route that can never be reached", () => {
  it.each<[string, RouteConfig["match"], RouteConfig["match"]]>([
    ["same path", { path: "/a" }, { path: "/a" }],
    ["other parameter names", { path: "/a/:x" }, { path: "/a/:y" }],
    ["prefix and pattern", { path: "/a/*" }, { path: { prefix: "/a/" } }],
    [
      "a header that may be anything",
      { headers: { a: { present: true } } },
      { headers: { A: "1" } },
    ],
    ["text that starts so", { query: { a: { startsWith: "1" } } }, { query: { a: "12" } }],
    ["a list of values", { cookies: { c: { oneOf: ["1", "2"] } } }, { cookies: { c: "2" } }],
    [
      "a range",
      { query: { n: { range: { from: 1, to: 9 } } } },
      { query: { n: { range: { from: 2, to: 5 } } } },
    ],
    ["a regex", { path: { regex: "/[a-z]+" } }, { path: { regex: "/[a-f]+" } }],
    ["a path behind a regex", { path: "/a/*" }, { path: { regex: "/a/[0-9]+" } }],
    ["plain text before a regex", { path: { startsWith: "/a" } }, { path: { regex: "/ab.*" } }],
    ["methods", { method: ["GET", "PUT"] }, { method: "PUT" }],
    ["addresses", { clientAddress: "10.0.0.0/8" }, { clientAddress: ["10.1.0.0/16", "10.2.3.4"] }],
    ["ports", { port: [80, 443] }, { port: 443 }],
    [
      "negations",
      { headers: { a: { not: "1" } } },
      { headers: { a: { not: { startsWith: "1" } } } },
    ],
    ["cases", { headers: { a: { equals: "X", ignoreCase: true } } }, { headers: { a: "x" } }],
    [
      "parameters",
      { path: "/:a", params: { a: { contains: "b" } } },
      { path: "/:z", params: { z: "abc" } },
    ],
  ])("is found when another takes all its requests: %s", (_what, first, second) => {
    expect(
      analyze({ id: "one", match: first as object }, { id: "two", match: second as object }),
    ).toMatchObject([
      {
        kind: "unreachable",
        pointer: "/routes/1",
        route: "two",
        by: ["one"],
        message: 'no request reaches route "two": "one" takes them all',
      },
    ]);
  });

  it("is found when several others share its requests among them", () => {
    expect(
      analyze(
        { id: "on", order: -1, match: { headers: { a: "1" } } },
        { id: "off", order: -1, match: { headers: { a: { not: "1" } } } },
        { id: "never", match: { path: "/a" } },
      ),
    ).toMatchObject([{ kind: "unreachable", route: "never", by: ["on", "off"] }]);
  });

  it("is found when its own conditions cannot hold together", () => {
    const messagesOf = (match: RouteConfig["match"]) =>
      messages({ id: "all" }, { id: "r", match: match as object });
    expect(messagesOf({ path: "/:id", params: { id: "a b" } })).toEqual([
      'no request reaches route "r": its conditions cannot hold together',
    ]);
    expect(messagesOf({ cookies: { c: "a;b" } })).toHaveLength(1);
    expect(messagesOf({ headers: { a: { regex: "[^]*\\n" } } })).toHaveLength(1);
  });

  it("is told by its alternative when only some of them are hidden", () => {
    expect(
      analyze(
        { id: "a", match: { path: "/a/*" }, order: -1 },
        { id: "both", match: [{ path: "/a/b" }, { path: "/c" }] },
      ),
    ).toMatchObject([
      {
        pointer: "/routes/1/match/0",
        message: 'no request reaches alternative 1 of route "both": "a" takes them all',
      },
    ]);
  });

  it("has a pointer into the short form too", () => {
    expect(
      analyzeRoutes([
        { id: "a", path: "/a", to: "http://a" },
        { id: "b", path: "/a", to: "http://b" },
      ]),
    ).toMatchObject([{ pointer: "/1", route: "b" }]);
  });

  it.each<[string, RouteConfig["match"], RouteConfig["match"]]>([
    ["a wider path", { path: "/a/:x" }, { path: "/a/*" }],
    ["a path with another end", { path: "/a" }, { path: "/a/" }],
    [
      "a longer header",
      { headers: { a: { startsWith: "12" } } },
      { headers: { a: { regex: "1.*" } } },
    ],
    [
      "a wider range",
      { query: { n: { range: { from: 2, to: 5 } } } },
      { query: { n: { range: { from: 1, to: 9 } } } },
    ],
    ["another method", { path: "/a", method: "GET" }, { path: "/a" }],
    ["no host", { host: "*.a.com" }, {}],
    ["the bare name of a wildcard", { host: ["*.a.com", "b.a.com"] }, { host: "a.com" }],
  ])("is not seen where some request is left: %s", (_what, first, second) => {
    const found = analyze(
      { id: "one", match: first as object },
      { id: "two", match: second as object },
    );
    expect(found.filter(({ kind }) => kind === "unreachable")).toEqual([]);
  });
});

describe("routes of equal precedence", () => {
  it("are found when both can hold", () => {
    const [finding] = analyze(
      { id: "blue", match: { path: "/a", headers: { color: "blue" } } },
      { id: "big", match: { path: "/a", headers: { size: "big" } } },
    );
    expect(finding).toMatchObject({
      kind: "tie",
      pointer: "/routes/1",
      route: "big",
      by: ["blue"],
      message:
        'routes "blue" and "big" have equal precedence and can both hold: the one that is listed first wins',
      witness: { url: "/a", headers: { color: "blue", size: "big" } },
    });
  });

  it("are no finding when they cannot hold together, or precedence tells them apart", () => {
    expect(
      analyze(
        { match: { path: "/a", headers: { color: "blue" } } },
        { match: { path: "/a", headers: { color: "red" } } },
        { match: { path: "/a" } },
        { match: { path: "/b", headers: { color: "red" } } },
        { match: { path: "/:x", headers: { color: "red" } } },
      ),
    ).toEqual([]);
  });
});

describe("a route without a policy", () => {
  it("is found when it takes requests of one that has it", () => {
    const [finding, ...others] = analyze(
      { id: "admin", match: { path: "/admin/*" }, policies: ["log", "auth"] },
      { id: "export", match: { path: "/admin/:what/export" }, policies: ["log"] },
      { id: "open", match: { path: "/open" } },
    );
    expect(others).toEqual([]);
    expect(finding).toMatchObject({
      kind: "policy-gap",
      pointer: "/routes/1",
      route: "export",
      by: ["admin"],
      message:
        'route "export" is without the policy "auth" and takes requests that "admin" would take with it',
    });
  });
});

describe("what no two conditions may be taken for", () => {
  const kinds = (...routes: RouteConfig[]) =>
    analyze(...routes).map(({ kind, route }) => `${kind} ${route ?? ""}`);

  it.each<[string, RouteConfig[]]>([
    [
      "a host and the header of it",
      [
        { id: "public", match: { host: "public.shop.com" } },
        {
          id: "private",
          match: { headers: { host: { not: "public.shop.com" } } },
          policies: ["auth"],
        },
      ],
    ],
    [
      "a cookie and the header of it",
      [
        {
          id: "member",
          match: { path: "/cart", cookies: { sid: { present: true } }, method: "GET" },
        },
        {
          id: "anon",
          match: { path: "/cart", headers: { cookie: { present: false } } },
          policies: ["captcha"],
        },
      ],
    ],
    [
      "letters that fold and letters that have a lower case",
      [
        { id: "x", order: -1, match: { query: { n: { equals: "s", ignoreCase: true } } } },
        { id: "y", match: { query: { n: { regex: "[sS\u017f]" } } } },
      ],
    ],
    [
      "OPTIONS and a preflight, which no policy sees",
      [
        { id: "options", order: -1, match: { method: "OPTIONS" } },
        {
          id: "api",
          match: { path: "/api/*", method: ["GET", "PUT"] },
          cors: { allowOrigins: ["https://x.com"] },
          policies: ["auth"],
        },
      ],
    ],
    [
      "ports, methods and hosts that are named, and all others there are",
      [
        { id: "ports", order: -1, match: { port: [8080, 8081, 8082, 8083] } },
        {
          id: "methods",
          order: -1,
          match: { port: 9, method: ["GET", "ZQ7", "zq7-0".toUpperCase()] },
        },
        {
          id: "host",
          order: -1,
          match: { port: 9, host: ["zq7.a.com", "zq7-0.a.com", "zq7.test"] },
        },
        { id: "rest", match: { port: [9, 8080], method: ["GET", "PUT", "ZQ7"], host: "*.a.com" } },
        { id: "any" },
      ],
    ],
  ])("raises no alarm: %s", (_what, routes) => {
    expect(kinds(...routes)).toEqual([]);
  });

  it("sees that the same condition cannot hold and fail, whatever it means", () => {
    const condition = { regex: "\\S+\\b" };
    expect(
      kinds(
        { id: "x", order: -1, match: { headers: { h: condition } } },
        { id: "y", match: { path: "/p", headers: { h: condition } } },
      ),
    ).toEqual(["unreachable y"]);
  });

  it("says nothing of a share that only preflights reach, for they get no instance", () => {
    const found = analyzeRoutes({
      services: { a: { instances: [{ url: "http://a", version: "v1" }] } },
      routes: [
        { id: "fast", order: -1, match: { path: "/a", method: "GET" }, to: "a" },
        {
          id: "x",
          match: { path: "/a", method: "GET" },
          cors: { allowOrigins: ["*"] },
          to: { service: "a", version: "v2" as string },
        },
      ],
    });
    expect(found.map(({ kind }) => kind)).not.toContain("no-instance");
  });

  it("says nothing where one thing is looked at in two ways that do not agree", () => {
    const odd = { id: "odd", match: { host: "a.com", headers: { host: "b.com" } } };
    expect(kinds(odd)).toEqual([]);
    expect(kinds({ id: "all" }, odd)).toEqual([]);
  });

  it("says nothing of a share that the key in the request never falls to", () => {
    const found = analyzeRoutes({
      services: { a: { instances: [{ url: "http://a", version: "v1" }] } },
      routes: [
        {
          match: { cookies: { c: "key" } },
          to: {
            service: "a",
            split: { v1: 1_000_000, ["v2" as string]: 1 },
            sticky: { cookie: "c" },
          },
        },
      ],
    });
    expect(found).toEqual([]);
  });

  it("tells apart which policy is lacking for whom", () => {
    const found = analyze(
      { id: "open", match: { path: "/a/b" } },
      { id: "auth", match: { path: "/a/*", headers: { x: "1" } }, policies: ["auth"] },
      { id: "limit", match: { path: "/a/*", headers: { y: "1" } }, policies: ["limit"] },
    ).filter(({ kind, route }) => kind === "policy-gap" && route === "open");
    expect(found.map(({ message }) => message)).toEqual([
      'route "open" is without the policy "auth" and takes requests that "auth" would take with it',
      'route "open" is without the policy "limit" and takes requests that "limit" would take with it',
    ]);
  });

  it("tells one finding a route, however many it meets", () => {
    const many = Array.from({ length: 5 }, (_, i): RouteConfig => {
      return {
        id: `r${i}`,
        match: { path: "/a", headers: { [`h${i}`]: "1" } },
        policies: ["auth"],
      };
    });
    const found = analyze(
      { id: "open", order: -1, match: { path: "/*", query: { x: "1" } } },
      ...many,
    );
    expect(found.map(({ kind, route, by }) => [kind, route, by.length])).toEqual([
      ...[1, 2, 3, 4].map((i) => ["tie", `r${i}`, i]),
      ["policy-gap", "open", 5],
    ]);
    expect(found.at(-1)?.message).toBe(
      'route "open" is without the policy "auth" and takes requests that "r0" (and 4 more) would take with it',
    );
  });
});

describe("backends", () => {
  const gateway = (routes: RouteConfig[]): GatewayConfig => ({
    services: {
      s: {
        instances: [
          { url: "http://1", version: "v1" },
          { url: "http://2", version: "v2" },
          "http://3",
        ],
      },
      idle: { instances: ["http://9"] },
      empty: { instances: [] },
    },
    routes: [{ id: "idle", match: { path: "/idle" }, to: "idle" }, ...routes],
  });

  it("without any weight are found", () => {
    expect(
      analyzeRoutes(
        gateway([
          { id: "r", to: { service: "s", split: { v1: 0 } } },
          { to: "s", match: { path: "/x" } },
        ]),
      ),
    ).toMatchObject([
      {
        kind: "no-weight",
        route: "r",
        message: 'the weights of route "r" add up to nothing: it answers 500',
      },
    ]);
  });

  it("without instances are found, with the point that shows it", () => {
    expect(
      analyzeRoutes(
        gateway([
          { id: "r", to: { service: "s", split: { v1: 90, v3: 10 } } },
          {
            id: "e",
            match: { path: "/e" },
            to: [{ service: "empty", fallback: { service: "s" } }],
          },
        ]),
      ),
    ).toMatchObject([
      {
        kind: "no-instance",
        route: "r",
        point: 0.95,
        message:
          'route "r" leads to service "s", which has no instance in version "v3": that share answers 503',
      },
    ]);
  });

  it("that no route leads to are found", () => {
    const found = analyzeRoutes({
      ...gateway([{ to: { service: "s", split: { v1: 1, v2: 0 } } }]),
      routes: [{ id: "r", to: { service: "s", split: { v1: 1, v2: 0 } } }],
    });
    expect(found.map(({ pointer, message }) => [pointer, message])).toEqual([
      [
        "/services/s/instances/1",
        'instance "http://2" of service "s" gets no requests: no route leads to version "v2"',
      ],
      [
        "/services/s/instances/2",
        'instance "http://3" of service "s" gets no requests: no route leads to instances without a version',
      ],
      [
        "/services/idle/instances/0",
        'instance "http://9" of service "idle" gets no requests: no route leads to the service',
      ],
    ]);
  });

  it("of routes that nothing reaches lead nowhere, mirrors and fallbacks do", () => {
    const kinds = (routes: RouteConfig[]) =>
      analyzeRoutes(gateway(routes)).map(({ kind, pointer }) => `${kind} ${pointer}`);
    expect(kinds([{ match: { path: "/idle" }, to: "s" }])).toEqual([
      "unreachable /routes/1",
      ...[0, 1, 2].map((index) => `unused-instance /services/s/instances/${index}`),
    ]);
    expect(kinds([{ to: "idle", mirror: [{ service: "s" }] }])).toEqual([]);
    expect(kinds([{ to: [{ service: "idle", fallback: { service: "s" } }] }])).toEqual([]);
  });
});

describe("for every table", () => {
  const verdicts = (given: GatewayConfig, finding: RouteFinding) => {
    const { routes } = createGateway(given).explain(finding.witness, { everyRoute: true });
    const of = (wanted: string) =>
      routes.filter(({ verdict }) => verdict === wanted).map(({ route }) => route);
    return { taken: of("taken"), outranked: of("outranked") };
  };
  const confirmed: {
    [Kind in RouteFinding["kind"]]: (given: GatewayConfig, finding: RouteFinding) => void;
  } = {
    unreachable: (given, finding) => {
      const { taken } = verdicts(given, finding);
      expect(taken).not.toContain(finding.route);
      if (finding.by.length > 0) expect(finding.by).toEqual(expect.arrayContaining(taken));
    },
    tie: (given, finding) => {
      const { taken, outranked } = verdicts(given, finding);
      expect(finding.by).toContain(taken[0]);
      expect(outranked).toContain(finding.route);
    },
    "policy-gap": (given, finding) => {
      const { taken, outranked } = verdicts(given, finding);
      expect([taken, outranked]).toEqual([
        [finding.route],
        expect.arrayContaining([finding.by[0]]),
      ]);
    },
    "no-weight": (given, { witness, route }) => {
      expect(createGateway(given).decide(witness)).toMatchObject({ route, reason: "no-backend" });
    },
    "no-instance": (given, { witness, route, point = 0 }) => {
      const env = testEnv({ draws: { split: [point] } });
      expect(createGateway(given, { env }).decide(witness)).toMatchObject({
        route,
        reason: "no-instance",
      });
    },
    "unused-instance": (given, { witness, pointer }) => {
      const [, , service, , index] = pointer.split("/");
      const instance = given.services?.[service as string]?.instances[Number(index)];
      const url = typeof instance === "object" && "url" in instance ? instance.url : instance;
      const decision = createGateway(given).decide(witness);
      expect(decision.kind === "forward" ? decision.instance.url : decision.kind).not.toBe(url);
    },
  };

  it("each finding is shown by its witness", () => {
    const seen = new Map<string, number>();
    fc.assert(
      fc.property(config, (given) => {
        for (const finding of analyzeRoutes(given)) {
          seen.set(finding.kind, (seen.get(finding.kind) ?? 0) + 1);
          confirmed[finding.kind](given, finding);
        }
      }),
      // The seed is one with which every kind comes up.
      { numRuns: 300, seed: 1 },
    );
    expect([...seen.keys()].sort()).toEqual(Object.keys(confirmed).sort());
  });

  it("no request reaches what is found to be out of reach", () => {
    fc.assert(
      fc.property(config, fc.array(view, { minLength: 50, maxLength: 50 }), (given, views) => {
        const findings = analyzeRoutes(given);
        const out = findings.filter(
          ({ kind, pointer }) => kind === "unreachable" && /^\/routes\/\d+$/.test(pointer),
        );
        const unused = findings
          .filter(({ kind }) => kind === "unused-instance")
          .map(({ message }) => /"([^"]+)"/.exec(message)?.[1]);
        const gateway = createGateway(given);
        for (const asked of views) {
          const decision = gateway.decide(asked);
          if ("route" in decision)
            expect(out.map(({ route }) => route)).not.toContain(decision.route);
          if (decision.kind === "forward") expect(unused).not.toContain(decision.instance.id);
        }
      }),
      { numRuns: 200 },
    );
  });
});
