import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { RequestView } from "../request.js";
import { compileAffinity } from "./affinity-rule.js";
import { cookieValue } from "./cookie-value.js";
import { MAX_KEY_LENGTH, readPin } from "./read-pin.js";

const value = cookieValue("products", "a");
const view = (...rawHeaders: readonly string[]): RequestView => ({
  method: "GET",
  url: "/",
  rawHeaders,
});

describe("a pin in a cookie", () => {
  const rule = compileAffinity("products", { cookie: {} });
  const read = (cookies: string) => readPin(view("Cookie", cookies), rule);

  it("is the value of the cookie of the service", () => {
    expect(read(`a=b; affinity-products=${value}; c=d`)).toBe(value);
    expect(read(`affinity-products=${value}  ;c=d`)).toBe(value);
  });

  it("stands in a record of headers too, and over several lines", () => {
    const headers = { cookie: ["a=b", `affinity-products=${value}`] };
    expect(readPin({ method: "GET", url: "/", headers }, rule)).toBe(value);
    const lines = view("cookie", "a=b", "cookie", `affinity-products=${value}`);
    expect(readPin(lines, rule)).toBe(value);
  });

  it("is that of its own service only", () => {
    expect(read(`affinity-orders=${value}; xaffinity-products=${value}`)).toBeUndefined();
    expect(readPin(view(), rule)).toBeUndefined();
  });

  it.each(["", value.slice(1), `${value}A`, `"${value}"`, value.repeat(1_000), "=".repeat(10)])(
    "is none when it has another length: %.40j",
    (other) => {
      expect(read(`affinity-products=${other}`)).toBeUndefined();
    },
  );

  it("is read under the name that was given", () => {
    const named = compileAffinity("products", { cookie: { name: "__Host-pin" } });
    expect(readPin(view("cookie", `__Host-pin=${value}`), named)).toBe(value);
    expect(readPin(view("cookie", `affinity-products=${value}`), named)).toBeUndefined();
  });

  it("never throws, whatever the client sends", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 200 }), (cookies) => {
        for (const line of [cookies, `affinity-products=${cookies}`]) {
          const pin = read(line);
          expect(pin === undefined || pin.length === 22).toBe(true);
        }
      }),
      { seed: 531 },
    );
  });
});

describe("a key in a header", () => {
  const rule = compileAffinity("products", { header: "X-Session" });
  const read = (key: string) => readPin(view("X-Session", key), rule);

  it("is the value of the header, whatever the case of its name", () => {
    expect(read("s1")).toBe("s1");
    expect(readPin(view("x-session", "s1"), rule)).toBe("s1");
    expect(readPin({ method: "GET", url: "/", headers: { "x-session": "s1" } }, rule)).toBe("s1");
  });

  it("is all lines together where there are several", () => {
    expect(readPin(view("x-session", "s1", "X-Session", "s2"), rule)).toBe("s1,s2");
  });

  it("is none when it is absent, empty or too long to be kept", () => {
    expect(readPin(view(), rule)).toBeUndefined();
    expect(read("")).toBeUndefined();
    expect(read("x".repeat(MAX_KEY_LENGTH))).toHaveLength(MAX_KEY_LENGTH);
    expect(read("x".repeat(MAX_KEY_LENGTH + 1))).toBeUndefined();
  });
});
