import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cookieNameOf, isAddress } from "./cookie-name.js";

describe("the name of a cookie that was given none", () => {
  it("shows that of the service where it can", () => {
    expect(cookieNameOf("products")).toBe("affinity-products");
    expect(cookieNameOf("Web_Shop-2")).toBe("affinity-Web_Shop-2");
  });

  it.each(["web.shop", "a b", "ключ", "7up", "a;b=c", "x".repeat(65), "a=b"])(
    "shows nothing of the service %j",
    (service) => expect(cookieNameOf(service)).toMatch(/^affinity\.[A-Za-z0-9_-]{11}$/),
  );

  it("is the same from release to release", () => {
    expect(cookieNameOf("web.shop")).toBe("affinity.avgIJhsld0q");
  });

  it("never shows an address", () => {
    for (const service of ["ip-10-0-0-1", "http://10.0.0.1:8080", "10.0.0.1", "fe80::1"])
      expect(cookieNameOf(service)).toMatch(/^affinity\.[A-Za-z0-9_-]{11}$/);
  });
});

it("is a token for every service, and another one for each", () => {
  const names = fc.oneof(
    fc.string({ minLength: 1, unit: "binary" }),
    fc.stringMatching(/^[A-Za-z0-9_.-]{1,12}$/),
  );
  fc.assert(
    fc.property(fc.uniqueArray(names, { maxLength: 20 }), (services) => {
      const cookies = services.map(cookieNameOf);
      for (const cookie of cookies) expect(cookie).toMatch(/^[A-Za-z0-9._-]{1,80}$/);
      expect(new Set(cookies).size).toBe(services.length);
    }),
    { seed: 511 },
  );
});

it.each([
  ["http://a", true],
  ["http://10.0.0.1,http://10.0.0.2", true],
  ["10.0.0.1", true],
  ["10.0.0.1:8080", true],
  ["ip-10-0-0-1", true],
  ["::1", true],
  ["[fe80::1]:8080", true],
  ["fd00:0:0:1::7", true],
  ["products", false],
  ["products.v1.2.3", false],
  ["web.shop", false],
  ["db:5432", false],
  ["team:products:eu", false],
])("%j is an address: %s", (service, expected) => expect(isAddress(service)).toBe(expected));
