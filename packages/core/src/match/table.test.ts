import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { MatchConfig, PathCondition } from "../config/match-config.js";
import type { RouteConfig } from "../config/route-config.js";
import { createGateway } from "../gateway.js";
import type { RequestView } from "../request.js";
import { request } from "../testing/request.js";
import { compilePath, type CompiledPath } from "./pattern.js";
import { comparePrecedence, countConditions } from "./precedence.js";
import { compileRoutes, matchesOf, matchRoute } from "./table.js";
import { isBad, parseRequest } from "./target.js";

type Route = Pick<RouteConfig, "id" | "match" | "order"> & { id: string };

const routeFor = (routes: readonly Route[], line: string, headers = {}) => {
  const match = matchRoute(compileRoutes(routes), request(line, { headers }));
  return match.kind === "match" ? match.route : match.kind;
};

describe("the table", () => {
  it("falls through to a wider path when a condition does not hold", () => {
    const routes = [
      { id: "any", match: { path: "/*" } },
      { id: "beta", match: { path: "/users/:id", headers: { "x-beta": "1" } } },
    ];
    expect(routeFor(routes, "GET /users/7")).toBe("any");
    expect(routeFor(routes, "GET /users/7", { "x-beta": "1" })).toBe("beta");
  });

  it("falls through to a less specific host", () => {
    const routes = [
      { id: "any", match: { path: "/a" } },
      { id: "wide", match: { host: "*.com", path: "/b" } },
      { id: "shop", match: { host: "*.shop.com", path: "/c" } },
      { id: "api", match: { host: "api.shop.com", path: "/d" } },
    ];
    for (const [path, route] of [
      ["a", "any"],
      ["b", "wide"],
      ["c", "shop"],
      ["d", "api"],
    ])
      expect(routeFor(routes, `GET api.shop.com/${path}`)).toBe(route);
    expect(routeFor(routes, "GET shop.com/c")).toBe("none");
    expect(routeFor(routes, "GET shop.com/b")).toBe("wide");
    expect(routeFor(routes, "GET com/b")).toBe("none");
    expect(routeFor(routes, "GET /d")).toBe("none");
  });

  it("prefers a static segment to the left over a longer static tail", () => {
    const routes = [
      { id: "right", match: { path: "/:x/b/c" } },
      { id: "left", match: { path: "/a/*" } },
    ];
    expect(routeFor(routes, "GET /a/b/c")).toBe("left");
    expect(routeFor(routes, "GET /z/b/c")).toBe("right");
  });

  it("lets order win across paths and hosts", () => {
    const routes = [
      { id: "exact", match: { host: "x.com", path: "/a" } },
      { id: "first", order: -1, match: { path: { regex: "/.*" } } },
    ];
    expect(routeFor(routes, "GET x.com/a")).toBe("first");
  });

  it("takes any alternative of a route, each with its own precedence and parameters", () => {
    const table = compileRoutes([
      { id: "both", match: [{ path: "/a/:x" }, { path: "/b/:y/*" }] },
      { id: "middle", match: { path: "/b/*" } },
    ]);
    expect(matchRoute(table, request("GET /a/1"))).toEqual({
      kind: "match",
      route: "both",
      params: { x: "1" },
    });
    expect(matchRoute(table, request("GET /b/1/2"))).toMatchObject({
      route: "both",
      params: { y: "1", "*": "2" },
    });
    expect(matchRoute(table, request("GET /b"))).toMatchObject({ route: "middle" });
  });

  it("names parameters as the route that was taken does", () => {
    const table = compileRoutes([
      { id: "one", match: { path: "/u/:id", method: "GET" } },
      { id: "two", match: { path: "/u/:name", method: "PUT" } },
    ]);
    expect(matchRoute(table, request("GET /u/7"))).toMatchObject({ params: { id: "7" } });
    expect(matchRoute(table, request("PUT /u/7"))).toMatchObject({ params: { name: "7" } });
  });

  it("names a route without an id by its number, and a bad request by its problem", () => {
    const table = compileRoutes([{ match: { path: "/a" } }, {}]);
    expect(matchRoute(table, request("GET /b"))).toEqual({ kind: "match", route: "1", params: {} });
    expect(matchRoute(table, { method: "GET", url: "/%00" })).toEqual({
      kind: "bad-request",
      problem: "the path is malformed: it holds an encoded NUL (%00)",
    });
  });

  it("takes no route from an empty table", () => {
    expect(matchRoute(compileRoutes([]), request("GET /a"))).toEqual({ kind: "none" });
  });

  it("finds every one of thousands of routes", () => {
    const routes = Array.from({ length: 3_000 }, (_, i) => ({
      id: String(i),
      match: { path: i % 3 === 0 ? `/s${i % 60}/r${i}` : `/s${i % 60}/r${i}/:id` },
    }));
    const table = compileRoutes(routes);
    for (const { id, match } of routes) {
      const url = match.path.replace(":id", "7");
      expect(matchRoute(table, { method: "GET", url })).toMatchObject({ route: id });
    }
  });
});

