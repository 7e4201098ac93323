import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fillTemplate, replacePrefix, singleSlash } from "./path.js";

describe("a new prefix", () => {
  it.each([
    ["/foo/bar", 1, "/xyz", "/xyz/bar"],
    ["/foo/bar", 1, "/xyz/", "/xyz/bar"],
    ["/foo", 1, "/xyz", "/xyz"],
    ["/foo", 1, "/xyz/", "/xyz"],
    ["/foo/", 1, "/xyz", "/xyz/"],
    ["/foo/bar", 1, "/", "/bar"],
    ["/foo/bar", 1, "", "/bar"],
    ["/foo", 1, "/", "/"],
    ["/foo", 1, "", "/"],
    ["/foo/", 1, "", "/"],
    ["/a/b/c/d", 2, "/x/y", "/x/y/c/d"],
    ["/a/b", 0, "/x", "/x/a/b"],
    ["/a/b", 0, "/", "/a/b"],
    ["/", 0, "/x", "/x/"],
    ["/a//evil.com", 1, "", "/evil.com"],
  ])("of %j for %d segments by %j makes %j", (path, count, replacement, result) => {
    expect(replacePrefix(path, count, replacement)).toBe(result);
  });

  it("never makes an empty path, nor one that looks like a host", () => {
    const segments = fc.array(fc.constantFrom("a", "b", "", "%2F", "a.b"), { maxLength: 5 });
    const path = segments.map((list) => `/${list.join("/")}`);
    fc.assert(
      fc.property(path, fc.nat(5), fc.oneof(path, fc.constant("")), (path, count, replacement) => {
        fc.pre(!replacement.startsWith("//"));
        expect(replacePrefix(path, count, replacement)).toMatch(/^\/(?!\/)/);
      }),
    );
  });
});

it("fills a template with parameters as they stand", () => {
  const parts = [{ text: "/v2" }, { text: "/" }, { param: "id" }, { text: "/" }, { param: "*" }];
  expect(fillTemplate(parts, { id: "a%2Fb", "*": "c/d" })).toBe("/v2/a%2Fb/c/d");
  expect(fillTemplate(parts, { id: "7", "*": "" })).toBe("/v2/7/");
  expect(fillTemplate([{ text: "/" }, { param: "*" }], { "*": "/evil.com" })).toBe("/evil.com");
});

it.each([
  ["/a", "/a"],
  ["//a//b", "/a//b"],
  ["a", "/a"],
  ["", "/"],
  ["///", "/"],
])("makes %j start with one slash: %j", (path, result) => expect(singleSlash(path)).toBe(result));
