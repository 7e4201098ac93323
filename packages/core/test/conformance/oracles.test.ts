import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createGateway, type MatchConfig, type RequestView } from "../../src/index.js";
import { path } from "./arbitraries.js";
import { forwarded, lines, routeTo, services } from "./kit.js";

const runs = { numRuns: 1_000 };
const holding = (match: MatchConfig) => {
  const gateway = createGateway({ services, routes: [{ match, to: "web" }] });
  return (view: RequestView) => gateway.match(view).kind === "match";
};

describe("for every query", () => {
  const pieces = [
    ...["a", "b", "a+b", "a%20b", "%61", "A", "=", "&", "==", "&&", "+", "%2B", "%26", "%3D"],
    ...["1", "%31", "%C3%A9", "?", "/", ";", "__proto__", "[", "]"],
  ];
  const query = fc
    .array(fc.constantFrom(...pieces), { maxLength: 10 })
    .map((list) => list.join(""));

  for (const name of ["a", "a b", "A", "é"])
    it(`the first value of ${JSON.stringify(name)} is that of an HTML form`, () => {
      const values = ["", "1", "a", "b", " ", "+", "=", "é", "&"];
      const conditions = values.map((value) => holding({ query: named(name, value) }));
      const present = holding({ query: named(name, { present: true }) });
      fc.assert(
        fc.property(query, (text) => {
          const view = { method: "GET", url: `/?${text}` };
          const value = new URLSearchParams(`?${text}`).get(name);
          expect(present(view)).toBe(value !== null);
          expect(values.filter((_, i) => conditions[i]?.(view))).toEqual(
            values.filter((candidate) => candidate === value),
          );
        }),
        runs,
      );
    });
});

const named = <T>(name: string, value: T): Readonly<Record<string, T>> => ({ [name]: value });

describe("for every path", () => {
  const everything = routeTo({});
  const gateway = createGateway(everything);
  const canonical = (url: string) => {
    const decision = gateway.decide({ method: "GET", url });
    return decision.kind === "forward" ? decision.request.path.split("?")[0] : undefined;
  };
  const cases: readonly (readonly [MatchConfig["path"], (path: string) => boolean])[] = [
    [{ exact: "/old/a" }, (found) => found === "/old/a"],
    [{ exact: "/old/" }, (found) => found === "/old/"],
    [{ prefix: "/old" }, (found) => `${found}/`.startsWith("/old/")],
    [{ prefix: "/old/a/" }, (found) => `${found}/`.startsWith("/old/a/")],
    [{ startsWith: "/old" }, (found) => found.startsWith("/old")],
    [{ regex: "/old/[^/]+" }, (found) => /^\/old\/[^/]+$/.test(found)],
    ["/old/*", (found) => `${found}/`.startsWith("/old/")],
    ["/*", () => true],
  ];
  for (const [condition, expected] of cases) {
    const holds = holding({ path: condition ?? "/*" });
    it(`${JSON.stringify(condition)} holds by the path that is forwarded`, () =>
      fc.assert(
        fc.property(path, (url) => {
          const found = canonical(url);
          if (found !== undefined) expect(holds({ method: "GET", url })).toBe(expected(found));
        }),
        runs,
      ));
  }
  it("an absolute form is the same path with its own host", () =>
    fc.assert(
      fc.property(path, (url) => {
        if (!url.startsWith("/")) return;
        const absolute = gateway.decide(lines("GET", `http://a.test${url}`, "Host", "b.test"));
        const origin = gateway.decide(lines("GET", url, "Host", "a.test"));
        expect(absolute.kind).toBe(origin.kind);
        if (absolute.kind === "forward" && origin.kind === "forward")
          expect(absolute.request).toEqual(origin.request);
      }),
      runs,
    ));
});

describe("for every host", () => {
  const label = fc.constantFrom("a", "b", "x", "A", "xn--a", "1");
  const host = fc
    .tuple(
      fc.array(label, { minLength: 1, maxLength: 4 }),
      fc.constantFrom("", ".", ":80", ".:8080", ":65535"),
    )
    .map(([labels, tail]) => ({ text: labels.join(".") + tail, labels }));

  for (const [pattern, suffix] of [
    ["*.a", ".a"],
    ["*.x.b", ".x.b"],
  ] as const) {
    const holds = holding({ host: pattern });
    it(`${pattern} takes what ends in ${suffix} behind a label`, () =>
      fc.assert(
        fc.property(host, ({ text, labels }) => {
          const plain = labels.join(".").toLowerCase();
          const expected = plain.endsWith(suffix) && plain.length > suffix.length;
          expect(holds(lines("GET", "/", "Host", text))).toBe(expected);
        }),
        runs,
      ));
  }
  it("the host is forwarded as it came", () =>
    fc.assert(
      fc.property(host, ({ text }) => {
        expect(forwarded(routeTo({}), lines("GET", "/", "Host", text)).request.host).toBe(text);
      }),
      { numRuns: 200 },
    ));
});

describe("for every list of header lines", () => {
  const value = fc.constantFrom("", "1", "2", "1,2", " ", "x");
  it("a condition sees them joined by commas", () => {
    const joined = ["", "1", "1,2", "1,2,1", "1,1,2", ",", "2,1", "1,,2"];
    const conditions = joined.map((text) => holding({ headers: { "x-a": text } }));
    fc.assert(
      fc.property(fc.array(value, { maxLength: 4 }), (values) => {
        const view = lines("GET", "/", ...values.flatMap((text) => ["X-A", text]));
        const expected = joined.filter((text) => values.length > 0 && text === values.join(","));
        expect(joined.filter((_, i) => conditions[i]?.(view))).toEqual(expected);
      }),
      runs,
    );
  });
});
