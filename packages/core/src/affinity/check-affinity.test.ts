import { describe, expect, it } from "vitest";
import {
  checkAffinity,
  cookieDomainProblem,
  cookieNameProblem,
  cookiePathProblem,
  secretProblem,
  ttlProblem,
} from "./check-affinity.js";

describe("the name of a cookie", () => {
  it.each(["pin", "__Host-pin", "a.b_c", "x".repeat(128)])("may be %.30j", (name) =>
    expect(cookieNameProblem(name)).toBeUndefined(),
  );
  it.each(["", "a b", "a=b", "a;b", "a,b", "é", "a\nb", "(a)", "x".repeat(129)])(
    "may not be %.30j",
    (name) =>
      expect(cookieNameProblem(name)).toBe(
        "a token of RFC 9110 (letters, digits, -) of at most 128 characters",
      ),
  );
});

describe("the path of a cookie", () => {
  it.each(["/", "/shop", "/a%20b?c=d", `/${"x".repeat(1_023)}`])("may be %.30j", (path) =>
    expect(cookiePathProblem(path)).toBeUndefined(),
  );
  it.each(["", "shop", "/a;b", "/a b", "/a\r\nb", "/é", "/\u007f", `/${"x".repeat(1_024)}`])(
    "may not be %.30j",
    (path) =>
      expect(cookiePathProblem(path)).toBe(
        'a path such as "/shop" in visible ASCII, without ";", of at most 1024 characters',
      ),
  );
});

describe("the domain of a cookie", () => {
  it.each(["shop.com", "localhost", "a-b.example", "xn--kln-sna.example", "s3.eu1", "_x.com"])(
    "may be %j",
    (domain) => expect(cookieDomainProblem(domain)).toBeUndefined(),
  );
  it.each([
    "",
    ".shop.com",
    "shop.com:80",
    "shop.com.",
    "10.0.0.1",
    "[::1]",
    "shop.com;",
    "a b",
    "a\nb",
    "*.shop.com",
    "-a.com",
    `${"x".repeat(64)}.com`,
    `${"abcdefg.".repeat(32)}com`,
  ])("may not be %.30j", (domain) =>
    expect(cookieDomainProblem(domain)).toBe(
      'a host name without port or leading dot such as "shop.com", no address',
    ),
  );
});

it("wants secrets that take long to guess", () => {
  expect(secretProblem("x".repeat(16))).toBeUndefined();
  expect(secretProblem("short secret")).toBe(
    "text of at least 16 characters that nobody can guess",
  );
});

it("wants a time to live of a second to four hundred days", () => {
  for (const ttlS of [1, 3_600, 34_560_000]) expect(ttlProblem(ttlS)).toBeUndefined();
  for (const ttlS of [0, -1, 1.5, 34_560_001, Number.NaN, Number.POSITIVE_INFINITY])
    expect(ttlProblem(ttlS)).toBe("a whole number of seconds from 1 to 34560000");
});

describe("the fields of an affinity together", () => {
  const told = (cookie: object, service = "products") =>
    checkAffinity(service, { cookie }).map(
      ({ at, about, expected }) => `${at.join(".")}: ${about} must be ${expected}`,
    );

  it.each([
    {},
    { ttlS: 60, sliding: true },
    { sameSite: "none" },
    { partitioned: true, secure: true },
    { secure: false },
    { name: "__Host-pin", secure: true, path: "/" },
    { name: "__Secure-pin", secure: true, path: "/shop", domain: "shop.com" },
    { sign: ["a", "b"] },
  ])("may be %j", (cookie) => expect(told(cookie)).toEqual([]));

  it("must be secure where clients would drop the cookie otherwise", () => {
    expect(told({ secure: false, sameSite: "none" })).toEqual([
      'cookie.secure: secure must be true or left out where sameSite is "none"',
    ]);
    expect(told({ secure: false, partitioned: true })).toEqual([
      "cookie.secure: secure must be true or left out where partitioned is true",
    ]);
  });

  it("must keep what the prefix of the name promises", () => {
    expect(told({ name: "__Secure-pin" })).toEqual([
      "cookie.secure: secure must be true where the name begins with __Secure-",
    ]);
    expect(told({ name: "__host-pin", secure: true, path: "/a", domain: "shop.com" })).toEqual([
      'cookie.path: path must be "/" or left out where the name begins with __host-',
      "cookie.domain: domain must be left out where the name begins with __host-",
    ]);
    expect(told({ name: "__Http-pin", secure: true, httpOnly: false })).toEqual([
      "cookie.httpOnly: httpOnly must be true or left out where the name begins with __Http-",
    ]);
    expect(told({ name: "__Host-Http-pin", httpOnly: false, path: "/a" })).toEqual([
      "cookie.secure: secure must be true where the name begins with __Host-Http-",
      "cookie.httpOnly: httpOnly must be true or left out where the name begins with __Host-Http-",
      'cookie.path: path must be "/" or left out where the name begins with __Host-Http-',
    ]);
  });

  it("must not slide without a time", () => {
    expect(told({ sliding: true })).toEqual([
      "cookie.sliding: sliding must be left out where there is no ttlS that could begin again",
    ]);
  });

  it("must have each secret once, and one at least", () => {
    expect(told({ sign: [] })).toEqual(["cookie.sign: sign must be a secret, or several"]);
    expect(told({ sign: ["a", "a"] })).toEqual([
      "cookie.sign: sign must be a list in which each secret stands once",
    ]);
  });

  it("must name the cookie of a service that is named by an address", () => {
    expect(told({}, "http://10.0.0.1:8080")).toEqual([
      "cookie.name: name must be given where the service is named by an address, which a cookie must not show",
    ]);
    expect(told({ name: "pin" }, "http://10.0.0.1:8080")).toEqual([]);
  });

  it.each([
    undefined,
    null,
    "cookie",
    [],
    { header: "x-session" },
    { cookie: null },
    { cookie: 5 },
    { cookie: { name: 5, sign: 7, sliding: "yes" } },
  ])("are left to the checks of single fields when they are no such fields: %j", (affinity) =>
    expect(checkAffinity("products", affinity)).toEqual([]),
  );
});
