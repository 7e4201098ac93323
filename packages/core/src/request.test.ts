import { describe, expect, it } from "vitest";
import {
  cookieOf,
  eachHeader,
  headerOf,
  linesOf,
  queryValueOf,
  type RequestView,
} from "./request.js";

const raw = (...rawHeaders: string[]): RequestView => ({ method: "GET", url: "/", rawHeaders });
const record = (headers: NonNullable<RequestView["headers"]>): RequestView => ({
  method: "GET",
  url: "/",
  headers,
});
const cookies = (...lines: string[]) => raw(...lines.flatMap((line) => ["Cookie", line]));

describe("a header", () => {
  it("is found whatever the case of its name", () => {
    expect(headerOf(raw("X-Beta", "1"), "x-beta")).toBe("1");
    expect(headerOf(record({ "x-beta": "1" }), "x-beta")).toBe("1");
    expect(headerOf(raw("X-Bet", "1"), "x-beta")).toBeUndefined();
  });

  it("of several lines is joined with a comma and no space", () => {
    expect(headerOf(raw("A", "1", "b", "x", "a", "2"), "a")).toBe("1,2");
    expect(headerOf(record({ a: ["1", "2"] }), "a")).toBe("1,2");
    expect(headerOf(record({ a: [] }), "a")).toBeUndefined();
    expect(linesOf(raw("A", "1", "a", "2"), "a")).toEqual(["1", "2"]);
    expect(linesOf(record({ a: "1" }), "a")).toEqual(["1"]);
    expect(linesOf(record({}), "a")).toEqual([]);
  });

  it("may be empty, which is not absent", () => expect(headerOf(raw("A", ""), "a")).toBe(""));

  it("may be called as something that every object inherits", () => {
    expect(headerOf(record({}), "constructor")).toBeUndefined();
    expect(headerOf(record({}), "__proto__")).toBeUndefined();
    expect(headerOf(raw("__proto__", "1"), "__proto__")).toBe("1");
    expect(
      headerOf(record(JSON.parse('{"__proto__":"1"}') as { __proto__: string }), "__proto__"),
    ).toBe("1");
  });

  it("is visited line by line in order, in the case in which it came", () => {
    const visited: string[] = [];
    eachHeader(raw("B", "1", "a", "2", "B", "3", "odd"), (name, value) =>
      visited.push(name, value),
    );
    expect(visited).toEqual(["B", "1", "a", "2", "B", "3"]);
    visited.length = 0;
    eachHeader(record({ b: ["1", "3"], a: "2", gone: undefined }), (name, value) =>
      visited.push(name, value),
    );
    expect(visited).toEqual(["b", "1", "b", "3", "a", "2"]);
  });
});

describe("a cookie", () => {
  it("is found by its whole name, at the start of a pair only", () => {
    const header = "xa=0; b=a=1;\t a=2 ; a=3";
    expect(cookieOf(cookies(header), "a")).toBe("2");
    expect(cookieOf(cookies("b=1 a=2"), "a")).toBeUndefined();
  });

  it("is never found by a name that no cookie can have", () => {
    expect(cookieOf(cookies("a=b=c; d;e=1;  f=1"), "a=b")).toBeUndefined();
    expect(cookieOf(cookies("a=b=c; d;e=1;  f=1"), "d;e")).toBeUndefined();
    expect(cookieOf(cookies("a=b=c; d;e=1;  f=1"), " f")).toBeUndefined();
  });

  it.each([
    ["sid=a", "sid", "a"],
    ["x=1; sid=a; y=2", "sid", "a"],
    ["x=1;sid=a", "sid", "a"],
    ["x=1;\tsid=a \t; y=2", "sid", "a"],
    ["sid=a; sid=b", "sid", "a"],
    ["sid=", "sid", ""],
    ["sid=a=b==", "sid", "a=b=="],
    ['sid="a;b"', "sid", '"a'],
    ['sid="a b"', "sid", '"a b"'],
    ["sid=%20+é", "sid", "%20+é"],
    ["sid", "sid", undefined],
    ["xsid=1; sidx=2", "sid", undefined],
    ["SID=1", "sid", undefined],
    ["$Version=1; sid=\x01", "sid", "\x01"],
    ["; ;; sid=a", "sid", "a"],
    ["", "sid", undefined],
    ["__proto__=1", "__proto__", "1"],
    ["x=1", "__proto__", undefined],
  ])("in %j is read as it stands", (line, name, value) => {
    expect(cookieOf(cookies(line), name)).toBe(value);
  });

  it("is looked for in all lines, and the first of a name counts", () => {
    expect(cookieOf(cookies("x=1", "sid=a", "sid=b"), "sid")).toBe("a");
    expect(cookieOf(record({ cookie: ["x=1", "sid=a"] }), "sid")).toBe("a");
  });

  it("is absent without cookies", () => expect(cookieOf(raw(), "sid")).toBeUndefined());
});

describe("a query parameter", () => {
  it.each([
    ["?a=1", "a", "1"],
    ["?b=2&a=1", "a", "1"],
    ["?a=1&a=2", "a", "1"],
    ["?a", "a", ""],
    ["?a=", "a", ""],
    ["?a&a=1", "a", ""],
    ["?a=b=c", "a", "b=c"],
    ["?a=1+2%2B3", "a", "1 2+3"],
    ["?%61=1", "a", "1"],
    ["?first+name=x", "first name", "x"],
    ["?first%20name=x", "first name", "x"],
    ["?caf%C3%A9=x", "café", "x"],
    ["?a=%C3%A9", "a", "é"],
    ["?a=%zz", "a", "%zz"],
    ["?a=%ff", "a", "%ff"],
    ["?%=1", "%", "1"],
    ["?a%2Bb=1", "a+b", "1"],
    ["?a+b=1", "a+b", undefined],
    ["?A=1", "a", undefined],
    ["?ab=1", "a", undefined],
    ["?&&a=1", "a", "1"],
    ["?", "a", undefined],
    ["", "a", undefined],
    ["?__proto__=1", "__proto__", "1"],
    ["?constructor[prototype][x]=1", "constructor", undefined],
    ["?a=1", "toString", undefined],
    ["?a?b=1", "a?b", "1"],
  ])("of %j called %j is %j", (query, name, value) => {
    expect(queryValueOf(query, name)).toBe(value);
  });

  it("is not looked for behind a thousand others", () => {
    const others = (count: number) => `?${"x=1&".repeat(count)}a=1`;
    expect(queryValueOf(others(999), "a")).toBe("1");
    expect(queryValueOf(others(1_000), "a")).toBeUndefined();
  });
});