describe("runs of slashes that are kept", () => {
  const gatewayOf = (mergeSlashes: boolean) =>
    createGateway({
      path: { mergeSlashes },
      routes: [
        { id: "exact", match: { path: { exact: "/a//b" } }, to: "http://a" },
        {
          id: "prefix",
          match: { path: { prefix: "//x" } },
          to: "http://a",
          rewrite: { path: { replace: "/r//s" } },
        },
        { id: "text", match: { path: { startsWith: "/t//" } }, to: "http://a" },
      ],
    });
  const at = (mergeSlashes: boolean, url: string) => {
    const decision = gatewayOf(mergeSlashes).decide({ method: "GET", url });
    return decision.kind === "forward"
      ? `${decision.route} ${decision.request.path}`
      : decision.kind;
  };

  it("are kept in the paths of the configuration too", () => {
    expect(["/a//b", "/a/b", "//x/y", "/x", "/t//u", "/t/u"].map((url) => at(false, url))).toEqual([
      ...["exact /a//b", "none", "prefix /r//s", "none", "text /t//u", "none"],
    ]);
    expect(["/a//b", "/a/b", "//x/y", "/t/u"].map((url) => at(true, url))).toEqual([
      ...["exact /a/b", "exact /a/b", "prefix /r/s", "text /t/u"],
    ]);
  });

  it("may be switched by an update", () => {
    const gateway = gatewayOf(true);
    gateway.update({
      path: { mergeSlashes: false },
      routes: [{ id: "exact", match: { path: { exact: "/a//b" } }, to: "http://a" }],
    });
    expect(gateway.decide({ method: "GET", url: "/a/b" })).toEqual({ kind: "none" });
  });
});

describe("an unmatched method", () => {
  const routes = [
    { match: { path: "/a", method: ["PUT", "GET"] }, to: "http://a" },
    { match: { path: "/*", method: "DELETE" }, to: "http://a" },
    { match: { host: "x.com", path: "/:id", method: "POST" }, to: "http://a" },
    { match: { path: "/a", method: "PATCH", headers: { beta: "1" } }, to: "http://a" },
  ] as const;

  it("is a 405 that allows every method that some route takes, when asked for", () => {
    const gateway = createGateway({ routes, unmatchedMethod: "405" });
    expect(gateway.decide(request("TRACE /a"))).toEqual({
      kind: "reject",
      status: 405,
      headers: { allow: "DELETE, GET, PUT" },
      reason: "method-not-allowed",
      detail: "no route takes TRACE here, only DELETE, GET, PUT",
    });
    expect(gateway.decide(request("TRACE x.com/a"))).toMatchObject({
      headers: { allow: "DELETE, GET, POST, PUT" },
    });
    expect(gateway.decide(request("TRACE /a", { headers: { beta: "1" } }))).toMatchObject({
      headers: { allow: "DELETE, GET, PATCH, PUT" },
    });
    expect(gateway.decide(request("OPTIONS *"))).toEqual({ kind: "none" });
  });

  it("is nobody's otherwise", () => {
    expect(createGateway({ routes }).decide(request("TRACE /a"))).toEqual({ kind: "none" });
  });

  it("is nobody's where no path holds either", () => {
    const gateway = createGateway({ routes: [routes[0]], unmatchedMethod: "405" });
    expect(gateway.decide(request("TRACE /b"))).toEqual({ kind: "none" });
  });
});

