import { expect, it } from "vitest";
import { suggest } from "./suggest.js";

it.each([
  ["ordrs", "orders"],
  ["Orders", "orders"],
  ["mathc", "match"],
  ["paht", "path"],
  ["retrys", "retry"],
  ["xyz", undefined],
  ["", undefined],
])("means by %j probably %j", (given, meant) => {
  expect(suggest(given, ["orders", "match", "path", "retry", "to"])).toBe(meant);
});
