import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createGateway, type MatchConfig, type RequestView } from "../../src/index.js";
import { ask, reached, services } from "./kit.js";

// A second reading of the ladder, written from its sentence alone: a key for each alternative, and a plain sort.

type Key = readonly (number | readonly number[])[];

interface Rule {
  readonly order: number;
  readonly match: MatchConfig;
}

const STATIC = 0;
const PARAMETER = 1;
const END_OF_PREFIX = 2;

function hostKey(host: string | undefined): readonly number[] {
  if (host === undefined) return [2];
  return host.startsWith("*") ? [1, -host.length] : [0];
}

function pathKey(path: MatchConfig["path"] = { prefix: "/" }): readonly number[] {
  if (typeof path === "string") return [1, ...segmentsOf(path).map(segmentRank)];
  if ("exact" in path) return [0];
  if ("prefix" in path) return [1, ...segmentsOf(path.prefix).map(() => STATIC), END_OF_PREFIX];
  return "startsWith" in path ? [2, -path.startsWith.length] : [3];
}

const segmentsOf = (path: string) => path.split("/").filter((segment) => segment !== "");
const segmentRank = (segment: string) =>
  segment === "*" ? END_OF_PREFIX : segment.startsWith(":") ? PARAMETER : STATIC;
const count = (map: object = {}) => Object.keys(map).length;

function keyOf({ order, match }: Rule, index: number): Key {
  const { host, path, method, headers, query, cookies, protocol } = match;
  return [
    order,
    hostKey(host as string | undefined),
    pathKey(path),
    method === undefined ? 1 : 0,
    -count(headers),
    -count(query),
    -count(cookies) - (protocol === undefined ? 0 : 1),
    index,
  ];
}

/** Compares number by number; of two lists the first difference decides. */
function compare(one: Key, other: Key): number {
  const [a, b] = [one, other].map((key) => key.map((part) => [part].flat()));
  for (const [i, rung] of (a ?? []).entries()) {
    const rival = b?.[i] ?? [];
    for (let j = 0; j < Math.max(rung.length, rival.length); j++) {
      // What ends goes before what has an open end.
      const difference = (rung[j] ?? -1) - (rival[j] ?? -1);
      if (difference !== 0) return difference;
    }
  }
  return 0;
}

const maybe = <T>(...values: readonly T[]) => fc.constantFrom<T | undefined>(undefined, ...values);
const given = <T extends object>(record: T) =>
  Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined));

const rule: fc.Arbitrary<Rule> = fc.record({
  order: fc.constantFrom(0, 0, 0, 0, -1, 1),
  match: fc
    .record({
      host: maybe("x.t.test", "t.test", "*.t.test", "*.x.t.test", "*.test"),
      path: maybe<MatchConfig["path"]>(
        ...[{ exact: "/a/b" }, { exact: "/a" }, { exact: "/" }],
        ...["/:x", "/a/:x", "/:x/b", "/:x/:y", "/a/*", "/a/b/*", "/:x/*", "/*", "/a/:x/c"],
        ...[{ prefix: "/" }, { prefix: "/a" }, { prefix: "/a/b/" }, { prefix: "/a/b/c" }],
        ...[{ startsWith: "/" }, { startsWith: "/a" }, { startsWith: "/a/b" }],
        ...[{ regex: "/.*" }, { regex: "/a.*" }],
      ),
      method: maybe<MatchConfig["method"]>("GET", "PUT", ["GET", "PUT"]),
      headers: maybe<MatchConfig["headers"]>({ h: "1" }, { h: "1", i: "1" }, { i: { not: "1" } }),
      query: maybe<MatchConfig["query"]>({ q: "1" }, { q: "1", r: "1" }),
      cookies: maybe<MatchConfig["cookies"]>({ c: "1" }, { c: "1", d: "1" }),
      protocol: maybe<"http">("http"),
    })
    .map((match) => given(match)),
});

const view: fc.Arbitrary<RequestView> = fc
  .record({
    method: fc.constantFrom("GET", "PUT"),
    host: fc.constantFrom("x.t.test", "t.test", "y.x.t.test", ""),
    path: fc.constantFrom("/", "/a", "/a/", "/a/b", "/a/b/", "/a/b/c", "/b", "/ab", "/b/b"),
    query: fc.constantFrom("", "?q=1", "?q=1&r=1"),
    headers: fc.constantFrom({}, { h: "1" }, { h: "1", i: "1" }),
    cookie: fc.constantFrom(undefined, "c=1", "c=1; d=1"),
  })
  .map(({ method, host, path, query, headers, cookie }) =>
    ask(`${method} ${host}${path}${query}`, { ...headers, cookie }),
  );

describe("for every set of routes and every request", () => {
  it("the route that is taken is the first of those that hold, by the ladder", () => {
    const rules = fc.array(rule, { minLength: 2, maxLength: 7 });
    const views = fc.array(view, { minLength: 6, maxLength: 6 });
    let contested = 0;
    fc.assert(
      fc.property(rules, views, (list, asked) => {
        const routes = list.map((fields, i) => ({ id: `${i}`, to: "web", ...fields }));
        const alone = routes.map((route) => createGateway({ services, routes: [route] }));
        const ladder = list.map(keyOf);
        for (const one of asked) {
          const holding = routes
            .map((_, i) => i)
            .filter((i) => alone[i]?.match(one).kind === "match")
            .sort((i, j) => compare(ladder[i] ?? [], ladder[j] ?? []));
          if (holding.length > 1) contested++;
          expect(reached({ services, routes }, one)).toBe(String(holding[0] ?? "none"));
        }
      }),
      { numRuns: 150 },
    );
    expect(contested).toBeGreaterThan(0);
  });
});
