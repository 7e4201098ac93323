import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonicalHost, isHostPattern, parseHost, wildcardSuffixes } from "./host.js";

/** Any code unit: control characters, bytes and halves of pairs too. */
const anyChar = fc.oneof(fc.nat(0xff), fc.nat(0xffff)).map((code) => String.fromCharCode(code));

describe("a host", () => {
  it.each([
    ["api.shop.com", "api.shop.com", 0],
    ["EXAMPLE.test:8080", "example.test", 8080],
    ["example.test.", "example.test", 0],
    ["example.test.:81", "example.test", 81],
    ["localhost", "localhost", 0],
    ["a_b-c", "a_b-c", 0],
    ["10.0.0.1:80", "10.0.0.1", 80],
    ["[::1]", "[::1]", 0],
    ["[2001:DB8::1]:443", "[2001:db8::1]", 443],
    ["a:", "a", 0],
    ["", "", 0],
  ])("%j is %j with port %d", (text, name, port) => {
    expect(parseHost(text)).toEqual({ name, port });
  });

  it.each([
    ...["a b", "a/b", "x@y", "u:p@h", "a, b", "a:80evil", "a:-1", "a:65536", "a:123456", "a\\b"],
    ...[
      "[::1",
      "::1",
      "a]",
      "é.com",
      "a..b",
      ".a",
      ".",
      "a?b",
      "a#b",
      "a%2eb",
      "a\n",
      "\ta",
      "*.a",
    ],
    `${"a".repeat(300)}.com`,
  ])("%j is none", (text) => expect(parseHost(text)).toBeUndefined());

  it("never throws, and what it names has no capital, no port and no final dot", () => {
    const text = fc.oneof(
      fc.string({ unit: anyChar }),
      fc
        .array(fc.constantFrom("a", "B", ".", ":", "8", "[", "]", "-", "_", "@"))
        .map((c) => c.join("")),
    );
    fc.assert(
      fc.property(text, (host) => {
        const parsed = parseHost(host);
        if (parsed === undefined || parsed.name === "") return;
        expect(parsed.name).toMatch(/^(\[[0-9a-f:.]+\]|[a-z0-9_-]+(\.[a-z0-9_-]+)*)$/);
        expect(parseHost(parsed.name)).toEqual({ name: parsed.name, port: 0 });
      }),
    );
  });
});

it("brings a configured host into the form of requests", () => {
  expect(canonicalHost("API.Shop.com.")).toBe("api.shop.com");
  expect(canonicalHost("*.Shop.com")).toBe("*.shop.com");
});

it.each(["api.shop.com", "*.shop.com", "[::1]", "API.shop.com."])("may be configured: %j", (host) =>
  expect(isHostPattern(host)).toBe(true),
);

it.each(["", "*", "*.", "a:80", "[::1]:80", "a.*.b", "*a.com", "a b", "a:"])(
  "may not be configured: %j",
  (host) => expect(isHostPattern(host)).toBe(false),
);

it("lists the wildcards that take a host, the longest first", () => {
  expect(wildcardSuffixes("a.b.c")).toEqual(["b.c", "c"]);
  expect(wildcardSuffixes("localhost")).toEqual([]);
  expect(wildcardSuffixes("[::ffff:1.2.3.4]")).toEqual([]);
});
