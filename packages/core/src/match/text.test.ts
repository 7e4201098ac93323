import { describe, expect, it } from "vitest";
import type { TextCondition } from "../config/match-config.js";
import { compileText } from "./text.js";

const cases: readonly (readonly [
  condition: TextCondition,
  holds: readonly string[],
  fails: readonly string[],
])[] = [
  ["x", ["x"], ["X", "", "xx", " x"]],
  [{ equals: "x" }, ["x"], ["X", "xx"]],
  [{ equals: "xY", ignoreCase: true }, ["XY", "xy"], ["x"]],
  [{ startsWith: "ab" }, ["ab", "abc"], ["Ab", "cab", "a"]],
  [{ startsWith: "aB", ignoreCase: true }, ["AbC"], ["cab"]],
  [{ endsWith: "ab" }, ["ab", "cab"], ["aB", "abc"]],
  [{ endsWith: "aB", ignoreCase: true }, ["cAb"], ["abc"]],
  [{ contains: "ab" }, ["ab", "cabd"], ["a-b", "AB"]],
  [{ contains: "aB", ignoreCase: true }, ["cAbd"], ["a-b"]],
  [{ regex: "a+b?" }, ["a", "aab"], ["ab\n", "xab", "abx", "A", ""]],
  [{ regex: "a|ab" }, ["a", "ab"], ["abc"]],
  [{ regex: "^a$" }, ["a"], ["aa", "a\n"]],
  [{ regex: "A+", ignoreCase: true }, ["aA"], ["ab"]],
  [{ oneOf: ["x", "y"] }, ["x", "y"], ["X", "z", "xy"]],
  [{ oneOf: ["x", "Y"], ignoreCase: true }, ["X", "y"], ["z"]],
  [{ oneOf: [] }, [], ["", "x"]],
  [
    { range: { from: 5, to: 10 } },
    ["5", "9", "+7", "007"],
    ["4", "10", "7.5", "", "x", "7x", " 7", "-7", "1e1", "0x7"],
  ],
  [{ range: { from: 5 } }, ["5", "999999999999999"], ["4", "-5", "1000000000000000000"]],
  [{ range: { to: 0 } }, ["-1", "-999"], ["0", "1"]],
  [{ present: true }, ["", "x"], []],
  [{ present: false }, [], ["", "x"]],
  [{ not: "x" }, ["", "y"], ["x"]],
  [{ not: { oneOf: ["x", "y"] } }, ["z"], ["x", "y"]],
  [{ not: { not: "x" } }, ["x"], ["y"]],
  [{ not: { range: { from: 1 } } }, ["0", "x"], ["1"]],
];

describe.each(cases)("%j", (condition, holds, fails) => {
  const test = compileText(condition);
  it.each(holds)("holds for %j", (value) => expect(test(value)).toBe(true));
  it.each(fails)("does not hold for %j", (value) => expect(test(value)).toBe(false));
});

describe("a value that is absent", () => {
  it.each<readonly [TextCondition, boolean]>([
    ["x", false],
    ["", false],
    [{ equals: "" }, false],
    [{ startsWith: "" }, false],
    [{ endsWith: "" }, false],
    [{ contains: "" }, false],
    [{ regex: ".*" }, false],
    [{ oneOf: [""] }, false],
    [{ range: { to: 5 } }, false],
    [{ present: true }, false],
    [{ present: false }, true],
    [{ not: "x" }, true],
    [{ not: { present: true } }, true],
    [{ not: { present: false } }, false],
    [{ not: { not: "x" } }, false],
  ])("under %j: %s", (condition, holds) => expect(compileText(condition)(undefined)).toBe(holds));
});

it("takes a regex of nested repetition in time that is linear in the value", () => {
  expect(compileText({ regex: "(a+)+b" })("a".repeat(50_000))).toBe(false);
});
