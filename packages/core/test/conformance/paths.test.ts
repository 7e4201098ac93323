import { describe, expect, it } from "vitest";
import { checks, forwarded, holds, leads, routeTo, services } from "./kit.js";

holds("an exact path", { path: { exact: "/two" } }, [
  ["takes itself", "GET /two", true],
  ["takes itself with a query", "GET /two?x=1", true],
  ["is not taken with a final slash", "GET /two/", false],
  ["is case-sensitive", "GET /Two", false],
  ["is not a prefix", "GET /two/example", false],
  ["is not the start of a text", "GET /twofold", false],
  ["is not the end of a path", "GET /one/two", false],
  ["is not the root", "GET /", false],
]);

holds("an exact path with a final slash", { path: { exact: "/two/" } }, [
  ["takes itself", "GET /two/", true],
  ["is not taken without the slash", "GET /two", false],
]);

holds("an exact path that looks like a pattern", { path: { exact: "/a/:id" } }, [
  ["takes its own text", "GET /a/:id", true],
  ["has no parameter", "GET /a/7", false],
]);

holds("an exact path with signs that patterns use", { path: { exact: "/a::b(c)*:d" } }, [
  ["takes its own text", "GET /a::b(c)*:d", true],
  ["does not take one sign for two", "GET /a:b(c)*:d", false],
  ["does not take anything for the star", "GET /a::b(c)x:d", false],
]);

holds("an exact path that is a star", { path: { exact: "/*" } }, [
  ["takes its own text", "GET /*", true],
  ["does not take anything else", "GET /a", false],
]);

holds("a prefix with signs that patterns use", { path: { prefix: "/v1/:x*" } }, [
  ["takes its own text", "GET /v1/:x*/y", true],
  ["has no parameter", "GET /v1/7/y", false],
]);

holds("a prefix", { path: { prefix: "/v2" } }, [
  ["takes itself", "GET /v2", true],
  ["takes itself with a query", "GET /v2?x=1", true],
  ["takes a final slash", "GET /v2/", true],
  ["takes what is below", "GET /v2/x", true],
  ["takes what is far below", "GET /v2/x/y/z/", true],
  ["does not take half a segment", "GET /v2example", false],
  ["does not take a dot behind it", "GET /v2.1", false],
  ["is case-sensitive", "GET /V2/x", false],
  ["stands at the front", "GET /foo/v2/x", false],
  ["does not take an escaped slash for a border", "GET /v2%2Fx", false],
  ["does not take the root", "GET /", false],
]);

holds("a prefix with a final slash", { path: { prefix: "/v2/" } }, [
  ["takes the bare path", "GET /v2", true],
  ["takes the slash", "GET /v2/", true],
  ["takes what is below", "GET /v2/x", true],
  ["does not take half a segment", "GET /v2example", false],
]);

holds("a prefix of two segments", { path: { prefix: "/a/b" } }, [
  ["takes itself", "GET /a/b", true],
  ["takes what is below", "GET /a/b/c", true],
  ["does not take its parent", "GET /a", false],
  ["does not take a sibling", "GET /a/bc", false],
]);

holds("the prefix of everything", { path: { prefix: "/" } }, [
  ["takes the root", "GET /", true],
  ["takes any path", "GET /a/b%2Fc", true],
]);

holds("a start of the text", { path: { startsWith: "/v2" } }, [
  ["takes itself", "GET /v2", true],
  ["takes half a segment", "GET /v2example", true],
  ["takes what is below", "GET /v2/x", true],
  ["is case-sensitive", "GET /V2", false],
  ["does not take less", "GET /v", false],
  ["stands at the front", "GET /x/v2", false],
]);

holds("a regex of a path", { path: { regex: "/a/[0-9]+|/b" } }, [
  ["takes the first of two", "GET /a/12", true],
  ["takes the second of two", "GET /b", true],
  ["does not see the query", "GET /b?c=1", true],
  ["must match the end of the first", "GET /a/12/", false],
  ["must match the start of the second", "GET /x/b", false],
  ["must match the end of the second", "GET /bc", false],
  ["is case-sensitive", "GET /B", false],
]);

holds("a parameter", { path: "/users/:id" }, [
  ["takes one segment", "GET /users/7", true],
  ["takes an escaped slash as part of it", "GET /users/a%2Fb", true],
  ["takes a segment of any length", `GET /users/${"x".repeat(2_000)}`, true],
  ["does not take two segments", "GET /users/7/orders", false],
  ["does not take none", "GET /users", false],
  ["leaves static segments case-sensitive", "GET /Users/7", false],
]);

holds("two parameters with a static segment between", { path: "/users/:id/orders/:order" }, [
  ["take their segments", "GET /users/7/orders/8", true],
  ["need the static one", "GET /users/7/order/8", false],
  ["need the last one", "GET /users/7/orders", false],
]);

holds("a final /*", { path: "/files/*" }, [
  ["takes a segment", "GET /files/a", true],
  ["takes many", "GET /files/a/b/c", true],
  ["takes a final slash", "GET /files/", true],
  ["takes the bare prefix", "GET /files", true],
  ["does not take half a segment", "GET /filesystem", false],
  ["does not take the parent", "GET /", false],
]);

holds("a /* alone", { path: "/*" }, [
  ["takes the root", "GET /", true],
  ["takes everything below", "GET /a/b", true],
]);

