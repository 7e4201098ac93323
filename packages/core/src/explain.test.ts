import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { config, view } from "../test/generated.js";
import type { GatewayConfig } from "./config/config.js";
import { formatExplanation } from "./format-explanation.js";
import { createGateway } from "./gateway.js";
import { testEnv } from "./testing/env.js";
import { request } from "./testing/request.js";

const shop: GatewayConfig = {
  services: {
    products: {
      instances: [
        { url: "http://10.0.0.1", version: "v1" },
        { url: "http://10.0.1.1", version: "v2" },
        { url: "http://10.0.1.2", version: "v2" },
      ],
    },
    orders: { instances: ["http://10.0.0.9"] },
    empty: { instances: [] },
  },
  routes: [
    {
      id: "beta",
      match: { path: "/products/*", headers: { "x-beta": "1" } },
      to: { service: "products", version: "v2" },
    },
    {
      id: "products",
      match: { host: "api.shop.com", path: "/products/*" },
      to: { service: "products", split: { v1: 90, v2: 10 }, sticky: { cookie: "uid" } },
    },
    { id: "order", match: { path: "/orders/:id", method: ["GET", "DELETE"] }, to: "orders" },
    { id: "old", match: { path: { prefix: "/shop" } }, redirect: { status: 308 } },
    {
      id: "gone",
      match: { path: "/gone" },
      to: { service: "empty", fallback: { service: "products", version: "v1" } },
    },
    { id: "nothing", match: { path: "/nothing" }, to: [{ service: "orders", weight: 0 }] },
  ],
};
const shopOf = (draws = {}) => createGateway(shop, { env: testEnv({ draws }) });

