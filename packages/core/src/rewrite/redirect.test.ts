import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { PathCondition } from "../config/match-config.js";
import type { RedirectConfig } from "../config/rewrite-config.js";
import { createGateway } from "../gateway.js";
import { request, type RequestParts } from "../testing/request.js";

const redirected = (
  redirect: RedirectConfig,
  line: string,
  path: PathCondition = "/*",
  parts: RequestParts = {},
) => createGateway([{ path, redirect }]).decide(request(line, parts));
const locationOf = (...asked: Parameters<typeof redirected>) => {
  const decision = redirected(...asked);
  return decision.kind === "redirect" ? decision.location : decision.kind;
};

describe("a redirect", () => {
  it("is a 302 to where the request went, unless it says more", () => {
    expect(redirected({}, "GET x.org/a?b=1")).toEqual({
      kind: "redirect",
      route: "/*",
      status: 302,
      location: "http://x.org/a?b=1",
      headers: {},
    });
  });

  it.each([301, 302, 303, 307, 308] as const)("may be a %d", (status) => {
    expect(redirected({ status }, "GET x.org/")).toMatchObject({ status });
  });

  it.each<readonly [what: string, RedirectConfig, line: string, location: string]>([
    ["the host", { host: "New.org" }, "GET x.org/a", "http://new.org/a"],
    ["the scheme", { scheme: "https" }, "GET x.org/a", "https://x.org/a"],
    ["the path", { path: { replace: "/b" } }, "GET x.org/a?q", "http://x.org/b?q"],
    ["nothing of the query", { query: "drop" }, "GET x.org/a?q", "http://x.org/a"],
    ["the port of the request", { host: "new.org" }, "GET x.org:8080/a", "http://new.org:8080/a"],
    ["its own port", { port: 81 }, "GET x.org:8080/a", "http://x.org:81/a"],
    ["the port of its own scheme", { scheme: "https" }, "GET x.org:8080/a", "https://x.org/a"],
    [
      "its own port beside a scheme",
      { scheme: "https", port: 8443 },
      "GET x.org/",
      "https://x.org:8443/",
    ],
    ["no port 80 with http", { port: 80 }, "GET x.org/", "http://x.org/"],
    ["no port 443 with https", { scheme: "https", port: 443 }, "GET x.org/", "https://x.org/"],
    ["a port 443 with http", { port: 443 }, "GET x.org/", "http://x.org:443/"],
    ["an IPv6 host", {}, "GET [::1]:81/", "http://[::1]:81/"],
    ["a host without final dot", {}, "GET X.org./", "http://x.org/"],
  ])("has %s", (_what, redirect, line, location) => {
    expect(locationOf(redirect, line)).toBe(location);
  });

  it("keeps the scheme of the socket", () => {
    expect(locationOf({}, "GET x.org/", "/*", { protocol: "https" })).toBe("https://x.org/");
    expect(locationOf({}, "GET x.org:443/", "/*", { protocol: "https" })).toBe("https://x.org/");
  });

  it.each<readonly [to: string, line: string, location: string]>([
    ["/xyz", "GET x.org/foo/bar", "http://x.org/xyz/bar"],
    ["/xyz/", "GET x.org/foo/bar", "http://x.org/xyz/bar"],
    ["/xyz", "GET x.org/foo", "http://x.org/xyz"],
    ["/", "GET x.org/foo/bar?q", "http://x.org/bar?q"],
    ["", "GET x.org/foo", "http://x.org/"],
  ])("replaces the prefix by %j", (replacePrefix, line, location) => {
    expect(locationOf({ path: { replacePrefix } }, line, { prefix: "/foo" })).toBe(location);
  });

  it("is a path alone where no host is known", () => {
    expect(locationOf({}, "GET /a?b")).toBe("/a?b");
    expect(locationOf({ scheme: "https", host: "x.org" }, "GET /a")).toBe("https://x.org/a");
  });

  it.each([{ scheme: "https" }, { port: 8443 }] as const)(
    "is refused where %j needs a host",
    (to) => {
      expect(redirected(to, "GET /a")).toMatchObject({
        kind: "reject",
        status: 400,
        reason: "bad-request",
        detail: "the redirect needs a host, and the request names none",
      });
      expect(locationOf({ path: { replacePrefix: "" } }, "GET /a//evil.com", "/a/*")).toBe(
        "/evil.com",
      );
    },
  );

  it("may be that of one backend among several, which uses the prefix of the route", () => {
    const gateway = createGateway({
      services: { a: { instances: ["http://a"] } },
      routes: [
        {
          match: { path: "/old/*" },
          to: [
            { service: "a", weight: 0 },
            { service: "a", weight: 1, redirect: { path: { replacePrefix: "/new" } } },
          ],
        },
      ],
    });
    expect(gateway.decide(request("GET x.org/old/7"))).toMatchObject({
      kind: "redirect",
      location: "http://x.org/new/7",
    });
  });
});

it("never leaves its host, nor has a second // in its path, because of a client", () => {
  const piece = fc.constantFrom(
    ...["/", "//", "\\", "evil.com", "@", ":", "..", ".", "%2f", "%5c", "%2e", "%09", "%00", "\t"],
    ...["a", "%0d%0a", "é", ";", "https:", "x", "?", "#"],
  );
  const redirect = fc.constantFrom<RedirectConfig>(
    {},
    { host: "good.org" },
    { scheme: "https" },
    { path: { replacePrefix: "" } },
    { path: { replacePrefix: "/" } },
    { host: "good.org", path: { replacePrefix: "/x/" } },
  );
  const path = fc.constantFrom<PathCondition>("/*", "/a/*", { prefix: "/a" });
  const mergeSlashes = fc.boolean();
  const host = fc.constantFrom(undefined, "good.org");
  fc.assert(
    fc.property(
      ...[redirect, path, host, mergeSlashes],
      fc.array(piece, { maxLength: 8 }),
      fc.boolean(),
      (redirect, path, host, mergeSlashes, pieces, below) => {
        const gateway = createGateway({
          routes: [{ match: { path }, redirect }],
          path: { mergeSlashes },
        });
        const url = `/${below ? "a/" : ""}${pieces.join("")}`;
        const decision = gateway.decide({ method: "GET", url, headers: { host } });
        if (decision.kind !== "redirect") return;
        const located = new URL(decision.location, "http://good.org/");
        expect(located.host).toBe("good.org");
        expect(decision.location).toMatch(/^(https?:\/\/[^/]+)?\/(?![/\\])/);
        expect(decision.location.replace(/^https?:\/\//, "").replace(/\?.*/, "")).not.toContain(
          "//",
        );
        expect(decision.location).toMatch(/^[\x21-\x7e\x80-\xff]+$/);
      },
    ),
    { numRuns: 400 },
  );
});