holds("a static pattern", { path: "/a/b" }, [
  ["takes itself", "GET /a/b", true],
  ["does not take what is below", "GET /a/b/c", false],
  ["does not take its parent", "GET /a", false],
]);

leads(
  "exact paths side by side",
  [
    { id: "one", match: { path: { exact: "/one" } } },
    { id: "two", match: { path: { exact: "/two" } } },
  ],
  [
    ["the first", "GET /one", "one"],
    ["the second", "GET /two", "two"],
    ["neither for the root", "GET /", "none"],
    ["neither for what is below", "GET /one/example", "none"],
    ["neither for a final slash", "GET /two/", "none"],
    ["neither for another case", "GET /Two", "none"],
  ],
);

leads(
  "exact paths and prefixes side by side",
  [
    { id: "prefix", match: { path: { prefix: "/match" } } },
    { id: "prefix-one", match: { path: { prefix: "/match/prefix/one" } } },
    { id: "exact-one", match: { path: { exact: "/match/exact/one" } } },
    { id: "exact", match: { path: { exact: "/match/exact" } } },
    { id: "prefix-two", match: { path: { prefix: "/match/prefix/" } } },
    { id: "root", match: { path: { prefix: "/" } } },
  ],
  [
    ["the exact path", "GET /match/exact/one", "exact-one"],
    ["the shorter exact path", "GET /match/exact", "exact"],
    ["below an exact path", "GET /match/exact/two", "prefix"],
    ["the short prefix", "GET /match", "prefix"],
    ["the longest prefix", "GET /match/prefix/one/any", "prefix-one"],
    ["the prefix between", "GET /match/prefix/two/any", "prefix-two"],
    ["half a segment of the longest", "GET /match/prefix/onexyz", "prefix-two"],
    ["half a segment of the short one", "GET /matches", "root"],
  ],
);

describe("the parameters of a decision", () => {
  const cases: readonly (readonly [
    sentence: string,
    path: string,
    asked: string,
    params: Readonly<Record<string, string>>,
  ])[] = [
    ["have the name of the pattern", "/users/:id", "GET /users/7", { id: "7" }],
    ["are several", "/a/:x/b/:y", "GET /a/1/b/2", { x: "1", y: "2" }],
    ["hold what a final /* took", "/products/*", "GET /products/42", { "*": "42" }],
    ["hold all segments that it took", "/f/*", "GET /f/a/b/c", { "*": "a/b/c" }],
    ["leave the query out", "/users/:id", "GET /users/7?id=8", { id: "7" }],
    ["are not decoded", "/users/:id", "GET /users/a%2fb", { id: "a%2Fb" }],
    ["have unreserved characters decoded", "/users/:id", "GET /users/%61%7e", { id: "a~" }],
    ["keep bytes that are no UTF-8", "/users/:id", "GET /users/%ff", { id: "%FF" }],
    ["keep a plus", "/users/:id", "GET /users/a+b", { id: "a+b" }],
    ["cannot climb", "/files/*", "GET /files/a%2f..b", { "*": "a%2F..b" }],
    ["keep a question mark that is data", "/users/:id", "GET /users/a%3fb", { id: "a%3Fb" }],
    ["may be called as objects call things", "/u/:constructor", "GET /u/7", { constructor: "7" }],
    ["keep a star that is data", "/users/:id", "GET /users/*", { id: "*" }],
  ];
  for (const [sentence, path, asked, params] of cases)
    it(sentence, () =>
      expect(forwarded(routeTo({ match: { path } }), asked).params).toMatchObject(params),
    );
});

describe("names of parameters on one node", () => {
  const routes = [
    { id: "one", match: { path: "/u/:id", method: "GET" }, to: "web" },
    { id: "two", match: { path: "/u/:name", method: "PUT" }, to: "web" },
  ];
  it("are those of the first route for the first", () =>
    expect(forwarded({ services, routes }, "GET /u/7").params).toEqual({ id: "7" }));
  it("are those of the second route for the second", () =>
    expect(forwarded({ services, routes }, "PUT /u/7").params).toEqual({ name: "7" }));
});

holds(
  "conditions on parameters",
  { path: "/v/:version/*", params: { version: { oneOf: ["1", "2"] } } },
  [
    ["hold for the value of the segment", "GET /v/2/x", true],
    ["fail for another", "GET /v/3/x", false],
  ],
);

const path = (condition: unknown) => routeTo({ match: { path: condition } });

checks("a path in a configuration", [
  ["may be a pattern", path("/a/:id/*"), undefined],
  ["may be a prefix", path({ prefix: "/a" }), undefined],
  ["may have no parameter before a suffix", path("/a/:id.json"), "PATH"],
  ["may have no optional parameter", path("/a/:id?"), "PATH"],
  ["may have no star in the middle", path("/a/*/b"), "PATH"],
  ["begins with a slash", path("a/b"), "PATH"],
  ["begins with a slash as a prefix", path({ prefix: "a" }), "PATH"],
  ["has no bad escape", path({ exact: "/a%zz" }), "PATH"],
  ["has no encoded NUL", path({ exact: "/a%00" }), "PATH"],
  ["has a regex that compiles", path({ regex: "/a(" }), "REGEX"],
]);
