import { describe, expect, it } from "vitest";
import type { MatchConfig } from "../config/match-config.js";
import type { RequestView } from "../request.js";
import { compileAddresses } from "./address.js";
import { compileRoutes, matchRoute } from "./table.js";

const holds = (match: MatchConfig, view: Partial<RequestView>) =>
  matchRoute(compileRoutes([{ match }]), { method: "GET", url: "/", ...view } as RequestView)
    .kind === "match";

describe("a condition holds", () => {
  it.each<readonly [what: string, match: MatchConfig, view: Partial<RequestView>]>([
    ["nothing at all", {}, {}],
    ["the method", { method: "GET" }, {}],
    ["one of the methods", { method: ["PUT", "GET"] }, {}],
    ["a method of one's own", { method: "PURGE" }, { method: "PURGE" }],
    ["a header in another case", { headers: { "X-A": "1" } }, { rawHeaders: ["x-a", "1"] }],
    ["joined lines of a header", { headers: { a: "1,2" } }, { rawHeaders: ["A", "1", "a", "2"] }],
    ["a header called __proto__", { headers: { constructor: { present: false } } }, {}],
    ["a query parameter", { query: { a: "1 2" } }, { url: "/?b&a=1+2" }],
    ["its absence without a query", { query: { a: { present: false } } }, {}],
    ["a cookie", { cookies: { sid: { startsWith: "a" } } }, { headers: { cookie: "x=1; sid=ab" } }],
    ["a path parameter", { path: "/:id", params: { id: { regex: "[0-9]+" } } }, { url: "/42" }],
    [
      "a parameter that is not decoded",
      { path: "/:id", params: { id: "a%2Fb" } },
      { url: "/a%2fb" },
    ],
    ["the rest of a path", { path: "/a/*", params: { "*": "b/c" } }, { url: "/a/b/c" }],
    ["a fact", { facts: { tenant: "acme" } }, { facts: { tenant: "acme" } }],
    [
      "a fact that is a number",
      { facts: { age: { range: { from: 18 } } } },
      { facts: { age: 20 } },
    ],
    ["a fact that is a boolean", { facts: { admin: "true" } }, { facts: { admin: true } }],
    [
      "the absence of a fact that is no text",
      { facts: { a: { present: false } } },
      { facts: { a: {} } },
    ],
    ["the address", { clientAddress: "10.0.0.0/8" }, { remoteAddress: "10.1.2.3" }],
    ["a mapped address", { clientAddress: "10.0.0.0/8" }, { remoteAddress: "::ffff:10.1.2.3" }],
    ["one of the addresses", { clientAddress: ["::1", "10.1.2.3"] }, { remoteAddress: "::1" }],
    ["the protocol", { protocol: "https" }, { protocol: "https" }],
    ["http where none is given", { protocol: "http" }, {}],
    ["the local port", { port: 8080 }, { localPort: 8080 }],
    ["one of the local ports", { port: [80, 8080] }, { localPort: 80 }],
    [
      "all of several",
      { method: "GET", headers: { a: "1", b: { not: "1" } } },
      { headers: { a: "1" } },
    ],
  ])("for %s", (_what, match, view) => expect(holds(match, view)).toBe(true));
});

describe("a condition fails", () => {
  it.each<readonly [what: string, match: MatchConfig, view: Partial<RequestView>]>([
    ["another method", { method: "PUT" }, {}],
    ["a method in another case", { method: "GET" }, { method: "get" }],
    ["an absent header", { headers: { a: "1" } }, {}],
    ["a value in another case", { headers: { a: "x" } }, { headers: { a: "X" } }],
    ["a query name in another case", { query: { a: "1" } }, { url: "/?A=1" }],
    ["a later value of a query parameter", { query: { a: "2" } }, { url: "/?a=1&a=2" }],
    ["a later cookie of the name", { cookies: { a: "2" } }, { headers: { cookie: "a=1; a=2" } }],
    ["a fact that is inherited", { facts: { constructor: { present: true } } }, { facts: {} }],
    ["an unknown address", { clientAddress: "0.0.0.0/0" }, {}],
    ["an address of another family", { clientAddress: "::/0" }, { remoteAddress: "10.0.0.1" }],
    ["an address that is none", { clientAddress: "0.0.0.0/0" }, { remoteAddress: "pipe" }],
    ["the other protocol", { protocol: "https" }, {}],
    ["an unknown port", { port: 80 }, {}],
    ["one of several", { headers: { a: "1", b: "1" } }, { headers: { a: "1" } }],
  ])("for %s", (_what, match, view) => expect(holds(match, view)).toBe(false));
});

it("takes the client address behind trusted proxies, not that of the peer", () => {
  const table = compileRoutes([{ id: "inside", match: { clientAddress: "192.0.2.0/24" } }]);
  const view = { method: "GET", url: "/", remoteAddress: "10.0.0.1" };
  const headers = { "x-forwarded-for": "192.0.2.7" };
  expect(matchRoute(table, { ...view, headers }).kind).toBe("none");
  const trustedProxies = compileAddresses(["10.0.0.0/8"]);
  expect(matchRoute(table, { ...view, headers }, { trustedProxies }).kind).toBe("match");
});

it("keeps conditions apart that look alike", () => {
  const table = compileRoutes([
    { id: "one", match: { path: "/a", query: { x: "1" } } },
    { id: "two", match: { path: "/a", headers: { x: "1" } } },
    { id: "three", match: { path: "/b", query: { x: "1" } } },
  ]);
  const route = (view: Partial<RequestView>) =>
    matchRoute(table, { method: "GET", url: "/", ...view } as RequestView);
  expect(route({ url: "/a?x=1" })).toMatchObject({ route: "one" });
  expect(route({ url: "/a", headers: { x: "1" } })).toMatchObject({ route: "two" });
  expect(route({ url: "/b?x=1" })).toMatchObject({ route: "three" });
  expect(route({ url: "/b", headers: { x: "1" } })).toEqual({ kind: "none" });
});
