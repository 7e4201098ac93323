import { ask, checks, holds, routeTo } from "./kit.js";
import type { TextCondition } from "../../src/index.js";

/** Cases of a condition on a header: the value that the request has, or undefined for none. */
function header(
  subject: string,
  condition: TextCondition,
  cases: readonly (readonly [sentence: string, value: string | undefined, expected: boolean])[],
): void {
  holds(
    subject,
    { headers: { "x-a": condition } },
    cases.map(([sentence, value, expected]) => [
      sentence,
      ask("GET /", { "x-a": value }),
      expected,
    ]),
  );
}

header("a text alone", "blue", [
  ["takes itself", "blue", true],
  ["is case-sensitive", "Blue", false],
  ["does not take more", "blue1", false],
  ["does not take less", "blu", false],
  ["does not take one of a list", "blue,red", false],
  ["fails on nothing", undefined, false],
]);

header("an empty text", "", [
  ["takes an empty value", "", true],
  ["does not take an absent one", undefined, false],
]);

header("equals", { equals: "blue" }, [
  ["takes itself", "blue", true],
  ["is case-sensitive", "BLUE", false],
  ["fails on nothing", undefined, false],
]);

header("equals without case", { equals: "Blue", ignoreCase: true }, [
  ["takes lower case", "blue", true],
  ["takes upper case", "BLUE", true],
  ["does not take another", "blues", false],
]);

header("startsWith", { startsWith: "Bearer " }, [
  ["takes what goes on", "Bearer x", true],
  ["takes itself", "Bearer ", true],
  ["is case-sensitive", "bearer x", false],
  ["stands at the front", "a Bearer x", false],
  ["fails on nothing", undefined, false],
]);

header("startsWith without case", { startsWith: "Bearer ", ignoreCase: true }, [
  ["takes another case", "bEARER x", true],
  ["stands at the front", "a bearer x", false],
]);

header("endsWith", { endsWith: "json" }, [
  ["takes what comes before", "application/json", true],
  ["stands at the end", "json/x", false],
  ["is case-sensitive", "application/JSON", false],
  ["fails on nothing", undefined, false],
]);

header("endsWith without case", { endsWith: "json", ignoreCase: true }, [
  ["takes another case", "application/JSON", true],
  ["stands at the end", "JSON/x", false],
]);

header("contains", { contains: "bot" }, [
  ["takes the middle", "a robot.", true],
  ["takes the front", "bots", true],
  ["is case-sensitive", "roBot", false],
  ["does not take another", "human", false],
  ["fails on nothing", undefined, false],
]);

header("contains without case", { contains: "Bot", ignoreCase: true }, [
  ["takes another case", "ROBOTS", true],
  ["does not take another", "human", false],
]);

header("oneOf", { oneOf: ["red", "blue"] }, [
  ["takes the first", "red", true],
  ["takes the last", "blue", true],
  ["does not take another", "green", false],
  ["does not take the list", "red,blue", false],
  ["is case-sensitive", "Red", false],
  ["fails on nothing", undefined, false],
]);

header("oneOf without case", { oneOf: ["Red", "blue"], ignoreCase: true }, [
  ["takes another case", "rEd", true],
  ["does not take another", "green", false],
]);

header("regex", { regex: "v[0-9]+" }, [
  ["takes a whole value", "v12", true],
  ["does not take a part at the end", "xv12", false],
  ["does not take a part at the front", "v12x", false],
  ["is case-sensitive", "V12", false],
  ["fails on nothing", undefined, false],
]);

header("regex of alternatives", { regex: "a|b" }, [
  ["takes the first", "a", true],
  ["takes the last", "b", true],
  ["does not go on behind the first", "ax", false],
  ["does not begin before the last", "xb", false],
]);

header("regex with anchors of its own", { regex: "^a+$" }, [
  ["takes a whole value", "aaa", true],
  ["does not take a part", "aab", false],
]);

header("regex without case", { regex: "v[a-f]+", ignoreCase: true }, [
  ["takes another case", "VAB", true],
  ["takes the whole value only", "VABX", false],
]);

header("range", { range: { from: 10, to: 20 } }, [
  ["takes its first number", "10", true],
  ["takes a number inside", "15", true],
  ["takes the number before its end", "19", true],
  ["does not take its end", "20", false],
  ["does not take less", "9", false],
  ["does not take a fraction", "10.5", false],
  ["does not take a text", "ten", false],
  ["does not take a number with a unit", "15px", false],
  ["does not take hex", "0xf", false],
  ["does not take an empty value", "", false],
  ["does not take a list", "10,11", false],
  ["fails on nothing", undefined, false],
]);

