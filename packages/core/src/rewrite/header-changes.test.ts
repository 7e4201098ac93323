import { describe, expect, it } from "vitest";
import type { HeaderChanges } from "../decision.js";
import { applyHeaderChanges, changedHeaders, findHeader, removeHeader } from "./header-changes.js";

const changes = (given: Partial<HeaderChanges>): HeaderChanges => ({
  set: [],
  add: [],
  remove: [],
  ...given,
});
const applied = (headers: readonly string[], ...levels: readonly Partial<HeaderChanges>[]) => {
  const list = [...headers];
  applyHeaderChanges(list, levels.map(changes));
  return list;
};

describe("a change", () => {
  it("sets: overwrites every line of the name, whatever its case", () => {
    expect(applied(["X-A", "1", "b", "2", "x-a", "3"], { set: [["x-a", "9"]] })).toEqual([
      "b",
      "2",
      "x-a",
      "9",
    ]);
    expect(applied([], { set: [["x-a", "9"]] })).toEqual(["x-a", "9"]);
  });

  it("adds: appends to the last line with a comma and no space", () => {
    expect(applied(["X-A", "1", "x-a", "2"], { add: [["x-a", "9"]] })).toEqual([
      "X-A",
      "1",
      "x-a",
      "2,9",
    ]);
    expect(applied([], { add: [["x-a", "9"]] })).toEqual(["x-a", "9"]);
  });

  it("adds a line of its own for Set-Cookie", () => {
    expect(applied(["set-cookie", "a=1"], { add: [["set-cookie", "b=2"]] })).toEqual([
      "set-cookie",
      "a=1",
      "set-cookie",
      "b=2",
    ]);
  });

  it("removes every line of the name", () => {
    expect(applied(["X-A", "1", "b", "2", "x-a", "3"], { remove: ["x-a"] })).toEqual(["b", "2"]);
    expect(applied(["b", "2"], { remove: ["x-a"] })).toEqual(["b", "2"]);
  });

  it("acts after those of the levels before it", () => {
    expect(
      applied(["x-a", "1"], { set: [["x-a", "2"]] }, { add: [["x-a", "3"]] }, { remove: ["x-b"] }),
    ).toEqual(["x-a", "2,3"]);
    expect(applied([], { set: [["x-a", "2"]] }, { remove: ["x-a"] })).toEqual([]);
  });
});

describe("headers of an answer of our own", () => {
  it("keep several lines of one name as a list", () => {
    expect(
      changedHeaders({ "set-cookie": ["a=1", "b=2"], gone: undefined }, [
        changes({ add: [["set-cookie", "c=3"]] }),
      ]),
    ).toEqual({ "set-cookie": ["a=1", "b=2", "c=3"] });
  });

  it("may be called as something that every object inherits", () => {
    expect(changedHeaders({}, [changes({ set: [["constructor", "1"]] })])).toEqual({
      constructor: "1",
    });
  });

  it("cannot be changed", () => expect(Object.isFrozen(changedHeaders({}, []))).toBe(true));
});

it("finds and removes lines in a flat list", () => {
  const headers = ["A", "b", "B", "c"];
  expect(findHeader(headers, "b")).toBe(2);
  expect(findHeader(headers, "c")).toBe(-1);
  removeHeader(headers, "a");
  expect(headers).toEqual(["B", "c"]);
});
