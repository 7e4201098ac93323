import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cookieOf, headerOf, queryValueOf, type RequestView } from "../request.js";
import { RequestTexts } from "./request-texts.js";
import { isBad, parseRequest } from "./target.js";

const view = (url: string, rawHeaders: readonly string[]): RequestView => ({
  method: "GET",
  url,
  rawHeaders,
});

function textsOf(asked: RequestView) {
  const request = parseRequest(asked, {});
  if (isBad(request)) throw new Error(request.problem);
  return { texts: new RequestTexts(request), query: request.query };
}

const name = fc.constantFrom("a", "b", "ab", "a b", "a+b", "%61", "a%", "X-A", "x-a", "__proto__");
const value = fc.constantFrom("", "1", "a=1", " 2 ", "%31", "1+1", "%zz", "\t3");
const pair = fc.tuple(name, fc.constantFrom("", "="), value).map((parts) => parts.join(""));
const url = fc.array(pair).map((pairs) => `/?${pairs.join("&").replace(/[ \t]/g, "%20")}`);
const cookies = fc.array(
  fc.tuple(fc.constantFrom("", " ", "\t "), pair).map((parts) => parts.join("")),
);
const headers = fc
  .array(
    fc.oneof(
      fc.tuple(name, value),
      fc.tuple(
        fc.constantFrom("Cookie", "cookie", "COOKIE"),
        cookies.map((list) => list.join(";")),
      ),
    ),
  )
  .map((lines) => lines.flat());

describe("a request that is read as a whole", () => {
  it("answers what asking for one name answers, for every request and name", () => {
    fc.assert(
      fc.property(url, headers, fc.array(name), (target, lines, names) => {
        const asked = view(target, lines);
        const { texts, query } = textsOf(asked);
        for (const each of names) {
          const lower = each.toLowerCase();
          expect(texts.header(lower)).toBe(headerOf(asked, lower));
          expect(texts.query(each)).toBe(queryValueOf(query, each));
          expect(texts.cookie(each)).toBe(cookieOf(asked, each));
        }
      }),
      { numRuns: 300 },
    );
  });

  it("knows headers of a record by their name as it stands", () => {
    const asked: RequestView = { method: "GET", url: "/", headers: { a: ["1", "2"], B: "3" } };
    const { texts } = textsOf(asked);
    expect(texts.header("a")).toBe("1,2");
    expect(texts.header("b")).toBe(headerOf(asked, "b"));
  });

  it("looks at a thousand query parameters, as asking for one does", () => {
    const target = `/?${"a&".repeat(999)}b&c`;
    const { texts, query } = textsOf(view(target, []));
    expect(texts.query("b")).toBe("");
    expect(texts.query("c")).toBeUndefined();
    expect(queryValueOf(query, "b")).toBe("");
    expect(queryValueOf(query, "c")).toBeUndefined();
  });
});