// The reference: all alternatives in their order, each tried by the most naive reading of the documents.

interface Naive {
  readonly id: string;
  readonly host: string;
  readonly match: MatchConfig;
}

function naiveOrder(routes: readonly Route[]): Naive[] {
  return routes
    .flatMap(({ id, match, order = 0 }, route) =>
      matchesOf(match).flatMap((conditions, alternative) =>
        [conditions.host ?? ""].flat().map((host) => ({
          naive: { id, host, match: conditions },
          precedence: {
            ...{ order, host, route, alternative, ...countConditions(conditions) },
            path: compilePath(conditions.path) as CompiledPath,
          },
        })),
      ),
    )
    .sort((a, b) => comparePrecedence(a.precedence, b.precedence))
    .map(({ naive }) => naive);
}

function naiveHolds({ host, match }: Naive, view: RequestView): boolean {
  const [path = "", query = ""] = view.url.split("?");
  const methods = match.method === undefined ? [view.method] : [match.method].flat();
  return (
    naiveHost(host, (view.headers?.["host"] as string | undefined) ?? "") &&
    naivePath(match.path, path) &&
    methods.includes(view.method) &&
    Object.entries(match.headers ?? {}).every(([name, wanted]) =>
      naiveText(wanted, view.headers?.[name] as string | undefined),
    ) &&
    Object.entries(match.query ?? {}).every(([name, wanted]) =>
      naiveText(wanted, new URLSearchParams(query).get(name) ?? undefined),
    )
  );
}

function naiveHost(wanted: string, host: string): boolean {
  if (wanted === "") return true;
  return wanted.startsWith("*.") ? host.endsWith(wanted.slice(1)) : host === wanted;
}

function naivePath(condition: PathCondition | undefined, path: string): boolean {
  if (condition === undefined) return true;
  if (typeof condition === "string") return naivePattern(condition, path);
  if ("exact" in condition) return path === condition.exact;
  if ("startsWith" in condition) return path.startsWith(condition.startsWith);
  if ("regex" in condition) return new RegExp(`^(?:${condition.regex})$`).test(path);
  const prefix = condition.prefix.replace(/\/$/, "");
  return path === prefix || path.startsWith(`${prefix}/`);
}

function naivePattern(pattern: string, path: string): boolean {
  const source = pattern
    .split("/")
    .slice(1)
    .map((segment, index, all) => {
      if (segment === "*" && index === all.length - 1) return "(/.*)?";
      return segment.startsWith(":") ? "/[^/]+" : `/${segment.replace(/[.*+?^$()]/g, "\\$&")}`;
    });
  return new RegExp(`^${source.join("")}$`).test(path);
}

function naiveText(wanted: unknown, value: string | undefined): boolean {
  if (typeof wanted === "string") return value === wanted;
  const form = wanted as {
    readonly present?: boolean;
    readonly not?: unknown;
    readonly equals?: string;
    readonly oneOf?: readonly string[];
  };
  if (form.present !== undefined) return (value !== undefined) === form.present;
  // Every comparison that is written so ignores case here.
  if (form.equals !== undefined) return value?.toLowerCase() === form.equals.toLowerCase();
  if (form.oneOf !== undefined) return value !== undefined && form.oneOf.includes(value);
  return !naiveText(form.not, value);
}

// Few segments and hosts, so that many routes take one request.
const segment = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom("a", "b") },
  { weight: 1, arbitrary: fc.constantFrom("a%2Fb", "a;b", "a:b", "a*", "$", "(", "aa") },
);
const patternSegment = fc.oneof(
  { weight: 3, arbitrary: segment.filter((text) => !text.includes("*")) },
  { weight: 2, arbitrary: fc.constant(":") },
);
const names = ["x", "y", "z", "u"];
const pattern = fc
  .tuple(fc.array(patternSegment, { maxLength: 4 }), fc.constantFrom("", "*", "/"))
  .map(([segments, end]) => {
    const named = segments.map((text, index) => (text === ":" ? `:${names[index] ?? ""}` : text));
    if (end === "*") return `/${[...named, "*"].join("/")}`;
    return named.length === 0 ? "/" : `/${named.join("/")}${end}`;
  });
