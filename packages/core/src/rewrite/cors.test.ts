import { describe, expect, it } from "vitest";
import type { CorsConfig } from "../config/rewrite-config.js";
import { request } from "../testing/request.js";
import { compileCors, corsChanges, isOriginPattern, preflightHeaders } from "./cors.js";

const allows = (allowOrigins: readonly string[], origin: string): boolean =>
  corsChanges(compileCors({ allowOrigins }), request("GET /", { headers: { origin } })).set.length >
  0;

describe("an origin", () => {
  it.each([
    [["https://shop.com"], "https://shop.com", true],
    [["https://shop.com"], "HTTPS://Shop.com", true],
    [["https://Shop.com"], "https://shop.com", true],
    [["https://shop.com"], "https://shop.com:443", true],
    [["https://shop.com:443"], "https://shop.com", true],
    [["https://shop.com"], "http://shop.com", false],
    [["https://shop.com"], "https://shop.com:8443", false],
    [["https://shop.com:8443"], "https://shop.com:8443", true],
    [["https://shop.com:8443"], "https://shop.com", false],
    [["https://shop.com"], "https://a.shop.com", false],
    [["https://*.bar.com"], "https://a.bar.com", true],
    [["https://*.bar.com"], "https://a.b.c.bar.com", true],
    [["https://*.bar.com"], "https://bar.com", false],
    [["https://*.bar.com"], "https://.bar.com", false],
    [["https://*.bar.com"], "https://foobar.com", false],
    [["https://*.bar.com"], "https://a.bar.com:8443", false],
    [["https://*.bar.com"], "https://*.bar.com", false],
    [["https://*"], "https://anything.org", true],
    [["https://*"], "http://anything.org", false],
    [["*"], "http://anything.org:8080", true],
    [["*"], "chrome-extension://abcdef", true],
    [["*"], "null", true],
    [["https://shop.com"], "null", false],
    [["https://a.com", "https://b.com"], "https://b.com", true],
    [["http://[::1]:3000"], "http://[::1]:3000", true],
    [["*"], "https://shop.com\r\nx: y", false],
    [["*"], "shop.com", false],
    [["*"], "https://a.com, https://b.com", false],
    [["*"], "", false],
    [[], "https://shop.com", false],
  ])("%j takes %j: %j", (patterns, origin, taken) => {
    expect(allows(patterns, origin)).toBe(taken);
  });

  it("that comes twice is none", () => {
    const view = request("GET /", { headers: { origin: ["https://a.com", "https://a.com"] } });
    expect(corsChanges(compileCors({ allowOrigins: ["*"] }), view).set).toEqual([]);
  });

  it.each([
    ["*", true],
    ["https://a.com", true],
    ["https://*.a.com:81", true],
    ["https://*:81", true],
    ["a.com", false],
    ["https://a.com/", false],
    ["https://a.*.com", false],
    ["https://*a.com", false],
    ["https://", false],
    ["null", false],
    ["", false],
  ])("%j may be configured: %j", (text, good) => expect(isOriginPattern(text)).toBe(good));
});

describe("a preflight", () => {
  const answer = (cors: Partial<CorsConfig>, headers: { [name: string]: string } = {}) =>
    preflightHeaders(
      compileCors({ allowOrigins: ["https://a.com"], ...cors }),
      request("OPTIONS /", {
        headers: { origin: "https://a.com", "access-control-request-method": "PUT", ...headers },
      }),
    );

  it("is told the origin and how long that holds", () => {
    expect(answer({})).toEqual({
      "access-control-allow-origin": "https://a.com",
      "access-control-max-age": "5",
      vary: "Origin",
    });
  });

  it("is told all that is configured, whatever it asks for", () => {
    const cors = {
      allowMethods: ["GET", "PUT"],
      allowHeaders: ["x-a", "x-b"],
      exposeHeaders: ["x-c"],
      allowCredentials: true,
      maxAgeS: 600,
    };
    expect(answer(cors, { "access-control-request-headers": "x-other" })).toEqual({
      "access-control-allow-origin": "https://a.com",
      "access-control-allow-credentials": "true",
      "access-control-expose-headers": "x-c",
      "access-control-allow-methods": "GET, PUT",
      "access-control-allow-headers": "x-a, x-b",
      "access-control-max-age": "600",
      vary: "Origin",
    });
  });

  it("learns nothing but that it depends on the origin when that is not allowed", () => {
    expect(answer({ allowMethods: ["PUT"] }, { origin: "https://b.com" })).toEqual({
      vary: "Origin",
    });
  });

  it("gets a wildcard as it stands without credentials, and what it asks for with them", () => {
    const cors = { allowMethods: ["*"], allowHeaders: ["*"], exposeHeaders: ["*"] };
    const headers = { "access-control-request-headers": "x-a,x-b" };
    expect(answer(cors, headers)).toMatchObject({
      "access-control-allow-methods": "*",
      "access-control-allow-headers": "*",
      "access-control-expose-headers": "*",
    });
    const withCredentials = answer({ ...cors, allowCredentials: true }, headers);
    expect(withCredentials).toMatchObject({
      "access-control-allow-methods": "PUT",
      "access-control-allow-headers": "x-a,x-b",
    });
    expect(JSON.stringify(withCredentials)).not.toContain("*");
  });

  it("gets nothing back that is no list of names", () => {
    const cors = { allowHeaders: ["*"], allowCredentials: true };
    expect(answer(cors, { "access-control-request-headers": "x-a\r\nset-cookie: b=1" })).toEqual({
      "access-control-allow-origin": "https://a.com",
      "access-control-allow-credentials": "true",
      "access-control-max-age": "5",
      vary: "Origin",
    });
  });
});