header("range without an end", { range: { from: 10 } }, [
  ["takes its first number", "10", true],
  ["takes a large number", "4000000000", true],
  ["does not take less", "9", false],
  ["does not take infinity", "Infinity", false],
]);

header("range without a start", { range: { to: 10 } }, [
  ["takes zero", "0", true],
  ["does not take its end", "10", false],
]);

header("present", { present: true }, [
  ["takes any value", "x", true],
  ["takes an empty value", "", true],
  ["fails on nothing", undefined, false],
]);

header("not present", { present: false }, [
  ["holds on nothing", undefined, true],
  ["does not take a value", "x", false],
  ["does not take an empty value", "", false],
]);

header("not a text", { not: "blue" }, [
  ["does not take it", "blue", false],
  ["takes another", "red", true],
  ["takes another case", "Blue", true],
  ["takes an empty value", "", true],
  ["holds on nothing", undefined, true],
]);

header("not a form", { not: { startsWith: "a", ignoreCase: true } }, [
  ["does not take it", "Abc", false],
  ["takes another", "xyz", true],
  ["holds on nothing", undefined, true],
]);

header("not a regex", { not: { regex: "a+" } }, [
  ["does not take a whole value", "aa", false],
  ["takes a value that holds in part", "aab", true],
  ["holds on nothing", undefined, true],
]);

header("not a range", { not: { range: { from: 1, to: 3 } } }, [
  ["does not take a number inside", "2", false],
  ["takes a number outside", "3", true],
  ["takes a text", "x", true],
  ["holds on nothing", undefined, true],
]);

header("not present: true", { not: { present: true } }, [
  ["holds on nothing", undefined, true],
  ["does not take a value", "x", false],
]);

const condition = (value: unknown) => routeTo({ match: { headers: { "x-a": value } } });
const regex = (source: string) => condition({ regex: source });
const forms = { a: "x", b: { contains: "x" }, c: { oneOf: ["x"] }, d: { range: { from: 1 } } };

checks("a condition in a configuration", [
  ["may have any form", routeTo({ match: { headers: forms } }), undefined],
  ["has one form", condition({ equals: "a", contains: "a" }), "CONDITION"],
  ["has at least one form", condition({}), "CONDITION"],
  ["has no case alone", condition({ ignoreCase: true }), "CONDITION"],
  ["has a range that holds for something", condition({ range: { from: 5, to: 5 } }), "RANGE"],
  ["has no range upside down", condition({ range: { from: 5, to: 1 } }), "RANGE"],
  ["has a regex that compiles", regex("a("), "REGEX"],
  ["has no regex that looks back", regex("(a)\\1"), "REGEX"],
  ["may have a plain regex", regex("^/[a-z]+(-[0-9]{1,3})?$"), undefined],
  ["has a regex that compiles inside of not", condition({ not: { regex: "[" } }), "REGEX"],
]);

checks("a regex that can backtrack without bound is refused", [
  ["a repeated repetition", regex("(a+)+$"), "REGEX"],
  ["a starred star", regex("(a*)*b"), "REGEX"],
  ["a repeated repetition that stars", regex("([a-z]+)*x"), "REGEX"],
  ["a repeated repetition, for the whole value must match", regex("(a+)+"), "REGEX"],
  ["a repeated repetition of anything", regex("(.*)*x"), "REGEX"],
  ["two repetitions of the same in one", regex("(x+x+)+y"), "REGEX"],
  ["words with an optional space", regex("(\\w+\\s?)*$"), "REGEX"],
  ["inside of not", condition({ not: { regex: "(a+)+$" } }), "REGEX"],
  ["in a query", routeTo({ match: { query: { q: { regex: "(a+)+$" } } } }), "REGEX"],
  ["in a path", routeTo({ match: { path: { regex: "/(a+)+$" } } }), "REGEX"],
  ["but a single repetition is not", regex("a+$"), undefined],
  ["but a repeated text is not", regex("(ab)+c"), undefined],
  ["but repeated alternatives are not", regex("(foo|bar)+"), undefined],
  ["but a dotted version is not", regex("v\\d+(\\.\\d+)*"), undefined],
  ["but words with dashes between are not", regex("[a-z0-9]+(-[a-z0-9]+)*"), undefined],
  ["but two segments are not", regex("/users/[^/]+/orders/\\d+"), undefined],
]);