describe("an explanation", () => {
  it("says which routes were considered in the order of precedence, and what failed first", () => {
    const { routes, unlisted } = shopOf().explain(request("PUT /orders/7"));
    expect(unlisted).toBe(0);
    expect(routes.map(({ route }) => route)).toEqual([
      ...["products", "gone", "nothing", "order", "beta", "old"],
    ]);
    const on = (id: string) => routes.find(({ route }) => route === id);
    expect(on("order")).toEqual({
      route: "order",
      alternative: 0,
      host: undefined,
      verdict: "failed",
      failed: { on: "method", name: "", wanted: "GET or DELETE", found: "PUT" },
    });
    expect(on("products")?.failed).toEqual({
      on: "host",
      name: "",
      wanted: "api.shop.com",
      found: undefined,
    });
    expect(on("beta")?.failed).toEqual({
      on: "path",
      name: "",
      wanted: "/products/*",
      found: "/orders/7",
    });
  });

  it("says what a condition wanted and what it found", () => {
    const failedOn = (headers: object, match: object) =>
      createGateway([{ id: "r", match, to: "http://a" }]).explain(
        request("GET /?a=%31&b", { headers: headers as { [name: string]: string } }),
      ).routes[0]?.failed;
    const headers = { "x-a": ["1", "2"], cookie: "c=1" };
    expect(failedOn(headers, { headers: { "X-A": "1" } })).toEqual({
      ...{ on: "header", name: "x-a", wanted: '"1"', found: "1,2" },
    });
    expect(failedOn(headers, { query: { a: { not: "1" } } })).toEqual({
      ...{ on: "query", name: "a", wanted: 'not "1"', found: "1" },
    });
    expect(failedOn(headers, { cookies: { d: { oneOf: ["1", "2"] } } })).toEqual({
      ...{ on: "cookie", name: "d", wanted: 'one of "1", "2"', found: undefined },
    });
    expect(failedOn(headers, { port: [80, 443] })).toMatchObject({
      ...{ on: "port", wanted: 'one of "80", "443"', found: undefined },
    });
    expect(failedOn(headers, { clientAddress: "10.0.0.0/8" })).toMatchObject({
      ...{ on: "clientAddress", wanted: "an address in 10.0.0.0/8", found: undefined },
    });
    expect(failedOn(headers, { protocol: "https" })).toMatchObject({
      ...{ on: "protocol", wanted: '"https"', found: "http" },
    });
    expect(failedOn({}, { path: "/:id", params: { id: "x" } })).toMatchObject({ on: "path" });
    expect(failedOn({}, { facts: { tenant: { present: true } } })).toMatchObject({
      ...{ on: "fact", wanted: "anything", found: undefined },
    });
  });

  it.each([
    [{ equals: "a", ignoreCase: true }, '"a" in any case'],
    [{ startsWith: "a" }, 'text that starts with "a"'],
    [{ endsWith: "a", ignoreCase: true }, 'text that ends with "a" in any case'],
    [{ contains: "a" }, 'text that contains "a"'],
    [{ regex: "a+" }, "text that matches /a+/"],
    [{ range: { from: 1, to: 3 } }, "a whole number from 1 below 3"],
    [{ range: { from: 1 } }, "a whole number from 1"],
    [{ range: { to: 3 } }, "a whole number below 3"],
    [{ not: { not: "a" } }, 'not not "a"'],
  ])("says %j in words", (condition, words) => {
    const gateway = createGateway([{ match: { headers: { a: condition } }, to: "http://a" }]);
    const failing = gateway.explain(request("GET /", { headers: { a: "zz" } })).routes[0]?.failed;
    expect(failing?.wanted ?? words).toBe(words);
    expect(gateway.explain(request("GET /")).routes[0]?.failed?.wanted).toBe(words);
  });

  it("says where the split was read, what shares there are, and which instances were left out", () => {
    const gateway = shopOf({ split: [0.95], balance: [0.9, 0] });
    const asked = request("GET api.shop.com/products/./7");
    const explanation = gateway.explain(asked);
    expect(explanation).toMatchObject({
      request: { method: "GET", url: "/products/./7", path: "/products/7", host: "api.shop.com" },
      split: {
        point: 0.95,
        key: undefined,
        backends: [
          { service: "products", version: "v1", weight: 90, share: 0.9, chosen: false },
          { service: "products", version: "v2", weight: 10, share: 0.1, chosen: true },
        ],
      },
      pools: [
        {
          service: "products",
          version: "v2",
          balancer: "least-request",
          triesAll: false,
          instances: [
            { id: "http://10.0.0.1", verdict: "left-out", reason: "it is version v1" },
            { id: "http://10.0.1.1", verdict: "candidate" },
            { id: "http://10.0.1.2", verdict: "chosen" },
          ],
        },
      ],
      upstreamRequest: { method: "GET", path: "/products/7" },
      clientResponse: undefined,
      draws: [
        { purpose: "split", value: 0.95 },
        { purpose: "balance", value: 0.9 },
        { purpose: "balance", value: 0 },
      ],
    });
  });

  it("says which key a sticky point comes from", () => {
    const asked = request("GET api.shop.com/products/7", { headers: { cookie: "uid=u1" } });
    expect(shopOf().explain(asked).split).toMatchObject({ key: "u1" });
  });

  it("says for how long an instance is ejected, and when all are tried", () => {
    const gateway = shopOf();
    const orders = (ejectedForMs: number) =>
      gateway.restore({
        services: { orders: { instances: { "http://10.0.0.9": { ejectedForMs } } } },
      });
    orders(0.5);
    expect(gateway.explain(request("GET /orders/7")).pools[0]).toMatchObject({
      triesAll: true,
      instances: [{ verdict: "chosen" }],
    });
    gateway.restore({
      services: { products: { instances: { "http://10.0.1.1": { ejectedForMs: 1_500 } } } },
    });
    const beta = request("GET /products/7", { headers: { "x-beta": "1" } });
    expect(gateway.explain(beta).pools[0]?.instances[1]).toMatchObject({
      verdict: "left-out",
      reason: "it is ejected for 1500 ms more",
    });
  });

  it("names the policies of the route that is taken", () => {
    const gateway = createGateway([{ path: "/a", policies: ["auth", "limit"], to: "http://a" }]);
    expect(gateway.explain(request("GET /a")).policies).toEqual(["auth", "limit"]);
    expect(gateway.explain(request("GET /b")).policies).toEqual([]);
    expect(formatExplanation(gateway.explain(request("GET /a")))).toContain(
      "\nPolicies: auth, limit\n",
    );
  });

  it("shows the fallback that was needed", () => {
    expect(shopOf().explain(request("GET /gone")).pools).toMatchObject([
      { service: "empty", instances: [] },
      { service: "products", version: "v1", instances: [{ verdict: "chosen" }, {}, {}] },
    ]);
  });

  it("tells the backend and its fallback apart within one service", () => {
    const gateway = createGateway(
      {
        services: {
          s: {
            instances: [
              { url: "http://1", version: "v1" },
              { url: "http://2", version: "v2" },
            ],
          },
        },
        routes: [{ to: { service: "s", version: "v2", fallback: { version: "v1" } } }],
      },
      { env: testEnv() },
    );
    const pools = () =>
      gateway
        .explain(request("GET /"))
        .pools.map(({ role, triesAll, instances }) => [
          ...[role, triesAll],
          ...instances.map(({ verdict, reason }) => reason ?? verdict),
        ]);
    expect(pools()).toEqual([["backend", false, "it is version v1", "chosen"]]);
    const eject = (...ids: string[]) =>
      gateway.restore({
        services: {
          s: { instances: Object.fromEntries(ids.map((id) => [id, { ejectedForMs: 50 }])) },
        },
      });
    eject("http://2");
    expect(pools()).toEqual([
      ["backend", false, "it is version v1", "it is ejected for 50 ms more"],
      ["fallback", false, "chosen", "it is version v2"],
    ]);
    eject("http://1", "http://2");
    expect(pools()).toEqual([
      ["backend", true, "it is version v1", "chosen"],
      ["fallback", false, "it is ejected for 50 ms more", "it is version v2"],
    ]);
    expect(formatExplanation(gateway.explain(request("GET /")))).toContain(
      [
        "Instances for s v2 (least-request; none is eligible, so all are tried):",
        "  ✗ http://1  it is version v1",
        "  ✓ http://2  0 in flight, ejected for 50 ms more",
        "Instances for s v1, the fallback (least-request):",
      ].join("\n"),
    );
  });

  it("says which copies are made, and why others are not", () => {
    const gateway = createGateway(
      {
        services: { a: { instances: ["http://a"] }, none: { instances: [] } },
        routes: [
          {
            to: "a",
            mirror: [
              { service: "a", ratio: 0.5 },
              { service: "none" },
              { service: "a", ratio: 0.2 },
            ],
          },
        ],
      },
      { env: testEnv({ draws: { mirror: [0.4, 0.4, 0.4] } }) },
    );
    const explanation = gateway.explain(request("GET /"));
    expect(explanation.mirrors).toEqual([
      { service: "a", version: undefined, ratio: 0.5, instance: "http://a" },
      {
        service: "none",
        version: undefined,
        ratio: 1,
        instance: undefined,
        reason: "there is no instance",
      },
      {
        service: "a",
        version: undefined,
        ratio: 0.2,
        instance: undefined,
        reason: "0.4 was drawn, not below 0.2",
      },
    ]);
    expect(formatExplanation(explanation)).toContain(
      [
        "Copies:",
        "  ✓ a  ratio 0.5: http://a",
        "    none  ratio 1: there is no instance",
        "    a  ratio 0.2: 0.4 was drawn, not below 0.2",
      ].join("\n"),
    );
  });

  it("tells copies to two versions of one service apart", () => {
    const gateway = createGateway(
      {
        services: { a: { instances: [{ url: "http://a", version: "v1" }] } },
        routes: [
          { to: "a", mirror: [{ service: "a", version: "v9" as string }, { service: "a" }] },
        ],
      },
      { env: testEnv() },
    );
    const { mirrors } = gateway.explain(request("GET /"));
    expect(mirrors.map(({ instance }) => instance)).toEqual([undefined, "http://a"]);
  });

  it("says what a preflight asks for, and whether the origin is allowed", () => {
    const gateway = createGateway([
      { id: "api", method: "PUT", to: "http://a", cors: { allowOrigins: ["https://a.com"] } },
    ]);
    const ask = (origin: string, asked: string) =>
      gateway.explain(
        request("OPTIONS x.org/", { headers: { origin, "access-control-request-method": asked } }),
      );
    expect(ask("https://a.com", "PUT").cors).toEqual({ origin: "https://a.com", isAllowed: true });
    const refused = formatExplanation(ask("https://b.com", "PUT"));
    expect(refused).toContain("host x.org, http, a preflight for PUT");
    expect(refused).toContain("CORS: the origin https://b.com is not allowed to read the answer");
    expect(formatExplanation(ask("https://a.com", "GET"))).toContain(
      '✗ api  method: wanted PUT, found "GET"',
    );
  });

  it("lists its draws by purpose, with which the decision comes out again", () => {
    const gateway = createGateway(shop);
    for (let i = 0; i < 20; i++) {
      const { decision, draws } = gateway.explain(request("GET api.shop.com/products/7"));
      const listed = (purpose: string) =>
        draws.filter((draw) => draw.purpose === purpose).map(({ value }) => value);
      const again = shopOf({ split: listed("split"), balance: listed("balance") });
      expect(again.decide(request("GET api.shop.com/products/7"))).toEqual(decision);
    }
  });

  it("changes nothing", () => {
    const gateway = shopOf();
    const before = JSON.stringify(gateway.snapshot());
    gateway.explain(request("GET /orders/7"));
    expect(JSON.stringify(gateway.snapshot())).toBe(before);
  });

  it("of a large table lists the routes whose host and path hold, or all when asked", () => {
    const routes = Array.from({ length: 200 }, (_, index) => ({
      id: `r${index}`,
      match: { path: `/r${index}/*` },
      to: "http://a",
    }));
    const gateway = createGateway([
      ...routes,
      { id: "all", match: { path: "/*" }, to: "http://a" },
    ]);
    const asked = request("GET /r7/x");
    expect(gateway.explain(asked)).toMatchObject({
      unlisted: 199,
      routes: [
        { route: "r7", verdict: "taken" },
        { route: "all", verdict: "outranked" },
      ],
    });
    const whole = gateway.explain(asked, { everyRoute: true });
    expect([whole.routes.length, whole.unlisted]).toEqual([201, 0]);
  });

  it("of many routes behind one path, and of many instances, lists the first and the one that counts", () => {
    const urls = Array.from({ length: 200 }, (_, index) => `http://i${index}`);
    const gateway = createGateway(
      {
        services: { s: { instances: urls, balancer: "random" } },
        routes: urls.map((url, index) => ({
          id: url,
          match: { path: "/x", headers: { t: String(index) } },
          to: "s",
        })),
      },
      { env: testEnv({ draws: { balance: [0.75] } }) },
    );
    const { routes, unlisted, pools } = gateway.explain(
      request("GET /x", { headers: { t: "120" } }),
    );
    expect([routes.length, unlisted, routes.at(-1)?.route]).toEqual([51, 149, "http://i120"]);
    const instances = pools[0]?.instances ?? [];
    expect([instances.length, pools[0]?.unlisted, instances.at(-1)?.id]).toEqual([
      51,
      149,
      "http://i150",
    ]);
    expect(instances.at(-1)?.verdict).toBe("chosen");
  });

  it("is plain data", () => {
    const explanation = shopOf().explain(request("GET /orders/7"));
    expect(JSON.parse(JSON.stringify(explanation))).toMatchObject({
      decision: { kind: "forward", route: "order" },
    });
  });
});

