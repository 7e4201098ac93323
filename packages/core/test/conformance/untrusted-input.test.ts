import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createGateway, type RequestView } from "../../src/index.js";
import { testEnv } from "../../src/testing/index.js";
import { ask, checks, decide, forwarded, json, lines, reached, routeTo } from "./kit.js";

const urls = ["http://10.0.0.1:3100/base", "http://10.0.0.2:3100/base"];

const config = json({
  services: { web: { instances: urls } },
  routes: [
    { match: { path: "/t/:host/:rest" }, to: "web", rewrite: { path: "/:rest/:host" } },
    { match: { path: { prefix: "/p" } }, to: "web", rewrite: { path: { replacePrefix: "" } } },
    {
      match: { path: { prefix: "/r" } },
      to: "web",
      rewrite: { path: { regex: "^/r(.*)$", with: "/$1" } },
    },
    { match: { headers: { "x-cluster": { present: true } } }, to: "web" },
    { to: "web" },
  ],
});

/** Pieces with which others have been led astray. */
const piece = fc.constantFrom(
  ...["/", "//", "..", ".", "%2e", "%2f", "%5c", "\\", "@", ":", "#", "?", ";", "1", "3100", "a"],
  ...["169.254.169.254", "evil.test", "http:", "p", "r", "t", "[::1]", "%0d%0a", "%00", " ", "é"],
);
const url = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join(""));
const target = fc.oneof(
  url.map((path) => `/${path}`),
  fc.tuple(fc.constantFrom("/t/", "/p", "/r"), url).map((parts) => parts.join("")),
  url.map((path) => `http://evil.test${path}`),
  url,
);
const field = fc.tuple(
  fc.constantFrom("Host", "X-Cluster", "X-Forwarded-Host", "X-Original-URL", "X-Rewrite-URL"),
  fc.oneof(url, fc.constantFrom("evil.test", "127.0.0.1:9", "internal-admin")),
);

describe("for every request", () => {
  it("the instance is one of those that are configured, and its base path is not left", () => {
    const gateway = createGateway(config, { env: testEnv() });
    fc.assert(
      fc.property(target, fc.array(field, { maxLength: 4 }), (asked, fields) => {
        const view: RequestView = { method: "GET", url: asked, rawHeaders: fields.flat() };
        const decision = gateway.decide(view);
        if (decision.kind !== "forward") return;
        expect(urls).toContain(decision.instance.url);
        expect(decision.request.path).toMatch(/^\/base(\/[^/]|\/?(\?|$))/);
        expect(decision.request.path.split("?", 1)[0]?.split("/")).not.toContain("..");
      }),
      { numRuns: 1_000 },
    );
  });
});

describe("a path is joined to that of an instance by whole segments", () => {
  const at = (base: string, rewrite: object = {}) =>
    json({ services: { web: { instances: [base] } }, routes: [{ to: "web", rewrite }] });

  it("so a target without a slash is a 400, and never goes on with the port or the base path", () => {
    for (const base of ["http://10.0.0.1:3100", "http://10.0.0.1:3100/base"])
      for (const asked of ["1/private", ".evil.test/", "@evil.test/", ":80@evil.test/", "?x", ""])
        expect(decide(at(base), { method: "GET", url: asked })).toMatchObject({ status: 400 });
  });

  it("and two pairs of base path and path that read alike are one and the same place", () => {
    expect(forwarded(at("http://10.0.0.1/a"), "GET /b/c").request.path).toBe("/a/b/c");
    expect(forwarded(at("http://10.0.0.1/a/b"), "GET /c").request.path).toBe("/a/b/c");
    expect(forwarded(at("http://10.0.0.1/a/"), "GET /bc").request.path).toBe("/a/bc");
  });
});

checks("what would let a request choose its instance or its trust is refused in a configuration", [
  [
    "a path of a rewrite without a slash",
    routeTo({ rewrite: { path: { replace: "1/x" } } }),
    "PATH",
  ],
  ["a host of a rewrite with a path", routeTo({ rewrite: { host: "a.test/x" } }), "HOST"],
  ["a host of a rewrite with a user", routeTo({ rewrite: { host: "u@a.test" } }), "HOST"],
  ["a host of a rewrite that is a template", routeTo({ rewrite: { host: "{host}" } }), "HOST"],
  ["trust of everybody", json({ routes: [], trustedProxies: true }), "TYPE"],
  ["trust of a number of hops", json({ routes: [], trustedProxies: 1 }), "TYPE"],
  ["trust of a number of hops in a list", json({ routes: [], trustedProxies: [1] }), "ADDRESS"],
  ["trust of a name", json({ routes: [], trustedProxies: ["loopback"] }), "ADDRESS"],
]);

describe("a request that holds very much is looked at without harm", () => {
  it("the last of 300 cookies is found, and one of 4 KiB", () => {
    const route = routeTo({ match: { cookies: { c299: "299", long: "x".repeat(4_096) } } });
    const many = Array.from({ length: 300 }, (_, i) => `c${i}=${i}`).join("; ");
    const cookies = `${many}; long=${"x".repeat(4_096)}; sid="a;b"; $Version=1`;
    expect(reached(route, ask("GET /", { cookie: cookies }))).toBe("it");
  });

  it("a query is read by its names alone, however many there are and whatever they are called", () => {
    const route = routeTo({ match: { query: { a: "1" } } });
    const odd = "a[999999999]=1&__proto__[a]=1&constructor[prototype][a]=1&a.b=1";
    expect(reached(route, `GET /?${odd}`)).toBe("none");
    expect(reached(route, `GET /?a=1&${"x=1&".repeat(10_000)}${odd}`)).toBe("it");
    expect(Object.hasOwn(Object.prototype, "a")).toBe(false);
  });

  it("thousands of fields that are called as what every object inherits change nothing", () => {
    const names = ["__proto__", "constructor", "toString", "hasOwnProperty", "valueOf"];
    const fields = Array.from({ length: 5_000 }, (_, i) => [names[i % 5] as string, "{}"]).flat();
    const view = lines("GET", "/", ...fields, "X-Last", "1");
    const route = routeTo({
      match: { headers: { "x-last": "1", constructor: { contains: "{}" } } },
    });
    expect(reached(route, view)).toBe("it");
  });
});
