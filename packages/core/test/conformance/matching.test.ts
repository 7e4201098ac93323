import { describe, expect, it } from "vitest";
import { checkConfig, createGateway } from "../../src/index.js";
import { ask, forwarded, holds, json, leads, reached, services } from "./kit.js";

holds(
  "the alternatives of a match",
  [
    { path: { exact: "/a" }, headers: { "x-a": "1" } },
    { path: { prefix: "/b" }, method: "POST" },
  ],
  [
    ["hold when the first does", ask("GET /a", { "x-a": "1" }), true],
    ["hold when the second does", "POST /b/c", true],
    ["do not hold by halves of each", ask("GET /b", { "x-a": "1" }), false],
    ["do not hold by the other halves", "POST /a", false],
    ["do not hold when neither does", "GET /c", false],
  ],
);

holds(
  "the conditions of one match",
  {
    host: "api.shop.com",
    path: "/orders/:id",
    method: "GET",
    headers: { "x-a": "1", "x-b": "2" },
    query: { q: "1" },
    cookies: { c: "1" },
    params: { id: "7" },
  },
  [
    [
      "hold when all do",
      ask("GET api.shop.com/orders/7?q=1", { "x-a": "1", "x-b": "2", cookie: "c=1" }),
      true,
    ],
    [
      "fail with the host",
      ask("GET shop.com/orders/7?q=1", { "x-a": "1", "x-b": "2", cookie: "c=1" }),
      false,
    ],
    [
      "fail with the path",
      ask("GET api.shop.com/order/7?q=1", { "x-a": "1", "x-b": "2", cookie: "c=1" }),
      false,
    ],
    [
      "fail with the method",
      ask("PUT api.shop.com/orders/7?q=1", { "x-a": "1", "x-b": "2", cookie: "c=1" }),
      false,
    ],
    [
      "fail with one of two headers",
      ask("GET api.shop.com/orders/7?q=1", { "x-a": "1", "x-b": "3", cookie: "c=1" }),
      false,
    ],
    [
      "fail with the query",
      ask("GET api.shop.com/orders/7?q=2", { "x-a": "1", "x-b": "2", cookie: "c=1" }),
      false,
    ],
    [
      "fail with the cookie",
      ask("GET api.shop.com/orders/7?q=1", { "x-a": "1", "x-b": "2", cookie: "c=2" }),
      false,
    ],
    [
      "fail with the path parameter",
      ask("GET api.shop.com/orders/8?q=1", { "x-a": "1", "x-b": "2", cookie: "c=1" }),
      false,
    ],
  ],
);

holds("a route without a match", {}, [
  ["takes every path", "GET /any/thing?x=1", true],
  ["takes every method", "BREW /", true],
  ["takes every host", "GET any.test/", true],
  ["takes a request that names no host", "GET /", true],
]);

leads(
  "each alternative competes on its own",
  [
    { id: "wide", match: [{ path: { exact: "/a" } }, { path: { prefix: "/" } }] },
    { id: "middle", match: { path: { prefix: "/a" } } },
  ],
  [
    ["the exact alternative beats the other route's prefix", "GET /a", "wide"],
    ["the other route's prefix beats the shorter one", "GET /a/b", "middle"],
    ["the shorter prefix takes the rest", "GET /z", "wide"],
  ],
);

leads(
  "paths and headers as alternatives of one route",
  [
    { id: "v1", match: [{ path: { prefix: "/" } }, { headers: { version: "one" } }] },
    { id: "v2", match: [{ path: { prefix: "/v2" } }, { headers: { version: "two" } }] },
  ],
  [
    ["the root goes to the short prefix", "GET /", "v1"],
    ["another path goes to the short prefix", "GET /example", "v1"],
    ["a header goes to the route that names it", ask("GET /", { Version: "one" }), "v1"],
    ["the prefix itself goes to the long prefix", "GET /v2", "v2"],
    ["a path below goes to the long prefix", "GET /v2/example", "v2"],
    ["a final slash goes to the long prefix", "GET /v2/", "v2"],
    ["a header beats the short prefix", ask("GET /", { Version: "two" }), "v2"],
    ["half a segment is not under the prefix", "GET /v2example", "v1"],
    ["the prefix further down is no prefix", "GET /foo/v2/example", "v1"],
    ["a path beats a header", ask("GET /v2", { Version: "one" }), "v2"],
  ],
);

