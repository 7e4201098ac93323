import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  buildClientResponse,
  buildUpstreamRequest,
  canonicalPath,
  createGateway,
  type Gateway,
  type RequestView,
} from "../../src/index.js";
import { testEnv } from "../../src/testing/index.js";
import { anyView, lawfulQuery, path, target } from "./arbitraries.js";
import { json, linesOf, services } from "./kit.js";

const gatewayOf = (...routes: readonly object[]): Gateway =>
  createGateway(json({ services, routes }), { env: testEnv() });

const CONTROL = /[\u0000-\u001f\u007f]/;

describe("for every path of a client, a location", () => {
  const old = { path: { prefix: "/old" } };
  const cases: readonly (readonly [what: string, route: object, origin: string])[] = [
    ["of another host", { redirect: { host: "b.test" } }, "http://b.test"],
    ["of another scheme", { redirect: { scheme: "https" } }, "https://a.test"],
    [
      "without its prefix",
      { match: old, redirect: { path: { replacePrefix: "" } } },
      "http://a.test",
    ],
    [
      "with a slash for its prefix",
      { match: old, redirect: { host: "b.test", path: { replacePrefix: "/" } } },
      "http://b.test",
    ],
    [
      "with another prefix",
      { match: old, redirect: { path: { replacePrefix: "/n/" } } },
      "http://a.test",
    ],
    [
      "with the root replaced",
      { match: { path: { prefix: "/" } }, redirect: { path: { replacePrefix: "/" } } },
      "http://a.test",
    ],
  ];
  for (const [what, route, origin] of cases) {
    const gateway = gatewayOf(route);
    it(`${what} stays at ${origin} and has no double slash`, () => {
      let locations = 0;
      fc.assert(
        fc.property(target, (url) => {
          const decision = gateway.decide({ method: "GET", url, headers: { host: "a.test" } });
          if (decision.kind !== "redirect") return;
          locations++;
          const [before = ""] = decision.location.split("?");
          expect(before.startsWith(`${origin}/`)).toBe(true);
          expect(before.slice(origin.length)).not.toMatch(/\/\/|\\/);
          expect(new URL(decision.location).origin).toBe(origin);
        }),
        { numRuns: 1_000 },
      );
      expect(locations).toBeGreaterThan(0);
    });
  }
});

describe("for every target of a client", () => {
  const gateway = gatewayOf({ redirect: { host: "b.test" } });
  it("a location holds no control character", () =>
    fc.assert(
      fc.property(target, (url) => {
        const decision = gateway.decide({ method: "GET", url });
        if (decision.kind === "redirect") expect(decision.location).not.toMatch(CONTROL);
      }),
      { numRuns: 2_000 },
    ));
});

describe("for every path of a client, where runs of slashes are kept", () => {
  const config = json({
    services,
    path: { mergeSlashes: false },
    routes: [
      { match: { path: { prefix: "/old" } }, redirect: { path: { replacePrefix: "" } } },
      { redirect: { scheme: "https" } },
    ],
  });
  const gateway = createGateway(config, { env: testEnv() });
  for (const [what, headers] of [
    ["a request that names its host", { host: "a.test" }],
    ["a request that names none", {}],
  ] as const)
    it(`${what} stays there`, () =>
      fc.assert(
        fc.property(target, (url) => {
          const decision = gateway.decide({ method: "GET", url, headers });
          if (decision.kind !== "redirect") return;
          expect(new URL(decision.location, "http://a.test").host).toBe("a.test");
        }),
        { numRuns: 1_000 },
      ));
});

describe("for every request that is accepted", () => {
  const gateway = gatewayOf(
    { id: "exact", match: { path: { exact: "/old/a" } }, to: "web" },
    { id: "param", match: { path: "/old/:x" }, to: "web" },
    { id: "deep", match: { path: "/old/:x/foo/*" }, to: "web" },
    { id: "regex", order: -1, match: { path: { regex: "/[a-z]+" } }, to: "web" },
    { id: "text", order: -1, match: { path: { startsWith: "/old/e" } }, to: "web" },
    { id: "prefix", match: { path: { prefix: "/old" } }, to: "web" },
    { id: "rest", to: "web" },
  );
  const pathOf = (url: string) => {
    const decision = gateway.decide({ method: "GET", url });
    if (decision.kind !== "forward") return undefined;
    const [before = ""] = decision.request.path.split("?");
    return { route: decision.route, params: decision.params, path: before };
  };
  const runs = { numRuns: 2_000 };

  it("the canonical path is forwarded", () =>
    fc.assert(
      fc.property(path, (url) => {
        const found = pathOf(url);
        if (found === undefined || url.includes("?")) return;
        expect(canonicalPath(url)).toMatchObject({ ok: true, path: found.path });
      }),
      runs,
    ));
  it("the path that is forwarded decides the same again", () =>
    fc.assert(
      fc.property(target, (url) => {
        const found = pathOf(url);
        if (found !== undefined) expect(pathOf(found.path)).toEqual(found);
      }),
      runs,
    ));
  it("the path that is forwarded has no second reading", () =>
    fc.assert(
      fc.property(target, (url) => {
        const found = pathOf(url)?.path;
        if (found === undefined) return;
        expect(found).toMatch(/^\/(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/]|%[0-9A-F]{2})*$/);
        expect(found).not.toMatch(/\/\/|%(?:00|2D|2E|5F|7E|3\d|[46][1-9A-F]|[57][0-9A])/);
        const segments = found.split(/\/|%2F|%5C/);
        expect(segments.filter((segment) => segment === "." || segment === "..")).toEqual([]);
      }),
      runs,
    ));
  it("a query of lawful characters is forwarded byte for byte", () =>
    fc.assert(
      fc.property(path, lawfulQuery, (before, search) => {
        const decision = gateway.decide({ method: "GET", url: `${before.split("?")[0]}${search}` });
        if (decision.kind !== "forward") return;
        const sent = decision.request.path;
        expect(sent.slice(sent.indexOf("?"))).toBe(search);
      }),
      runs,
    ));
  it("no control character is forwarded", () =>
    fc.assert(
      fc.property(target, (url) => {
        const decision = gateway.decide({ method: "GET", url });
        if (decision.kind === "forward") expect(decision.request.path).not.toMatch(CONTROL);
      }),
      runs,
    ));
});

