import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { changeHeaders, changeRequest } from "./request-change.js";

const view = { method: "GET", url: "/a", rawHeaders: ["Host", "a", "X-A", "1", "x-a", "2"] };

describe("a changed request", () => {
  it("is another view with facts, headers, method and url, and leaves the first as it is", () => {
    const before = structuredClone(view);
    const changed = changeRequest(
      { ...view, facts: { a: 1, b: 2 } },
      {
        facts: { b: 3 },
        headers: { set: { "X-User": "ada" }, add: { "x-a": "3" }, remove: ["accept"] },
        method: "PUT",
        url: "/b?c",
      },
    );
    expect(changed).toEqual({
      method: "PUT",
      url: "/b?c",
      facts: { a: 1, b: 3 },
      rawHeaders: ["Host", "a", "X-A", "1", "x-a", "2,3", "x-user", "ada"],
    });
    expect(view).toEqual(before);
  });

  it("has the headers of a record in flat form once they change", () => {
    const changed = changeRequest(
      { method: "GET", url: "/", headers: { a: ["1", "2"] } },
      { headers: { remove: ["b"] } },
    );
    expect(changed).toEqual({ method: "GET", url: "/", rawHeaders: ["a", "1", "a", "2"] });
  });

  it("leaves a client no say in the names that change, whatever its Connection names", () => {
    const rawHeaders = [
      ...[
        "Connection",
        "close, X-User",
        "connection",
        "x-tag,te",
        "X-User",
        "evil",
        "x-tag",
        "evil",
      ],
      ...["x.user", "evil", "X_Secret", "evil", "X_Other", "stays", "Host", "a"],
    ];
    const headers = { set: { "x-user": "me" }, add: { "x-tag": "ours" }, remove: ["x-secret"] };
    expect(changeRequest({ ...view, rawHeaders }, { headers }).rawHeaders).toEqual([
      ...["Connection", "close", "connection", "te", "X_Other", "stays", "Host", "a"],
      ...["x-user", "me", "x-tag", "ours"],
    ]);
  });

  it.each([
    [{ method: "G T" }, 'the method cannot be "G T"'],
    [{ url: "/a b" }, 'the url cannot be "/a b"'],
    [{ url: "" }, 'the url cannot be ""'],
    [{ headers: { set: { "x a": "1" } } }, 'the name of a header cannot be "x a"'],
    [{ headers: { set: { a: "1\n" } } }, 'the value of the header "a" cannot be "1\\n"'],
    [{ headers: { set: { a: 1 as never } } }, 'the value of the header "a" cannot be 1'],
    [{ headers: { add: { a: "\u2028" } } }, 'the value of the header "a" cannot be "\u2028"'],
    [
      { headers: { remove: ["Transfer-Encoding"] } },
      "the header transfer-encoding cannot be changed",
    ],
    [{ headers: { set: { connection: "x" } } }, "the header connection cannot be changed"],
  ])("cannot have %j", (change, message) => {
    expect(() => changeRequest(view, change)).toThrow(message);
  });
});

it("no header that was changed holds what could end it", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (name, value) => {
      const headers = ["a", "b"];
      try {
        changeHeaders(headers, { add: { [name]: value } });
      } catch (error) {
        expect(error).toBeInstanceOf(TypeError);
      }
      expect(headers.join("")).not.toMatch(/[\r\n\0]/);
    }),
  );
});