leads(
  "routes that share a host",
  [
    {
      id: "v1",
      match: [
        { host: ["example.com", "example.net"], path: { prefix: "/" } },
        { host: ["example.com", "example.net"], headers: { version: "one" } },
      ],
    },
    {
      id: "v2",
      match: [
        { host: "example.com", path: { prefix: "/v2" } },
        { host: "example.com", headers: { version: "two" } },
      ],
    },
  ],
  [
    ["the root of the first host", "GET example.com/", "v1"],
    ["another path of the first host", "GET example.com/example", "v1"],
    ["the second host", "GET example.net/example", "v1"],
    ["a header on the first host", ask("GET example.com/example", { version: "one" }), "v1"],
    ["a long prefix", "GET example.com/v2", "v2"],
    ["a long prefix on a host that does not have it", "GET example.net/v2", "v1"],
    ["a header of the other route", ask("GET example.com/", { version: "two" }), "v2"],
    ["that header on the other host", ask("GET example.net/", { version: "two" }), "v1"],
    ["half a segment", "GET example.com/v2example", "v1"],
    ["the prefix further down", "GET example.com/foo/v2/example", "v1"],
    ["a host that no route has", "GET example.org/v2", "none"],
  ],
);

leads(
  "a method condition",
  [
    { id: "one", match: { method: "POST" } },
    { id: "two", match: { method: ["GET", "PURGE"] } },
    { id: "put", match: { method: "PUT", headers: { version: "one" } } },
  ],
  [
    ["takes its method", "POST /", "one"],
    ["takes each of several", "GET /", "two"],
    ["takes a method of nobody's list", "PURGE /", "two"],
    ["does not take another", "DELETE /", "none"],
    ["does not take HEAD for GET", "HEAD /", "none"],
    ["is case-sensitive", "get /", "none"],
    ["is joined with the header beside it", ask("PUT /", { version: "one" }), "put"],
    ["does not hold without that header", "PUT /", "none"],
  ],
);

describe("the short form", () => {
  const config = [
    { id: "orders", path: "/orders/*", method: "GET", to: "http://10.0.0.9:8080" },
    { id: "many", path: "/many", to: ["http://10.0.0.1", "http://10.0.0.2"] },
  ] as const;

  it("takes match fields on the route and a URL", () =>
    expect(reached(config, "GET /orders/7")).toBe("orders"));
  it("keeps the conditions joined", () => expect(reached(config, "PUT /orders/7")).toBe("none"));
  it("makes one service of the same URLs", () => {
    const same = [
      { path: "/a", to: "http://10.0.0.9:8080" },
      { path: "/b", to: "http://10.0.0.9:8080" },
      { path: "/c", to: "http://10.0.0.8:8080" },
    ];
    const [a, b, c] = ["/a", "/b", "/c"].map((path) => forwarded(same, `GET ${path}`).service);
    expect(a).toBe(b);
    expect(a).not.toBe(c);
  });
  it("takes an array of URLs", () => expect(reached(config, "GET /many")).toBe("many"));
});

describe("the id of a route", () => {
  it("is the match in words where none is given", () => {
    const match = { host: "api.shop.com", path: "/orders/*", method: "GET" };
    const config = { services, routes: [{ match, to: "web" }] };
    expect(reached(config, "GET api.shop.com/orders/7")).toBe("GET api.shop.com/orders/*");
  });
  it("differs for two routes of the same path", () => {
    const match = { path: "/a" };
    const first = { match: { ...match, headers: { "x-a": "1" } }, to: "web" };
    const config = { services, routes: [first, { match, to: "web" }] };
    expect(reached(config, ask("GET /a", { "x-a": "1" }))).not.toBe(reached(config, "GET /a"));
  });
  it("cannot be given twice", () => {
    const route = { id: "one", to: "web" };
    const problems = checkConfig({ services, routes: [route, { ...route, order: 1 }] });
    expect(problems.map((problem) => problem.code)).toContain("DUPLICATE_ID");
  });
});

describe("the policies of a route", () => {
  const routes = [
    { id: "guarded", match: { path: "/a" }, to: "web", policies: ["auth", "rate"] },
    { id: "open", match: { path: "/b" }, to: "web" },
  ];
  const gateway = () => createGateway(json({ services, routes }));

  it("stand on the match in their order", () =>
    expect(gateway().match(ask("GET /a"))).toMatchObject({
      kind: "match",
      route: "guarded",
      policies: ["auth", "rate"],
    }));
  it("are those of the matched route only", () =>
    expect(gateway().match(ask("GET /b"))).not.toMatchObject({ policies: ["auth", "rate"] }));
});
