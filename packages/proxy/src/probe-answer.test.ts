import { describe, expect, it } from "vitest";
import { FirstBytes, isExpected } from "./probe-answer.js";
import { targetOf } from "./probe-request.js";

describe("the answer to a probe", () => {
  it("has a status from 200 to 299 where nothing else is asked", () => {
    const rule = { statuses: [], body: "" };
    const passing = [199, 200, 204, 299, 300, 301, 404, 503].filter((status) =>
      isExpected(rule, status, Buffer.alloc(0)),
    );
    expect(passing).toEqual([200, 204, 299]);
  });

  it("has one of the statuses that are asked for, and no other", () => {
    const rule = { statuses: [301, 503], body: "" };
    const passing = [200, 301, 503, 504].filter((status) =>
      isExpected(rule, status, Buffer.alloc(0)),
    );
    expect(passing).toEqual([301, 503]);
  });

  it("holds the text that is asked for, which may lie in several parts", () => {
    const body = new FirstBytes();
    for (const part of ["so f", "ar, s", "o gut: äöü"]) body.add(Buffer.from(part));
    const rule = { statuses: [], body: "far, so gut: ä" };
    expect(isExpected(rule, 200, body.all)).toBe(true);
    expect(isExpected({ ...rule, body: "far, so good" }, 200, body.all)).toBe(false);
    expect(isExpected(rule, 500, body.all)).toBe(false);
  });

  it("is looked at in its first 64 KiB", () => {
    const body = new FirstBytes();
    expect(body.add(Buffer.alloc(65_534))).toBe(true);
    expect(body.add(Buffer.from("yes"))).toBe(false);
    expect(body.add(Buffer.from("s"))).toBe(false);
    expect(body.all).toHaveLength(65_536);
    expect(isExpected({ statuses: [], body: "ye" }, 200, body.all)).toBe(true);
    expect(isExpected({ statuses: [], body: "yes" }, 200, body.all)).toBe(false);
  });
});

it("escapes what may not stand raw in a request, and nothing else", () => {
  expect(targetOf({ path: "/a%20b/~c?d" })).toBe("/a%20b/~c?d");
  expect(targetOf({ path: "/zu stand/ä\u{1f600}\ud800" })).toBe(
    "/zu%20stand/%C3%A4%F0%9F%98%80%EF%BF%BD",
  );
});
