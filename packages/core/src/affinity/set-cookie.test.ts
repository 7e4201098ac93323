import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { AffinityCookieConfig } from "./affinity-config.js";
import { compileAffinity, type CookieRule } from "./affinity-rule.js";
import { deleteCookieFor, setCookieFor } from "./set-cookie.js";

const ruleOf = (cookie: AffinityCookieConfig = {}) =>
  compileAffinity("products", { cookie }) as CookieRule;

const set = (cookie: AffinityCookieConfig, isSecureRequest = false) =>
  setCookieFor(ruleOf(cookie), "VALUE", isSecureRequest);

describe("the line that sets a cookie", () => {
  it("is for this host, all paths, no script and this site, and ends with the session", () => {
    expect(set({})).toBe("affinity-products=VALUE; Path=/; HttpOnly; SameSite=Lax");
  });

  it("is secure where the client came over https", () => {
    expect(set({}, true)).toBe("affinity-products=VALUE; Path=/; Secure; HttpOnly; SameSite=Lax");
  });

  it("is secure, or not, where it is told so", () => {
    expect(set({ secure: true })).toContain("; Secure;");
    expect(set({ secure: false }, true)).not.toContain("Secure");
  });

  it("has every attribute in one order", () => {
    expect(
      set({
        partitioned: true,
        sameSite: "none",
        httpOnly: true,
        secure: true,
        path: "/shop",
        domain: "shop.com",
        ttlS: 3_600,
        name: "pin",
      }),
    ).toBe(
      "pin=VALUE; Max-Age=3600; Domain=shop.com; Path=/shop; Secure; HttpOnly; SameSite=None; Partitioned",
    );
  });

  it("leaves out what is switched off", () => {
    expect(set({ httpOnly: false, sameSite: "strict", partitioned: false })).toBe(
      "affinity-products=VALUE; Path=/; SameSite=Strict",
    );
  });

  it.each<AffinityCookieConfig>([{ sameSite: "none" }, { partitioned: true }])(
    "is secure over http too with %j, or clients would drop it",
    (cookie) => expect(set(cookie)).toContain("; Secure;"),
  );
});

describe("the line that deletes a cookie", () => {
  it("has its name, domain and path, and no time left", () => {
    expect(deleteCookieFor(ruleOf({ domain: "shop.com", path: "/shop", ttlS: 60 }), true)).toBe(
      "affinity-products=; Max-Age=0; Domain=shop.com; Path=/shop; Secure; HttpOnly; SameSite=Lax",
    );
  });

  it("is not secure where the cookie was not", () => {
    expect(deleteCookieFor(ruleOf(), false)).toBe(
      "affinity-products=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax",
    );
  });
});

it("is one cookie for every service, whatever its name", () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1, unit: "binary" }), fc.boolean(), (service, isSecure) => {
      const rule = compileAffinity(service, { cookie: {} }) as CookieRule;
      const line = setCookieFor(rule, rule.valuesOf("http://10.0.0.1")[0], isSecure);
      expect(line).toMatch(
        /^[A-Za-z0-9._-]+=[A-Za-z0-9_-]{22}; Path=\/(; Secure)?; HttpOnly; SameSite=Lax$/,
      );
    }),
    { seed: 521 },
  );
});