const literal = fc
  .tuple(fc.array(segment, { maxLength: 3 }), fc.boolean())
  .map(([segments, slash]) => `/${segments.join("/")}${slash && segments.length > 0 ? "/" : ""}`);
const pathCondition: fc.Arbitrary<PathCondition> = fc.oneof(
  { weight: 6, arbitrary: pattern },
  { weight: 2, arbitrary: literal.map((prefix) => ({ prefix })) },
  { weight: 1, arbitrary: literal.map((exact) => ({ exact })) },
  { weight: 1, arbitrary: literal.map((startsWith) => ({ startsWith })) },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom("/a.*", "/[ab]", ".*b", "/a(/b)?", "/(a|b)/(a|b)/?")
      .map((regex) => ({ regex })),
  },
);
const host = fc.constantFrom("a.x.com", "x.com", "*.x.com", "*.com", "*.b.x.com");
const wantedText = fc.constantFrom("1", "2", { not: "1" }, { present: false }, { present: true });
const rarely = <T>(arbitrary: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 5, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });
const match = fc
  .record({
    path: pathCondition,
    host: rarely(fc.oneof(host, fc.uniqueArray(host, { minLength: 1, maxLength: 3 }))),
    method: rarely(fc.constantFrom("GET", "PUT", ["GET", "POST"])),
    headers: rarely(fc.dictionary(fc.constantFrom("x", "y"), wantedText)),
    query: rarely(fc.dictionary(fc.constantFrom("q", "r"), wantedText)),
  })
  .map(
    (fields) =>
      Object.fromEntries(
        Object.entries(fields).filter(([, value]) => value !== undefined),
      ) as MatchConfig,
  );
const routes = fc
  .array(
    fc.tuple(
      fc.oneof({ weight: 4, arbitrary: match }, fc.array(match, { minLength: 1, maxLength: 3 })),
      fc.constantFrom(0, 0, 0, 0, 0, 1, -1),
    ),
    { minLength: 4, maxLength: 60 },
  )
  .map((list) => list.map(([match, order], index): Route => ({ id: String(index), match, order })));
const view: fc.Arbitrary<RequestView> = fc
  .record({
    path: fc.array(segment, { maxLength: 4 }),
    slash: fc.boolean(),
    method: fc.constantFrom("GET", "PUT", "POST", "DELETE"),
    host: fc.constantFrom("a.x.com", "x.com", "b.x.com", "c.b.x.com", "y.com", "org", undefined),
    x: fc.constantFrom("1", "2", undefined),
    q: fc.constantFrom("1", "2", undefined),
  })
  .map(({ path, slash, method, host, x, q }) => ({
    method,
    url: `/${path.join("/")}${slash && path.length > 0 ? "/" : ""}${q === undefined ? "" : `?q=${q}`}`,
    headers: { host, x },
  }));

function agreesWithNaive(
  tables: fc.Arbitrary<Route[]>,
  asked: fc.Arbitrary<RequestView>,
  numRuns: number,
): void {
  let hits = 0;
  let requests = 0;
  fc.assert(
    fc.property(tables, fc.array(asked, { minLength: 10, maxLength: 30 }), (listed, views) => {
      const table = compileRoutes(listed);
      const reference = naiveOrder(listed);
      for (const asking of views) {
        const expected = reference.find((naive) => naiveHolds(naive, asking))?.id;
        const match = matchRoute(table, asking);
        expect(match.kind === "match" ? match.route : undefined).toBe(expected);
        requests++;
        if (expected !== undefined) hits++;
      }
    }),
    { numRuns },
  );
  // Most requests must meet a route, or the property would say little.
  expect(hits / requests).toBeGreaterThan(0.4);
}

it("agrees with a naive matcher for every table and request", () => {
  agreesWithNaive(routes, view, 100);
});

