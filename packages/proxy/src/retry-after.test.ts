import { expect, it } from "vitest";
import { retryAfterOf } from "./retry-after.js";

const noon = Date.parse("2026-11-26T12:00:00Z");

it.each([
  ["0", 0],
  ["120", 120_000],
  ["Thu, 26 Nov 2026 12:00:05 GMT", 5_000],
  ["Thursday, 26-Nov-26 12:00:05 GMT", 5_000],
  ["Thu Nov 26 12:00:05 2026", 5_000],
  ["Thu, 26 Nov 2026 11:00:00 GMT", 0],
])("reads %s", (value, expected) => expect(retryAfterOf(value, noon)).toBe(expected));

it.each(["", "-1", "1.5", "5s", "soon", "1234567890", "Thu, 99 Nov 2026 12:00:05 GMT"])(
  "reads nothing from %j",
  (value) => expect(retryAfterOf(value, noon)).toBeUndefined(),
);

it("reads nothing from two lines, or none", () => {
  expect(retryAfterOf(["1", "2"], noon)).toBeUndefined();
  expect(retryAfterOf(undefined, noon)).toBeUndefined();
});
