import { describe, expect, it } from "vitest";
import type { MatchConfig } from "../config/match-config.js";
import type { RouteConfig } from "../config/route-config.js";
import { compileRoutes } from "./table.js";

/** Ids in their order of precedence, when the routes are listed the other way round. */
const ordered = (...routes: (Pick<RouteConfig, "order"> & { match: MatchConfig })[]) => {
  const listed = routes.map((route, place) => ({ ...route, id: String(place) })).reverse();
  return compileRoutes(listed).alternatives.map(({ id }) => Number(id));
};
const inOrder = (count: number) => Array.from({ length: count }, (_, place) => place);

describe("what goes first", () => {
  it.each<readonly [what: string, ...matches: MatchConfig[]]>([
    [
      "the exact host, the longest wildcard, no host",
      { host: "a.x.com" },
      { host: "*.x.com" },
      { host: "*.com" },
      {},
    ],
    ["the host before the path", { host: "x.com" }, { path: "/a/b/c" }],
    [
      "the exact path before every pattern",
      { path: { exact: "/b" } },
      { path: "/a/*" },
      { path: "/:x" },
    ],
    ["a pattern without parameters is exact", { path: "/a" }, { path: "/a/:x/c" }],
    [
      "static before parameter before end-of-prefix",
      { path: "/a/:x/c" },
      { path: "/a/:x/:y" },
      { path: "/a/:x/*" },
      { path: "/a/*" },
    ],
    ["the leftmost segment that differs", { path: "/a/:x" }, { path: "/:x/b" }],
    [
      "the longer prefix",
      { path: { prefix: "/a/b" } },
      { path: { prefix: "/a" } },
      { path: { prefix: "/" } },
    ],
    ["the end of a pattern before an open end", { path: "/:a" }, { path: "/:a/*" }],
    [
      "segments before text, the longer text, and then regexes",
      { path: "/*" },
      { path: { startsWith: "/abc" } },
      { path: { startsWith: "/a" } },
      { path: { regex: "/abcdef" } },
    ],
    ["the path before the method", { path: "/a/b" }, { path: "/a/*", method: "GET" }],
    ["a method", { method: "GET" }, { headers: { a: "1", b: "1" } }],
    [
      "more headers",
      { headers: { a: "1", b: "1" } },
      { headers: { a: "1" }, query: { a: "1", b: "1" } },
    ],
    [
      "more query parameters",
      { query: { a: "1", b: "1" } },
      { query: { a: "1" }, cookies: { a: "1", b: "1" } },
    ],
    [
      "more other conditions, whichever they are",
      {
        path: "/:id",
        cookies: { a: "1" },
        params: { id: "1" },
        facts: { a: "1" },
        port: 1,
        protocol: "http",
        clientAddress: "::1",
      },
      { path: "/:id", cookies: { a: "1", b: "1", c: "1", d: "1", e: "1" } },
      { path: "/:id" },
    ],
  ])("%s", (_what, ...matches) => {
    const routes = (matches as MatchConfig[]).map((match) => ({ match }));
    expect(ordered(...routes)).toEqual(inOrder(matches.length));
  });

  it("order beats everything, and lower goes first", () => {
    expect(
      ordered(
        { order: -1, match: {} },
        { match: { host: "x.com", path: "/a" } },
        { order: 5, match: { host: "x.com", path: "/a", method: "GET" } },
      ),
    ).toEqual([0, 1, 2]);
  });

  it("the route that is listed first, when nothing else tells them apart", () => {
    const alternatives = compileRoutes([
      { id: "a", match: { path: "/:x" } },
      { id: "b", match: { path: "/:y" } },
      { id: "c", match: [{ path: "/:z" }, { path: "/:u", method: "GET" }] },
    ]).alternatives;
    expect(alternatives.map(({ id, precedence }) => [id, precedence.alternative])).toEqual([
      ["c", 1],
      ["a", 0],
      ["b", 0],
      ["c", 0],
    ]);
  });
});
