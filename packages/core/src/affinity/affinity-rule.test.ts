import { describe, expect, it } from "vitest";
import { compileAffinity, type CookieRule } from "./affinity-rule.js";
import { cookieValue } from "./cookie-value.js";

const cookieRule = (service: string, cookie = {}) =>
  compileAffinity(service, { cookie }) as CookieRule;

const [old, fresh] = ["the old secret, long", "the new secret, long"];

describe("affinity by a cookie", () => {
  it("makes the plain value without a secret", () => {
    expect(cookieRule("products").valuesOf("a")).toEqual([cookieValue("products", "a")]);
  });

  it("makes a value for each secret, that of the first for giving out", () => {
    expect(cookieRule("products", { sign: [fresh, old] }).valuesOf("a")).toEqual([
      cookieValue("products", "a", fresh),
      cookieValue("products", "a", old),
    ]);
    expect(cookieRule("products", { sign: old }).valuesOf("a")).toEqual([
      cookieValue("products", "a", old),
    ]);
  });

  it("has the fingerprint of the values that it makes", () => {
    const { fingerprint } = cookieRule("products", { sign: old });
    expect(cookieRule("products", { sign: [old], ttlS: 5 }).fingerprint).toBe(fingerprint);
    expect(cookieRule("products", { sign: [fresh, old] }).fingerprint).not.toBe(fingerprint);
    expect(cookieRule("products").fingerprint).not.toBe(fingerprint);
    expect(cookieRule("orders", { sign: old }).fingerprint).not.toBe(fingerprint);
  });

  it("shows no secret when it is printed", () => {
    const rule = cookieRule("products", { sign: [fresh, old] });
    expect(JSON.stringify(rule)).not.toMatch(/secret/);
    expect(Object.values(rule).map(String).join()).not.toContain(fresh);
  });

  it("slides only where there is a time to begin again", () => {
    expect(cookieRule("products", { ttlS: 60 }).isSliding).toBe(false);
    expect(cookieRule("products", { ttlS: 60, sliding: true }).isSliding).toBe(true);
    expect(cookieRule("products", { sliding: true }).isSliding).toBe(false);
  });
});

describe("affinity by a header", () => {
  it("remembers a hundred thousand sessions for an hour", () => {
    expect(compileAffinity("products", { header: "X-Session" })).toEqual({
      kind: "header",
      name: "x-session",
      usual: "X-Session",
      capacity: 100_000,
      ttlMs: 3_600_000,
    });
  });

  it("remembers as many and as long as it is told", () => {
    expect(
      compileAffinity("products", { header: "x-session", capacity: 5, ttlS: 60 }),
    ).toMatchObject({ capacity: 5, ttlMs: 60_000 });
  });
});

it("is frozen", () => {
  expect(Object.isFrozen(cookieRule("products"))).toBe(true);
  expect(Object.isFrozen(compileAffinity("products", { header: "x-session" }))).toBe(true);
});