describe("for every table and request", () => {
  it("the explanation agrees with the decision", () => {
    const draw = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(config, view, draw, (given, asked, point) => {
        const draws = { split: [point], balance: [point], mirror: [point] };
        const decided = createGateway(given, { env: testEnv({ draws }) }).decide(asked);
        const gateway = createGateway(given, { env: testEnv({ draws }) });
        const explanation = gateway.explain(asked);
        expect(explanation.decision).toEqual(decided);
        const taken = explanation.routes.filter(({ verdict }) => verdict === "taken");
        expect(taken.map(({ route }) => route)).toEqual("route" in decided ? [decided.route] : []);
        const chosen = explanation.pools.flatMap(({ instances }) =>
          instances.filter(({ verdict }) => verdict === "chosen"),
        );
        if (decided.kind !== "forward") return;
        expect(chosen.map(({ id }) => id)).toEqual([decided.instance.id]);
        expect(explanation.split?.point).toBe(decided.point);
        expect(explanation.split?.backends.filter((backend) => backend.chosen)).toHaveLength(1);
        expect(formatExplanation(explanation)).toContain(decided.instance.url);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe("an explanation as text", () => {
  it("is a few lines for people", () => {
    const gateway = shopOf({ split: [0.95] });
    const asked = request("GET api.shop.com/products/./7?a=1", { remoteAddress: "203.0.113.9" });
    expect(formatExplanation(gateway.explain(asked))).toBe(
      [
        "GET /products/./7?a=1",
        "  path /products/7, host api.shop.com, http, from 203.0.113.9",
        "Routes, the first that holds is taken:",
        "  ✓ products",
        '  ✗ gone      path: wanted /gone, found "/products/7"',
        '  ✗ nothing   path: wanted /nothing, found "/products/7"',
        '  ✗ order     path: wanted /orders/:id, found "/products/7"',
        '  ✗ beta      header x-beta: wanted "1", found nothing',
        '  ✗ old       path: wanted /shop/*, found "/products/7"',
        "Split, read at 0.95 (drawn, for there is no cookie uid):",
        "    products v1  weight 90 (90 %)",
        "  ✓ products v2  weight 10 (10 %)",
        "Instances for products v2 (least-request):",
        "  ✗ http://10.0.0.1  it is version v1",
        "  ✓ http://10.0.1.1  0 in flight",
        "  · http://10.0.1.2  0 in flight",
        "Decision: route products forwards to products v2 at http://10.0.1.1",
        "  GET /products/7?a=1",
        "  host: api.shop.com",
        "  x-forwarded-for: 203.0.113.9",
        "  x-forwarded-proto: http",
        "  x-forwarded-host: api.shop.com",
      ].join("\n"),
    );
  });

  it("names the alternatives and hosts of one route apart", () => {
    const gateway = createGateway([
      { id: "r", match: [{ host: ["a.com", "b.com"] }, { path: "/b" }], to: "http://a" },
    ]);
    expect(formatExplanation(gateway.explain(request("GET b.com/b")))).toContain(
      [
        '  ✗ r #1 a.com     host: wanted a.com, found "b.com"',
        "  ✓ r #1 b.com",
        "  · r #2 any host  would hold, but another goes first",
      ].join("\n"),
    );
  });

  it.each([
    [
      "GET x.org/shop/a",
      "route old redirects (308) to http://x.org/shop/a\n  308\n  location: http://x.org/shop/a",
    ],
    ["GET /none", "no route holds, so the server behind answers"],
    [
      "GET /nothing",
      "refused on route nothing with 500 no-backend: no backend of the route has a weight above 0\n  500",
    ],
    ["GET x@y/", "refused with 400 bad-request: the host is malformed\n  400"],
  ])("says of %s what is done", (line, words) => {
    expect(formatExplanation(shopOf().explain(request(line)))).toContain(`Decision: ${words}`);
  });

  it("holds no control character of a client", () => {
    const asked = { method: "GET", url: "/a\u001b[2J\n", headers: { host: "x.org" } };
    expect(formatExplanation(shopOf().explain(asked)).split("\n")[0]).toBe(
      "GET /a\\u001b[2J\\u000a",
    );
  });
});