/** A request for each kind of decision: chance alone misses one now and then. */
const EACH_KIND: [RequestView][] = [
  [{ method: "GET", url: "/p/x", headers: { host: "b.test" } }],
  [{ method: "GET", url: "/nowhere", headers: { host: "b.test" } }],
  [{ method: "GET", url: "/old/x", headers: { host: "b.test" } }],
  [{ method: "GET", url: "/a%00", headers: { host: "b.test" } }],
  [{ method: "GET", url: "/x", headers: { host: "b.test" }, remoteAddress: "10.0.0.1" }],
];

describe("for every request whatever", () => {
  const everything = gatewayOf(
    {
      match: {
        host: "a.test",
        path: "/a/:x/*",
        headers: { "x-a": { regex: "a+" }, "x-b": { range: { from: 1 } } },
      },
      to: "web",
    },
    { match: { query: { a: { contains: "b" } }, cookies: { c: { not: "d" } } }, to: "web" },
    { match: { path: { regex: "/r/.*" }, facts: { f: "1" } }, redirect: { scheme: "https" } },
    { match: { path: { prefix: "/old" } }, redirect: { path: { replacePrefix: "" } } },
    { match: { path: { prefix: "/p" } }, rewrite: { path: { replacePrefix: "/" } }, to: "web" },
    { match: { clientAddress: "10.0.0.0/8" }, respond: { status: 200 } },
    {
      match: { path: "/u/:id" },
      rewrite: { path: "/v/:id", query: { set: { a: "b" } } },
      to: "web",
    },
  );
  it("a decision is answered and never thrown, and so are both heads", () => {
    const kinds = new Set<string>();
    fc.assert(
      fc.property(anyView, (asked) => {
        const decision = everything.decide(asked);
        kinds.add(decision.kind);
        if (decision.kind === "none") return;
        const upstream = { status: 200, headers: { vary: "accept" } };
        expect(buildClientResponse(decision, upstream, asked).headers.length % 2).toBe(0);
        if (decision.kind !== "forward") return;
        expect(buildUpstreamRequest(asked, decision).headers.length % 2).toBe(0);
      }),
      { numRuns: 3_000, examples: EACH_KIND },
    );
    expect([...kinds].sort()).toEqual(["forward", "none", "redirect", "reject", "respond"]);
  });
});

describe("for every prefix, replacement and path", () => {
  const combinations = ["/", "/old", "/old/", "/old/foo"].flatMap((prefix) =>
    ["", "/", "/n", "/n/", "/n/m", "/n/m/"].map((replacePrefix) => ({
      prefix,
      replacePrefix,
      gateway: gatewayOf({
        match: { path: { prefix } },
        rewrite: { path: { replacePrefix } },
        to: "web",
      }),
    })),
  );
  const kept = combinations.map(({ prefix, replacePrefix }) => {
    const routes = [
      { match: { path: { prefix } }, rewrite: { path: { replacePrefix } }, to: "web" },
    ];
    return createGateway({ services, routes, path: { mergeSlashes: false } });
  });
  it("the path begins with exactly one slash where runs of slashes are kept", () =>
    fc.assert(
      fc.property(fc.constantFrom(...kept), target, (gateway, url) => {
        const decision = gateway.decide({ method: "GET", url });
        if (decision.kind === "forward") expect(decision.request.path).toMatch(/^\/(?![/\\])/);
      }),
      { numRuns: 3_000 },
    ));
  it("the path that is forwarded begins with exactly one slash", () =>
    fc.assert(
      fc.property(fc.constantFrom(...combinations), target, ({ gateway }, url) => {
        const decision = gateway.decide({ method: "GET", url });
        if (decision.kind !== "forward") return;
        expect(decision.request.path).toMatch(/^\/(?![/\\])/);
        expect(decision.request.path.split("?")[0]).not.toContain("//");
      }),
      { numRuns: 3_000 },
    ));
});

describe("for every set of headers of a client", () => {
  const gateway = gatewayOf({
    to: "web",
    requestHeaders: { set: { "X-User": "me" }, remove: ["x-gone"] },
  });
  const name = fc.oneof(
    fc.constantFrom("X-User", "x-user", "x-USER", "X_User", "Connection", "connection"),
    fc.constantFrom("x-gone", "X-Gone", "Keep-Alive", "TE", "Trailer", "X-Forwarded-For"),
    fc.string({ maxLength: 8 }),
  );
  const value = fc.oneof(
    fc.constantFrom("evil", "x-user", "close, X-User", "X-User,x-user", "", "x-gone"),
    fc.string({ maxLength: 8 }),
  );
  it("a field that the configuration sets is sent as it says, once", () =>
    fc.assert(
      fc.property(fc.array(fc.tuple(name, value), { maxLength: 8 }), (fields) => {
        const view = { method: "GET", url: "/", rawHeaders: fields.flat() };
        const decision = gateway.decide(view);
        if (decision.kind !== "forward") return;
        const head = buildUpstreamRequest(view, decision).headers;
        expect(linesOf(head, "x-user")).toEqual(["me"]);
        expect(linesOf(head, "x-gone")).toEqual([]);
      }),
      { numRuns: 2_000 },
    ));
});