// Few paths and many texts, so that lists of alternatives are long enough to be indexed.
const text = fc.constantFrom(..."abcdefgh");
const anyText = fc.oneof(
  { weight: 8, arbitrary: text },
  {
    weight: 2,
    arbitrary: fc.array(text, { minLength: 1, maxLength: 3 }).map((oneOf) => ({ oneOf })),
  },
  { weight: 1, arbitrary: text.map((not) => ({ not })) },
  { weight: 1, arbitrary: text.map((equals) => ({ equals, ignoreCase: true })) },
  { weight: 1, arbitrary: fc.boolean().map((present) => ({ present })) },
);
const methodName = fc.constantFrom("GET", "PUT", "POST", "DELETE", "PATCH");
const crowded = fc
  .record(
    {
      path: fc.constantFrom<PathCondition[]>(
        "/a",
        "/a",
        "/:id",
        "/a/*",
        { startsWith: "/a" },
        { regex: "/a" },
      ),
      method: fc.oneof(methodName, fc.uniqueArray(methodName, { minLength: 1, maxLength: 3 })),
      headers: fc.record({ x: anyText, y: anyText }, { requiredKeys: [] }),
      query: fc.record({ q: anyText }, { requiredKeys: [] }),
    },
    { requiredKeys: ["path"] },
  )
  .map((fields): MatchConfig => fields);
const crowds = fc
  .array(fc.tuple(crowded, fc.constantFrom(0, 0, 0, 0, 1)), { minLength: 30, maxLength: 200 })
  .map((list) => list.map(([match, order], index): Route => ({ id: String(index), match, order })));
const mostlyText = fc.oneof({ weight: 9, arbitrary: text }, fc.constantFrom("A", "z", undefined));
const crowdedView: fc.Arbitrary<RequestView> = fc
  .record({ method: methodName, x: mostlyText, y: mostlyText, q: mostlyText })
  .map(({ method, x, y, q }) => ({
    method,
    url: q === undefined ? "/a" : `/a?q=${q}`,
    headers: { x, y },
  }));

it("agrees with a naive matcher where many alternatives stand under one path", () => {
  agreesWithNaive(crowds, crowdedView, 100);
});

// Many starts that begin with each other.
const start = fc
  .array(fc.constantFrom("a", "b", "/"), { maxLength: 6 })
  .map((chars) => `/${chars.join("").replace(/^\/+|\/(?=\/)/g, "")}`);
const starts = fc
  .uniqueArray(start, { minLength: 3, maxLength: 60 })
  .map((list) =>
    list.map((startsWith, id): Route => ({ id: String(id), match: { path: { startsWith } } })),
  );

it("agrees with a naive matcher where many paths are known by their first characters", () => {
  agreesWithNaive(
    starts,
    start.map((url) => ({ method: "GET", url })),
    200,
  );
});

it("takes a preflight by the method that it asks for among many methods", () => {
  const methods = ["GET", "PUT", "POST", "DELETE", "PATCH", "PURGE", "LINK", "OPTIONS", "HEAD"];
  const table = compileRoutes(
    methods.map((method) => ({
      id: method,
      match: { path: "/a", method },
      cors: { allowOrigins: ["*"] },
    })),
  );
  const preflight = { origin: "http://x", "access-control-request-method": "PUT" };
  const ask = (line: string, headers = {}) => matchRoute(table, request(line, { headers }));
  expect(ask("PUT /a")).toMatchObject({ route: "PUT" });
  expect(ask("OPTIONS /a")).toMatchObject({ route: "OPTIONS" });
  expect(ask("OPTIONS /a", preflight)).toMatchObject({ route: "PUT" });
  expect(ask("TRACE /a")).toEqual({ kind: "none" });
});

it("names the methods of many alternatives behind one path", () => {
  const methods = Array.from({ length: 40 }, (_, i) => `M${String(i).padStart(2, "0")}`);
  const routes = methods.map((method) => ({ match: { path: "/a", method }, to: "http://a" }));
  const gateway = createGateway({ routes, unmatchedMethod: "405" });
  expect(gateway.decide(request("GET /a"))).toMatchObject({
    status: 405,
    headers: { allow: methods.join(", ") },
  });
});

it("reaches every one of many alternatives behind one path, whatever they ask for", () => {
  const routes = Array.from({ length: 40 }, (_, i) => ({
    id: String(i),
    match: { path: "/a", method: i % 2 === 0 ? "GET" : "PUT", headers: { x: String(i) } },
  }));
  const asked = parseRequest(request("GET /a", { headers: { x: "7" } }), {});
  if (isBad(asked)) throw new Error(asked.problem);
  const reached = compileRoutes(routes).reached(asked);
  expect(reached.map(({ id }) => id)).toEqual(routes.map(({ id }) => id));
});
