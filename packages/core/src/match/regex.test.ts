import { describe, expect, it } from "vitest";
import { checkConfig } from "../config/check.js";
import { compileRegex, compileReplacement, regexProblem } from "./regex.js";

/** Patterns that have brought servers to a stand: nested repetition, which other gateways run without bound. */
const nested = [
  ...["(a+)+$", "(a*)*b", "(a*)*$", "(.*)+x", "(.+)+", "^(.*)*x", "([a-zA-Z]+)*$", "(x+x+)+y"],
  ...["(\\d+)*$", "(\\w+\\s?)*$", "^(\\d+\\.?)+$", "((a+)b?)+$", "(?:a+){2,}", "(?:(?:a+)+)+"],
  ...["(a*a*)*b", "(([a-z]+)*)*", '([^"]+)*"', "([a-z0-9]+(-[a-z0-9]+)*)+"],
  ...["^(([a-z])+.)+[A-Z]([a-z])+$", "(https?:\\/\\/)?([\\w-]+\\.?)+$"],
];

/** Those that no engine of linear time has. */
const foreign = ["(?=a+)b", "(?!a)b", "(?<!x)y", "(?<=x)y", "(a)\\1", "(?<n>a)\\k<n>", "a{1001}"];

/** Patterns that backtrack in other engines, each with a text that makes them do so. */
const linear: readonly (readonly [source: string, text: string])[] = [
  ["(a|aa)+$", "a"],
  ["(a|a?)+$", "a"],
  ["(a|b|ab)*c", "ab"],
  ["(.*a){20}", "a"],
  ["(a|b)*a(a|b){12}", "ab"],
  ["^(a?){30}a{30}$", "a"],
  ["a.*b.*c.*d", "abc"],
  [".*.*=.*", "x"],
  ["\\s+$", " "],
  ["[\\s\\u200c]+$", " "],
  ["(?:.|\\n)*x", "a"],
  ["^(?:\\/([^/]+?))\\/?$", "/"],
  ["^\\/(?:([^/]+?))-(?:([^/]+?))$", "/a-"],
];

describe("a regex that cannot be trusted is refused", () => {
  it.each(nested)("for its nested repetition: %s", (source) => {
    expect(regexProblem(source)).toMatch(/^without nested repetition/);
  });

  it.each(foreign)("because it has no linear time: %s", (source) => {
    expect(regexProblem(source)).toMatch(/^without look-around, back-references and counts/);
  });

  it("for its size", () => {
    expect(regexProblem("a{1000}b{1000}")).toMatch(/^smaller: its program has \d+ steps/);
  });

  it.each<[place: string, route: (regex: string) => object]>([
    ["a path", (regex) => ({ match: { path: { regex } } })],
    ["a header", (regex) => ({ match: { headers: { a: { regex } } } })],
    ["a query parameter", (regex) => ({ match: { query: { a: { regex } } } })],
    ["a cookie", (regex) => ({ match: { cookies: { a: { regex } } } })],
    ["a path parameter", (regex) => ({ match: { path: "/:a", params: { a: { regex } } } })],
    ["a fact", (regex) => ({ match: { facts: { a: { regex } } } })],
    ["what does not hold", (regex) => ({ match: { headers: { a: { not: { regex } } } } })],
    ["a rewrite", (regex) => ({ rewrite: { path: { regex, with: "/" } } })],
  ])("wherever it may stand: %s", (_, route) => {
    for (const source of [...nested, ...foreign]) {
      const problems = checkConfig({ routes: [{ to: "http://a", ...route(source) }] });
      expect(problems.map(({ code }) => code)).toEqual(["REGEX"]);
    }
  });
});

describe("a regex that is taken comes to its end on any text", () => {
  it.each(linear)("%s", (source, piece) => {
    expect(regexProblem(source)).toBeUndefined();
    const text = `${piece.repeat(5_000)}!`;
    expect(compileRegex(source, false)(text)).toBe(false);
    expect(compileRegex(source, true)(text)).toBe(false);
    expect(compileReplacement(source, "")(text)).toMatch(/!?$/);
  });
});
