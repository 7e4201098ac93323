import { describe, expect, it } from "vitest";
import type { MatchConfig } from "../../src/index.js";
import { ask, checks, leads, reached, routeTo, services, type Asked } from "./kit.js";

type Rung = readonly [
  sentence: string,
  better: MatchConfig,
  worse: MatchConfig,
  asked: Asked,
  orders?: readonly [better: number, worse: number],
];

/** Cases of one rung: each route holds alone, and the better one wins in both orders of listing. */
function rung(subject: string, cases: readonly Rung[]): void {
  describe(subject, () => {
    for (const [sentence, better, worse, asked, [first = 0, second = 0] = []] of cases)
      it(sentence, () => {
        const one = { id: "better", match: better, to: "web", order: first };
        const two = { id: "worse", match: worse, to: "web", order: second };
        expect(reached({ services, routes: [two] }, asked)).toBe("worse");
        expect(reached({ services, routes: [one, two] }, asked)).toBe("better");
        expect(reached({ services, routes: [two, one] }, asked)).toBe("better");
      });
  });
}

const everything = ask("GET api.shop.com/a/b?p=1&q=2", {
  "x-a": "1",
  "x-b": "2",
  cookie: "c=1; d=2",
});
const exact = { exact: "/a/b" };
const wide = { prefix: "/" };

rung("order beats everything", [
  ["a lower one beats a host", {}, { host: "api.shop.com", path: exact }, everything, [-1, 0]],
  ["a lower one beats an exact path", {}, { path: exact }, everything, [0, 1]],
  ["a lower one beats conditions", {}, { headers: { "x-a": "1" } }, everything, [1, 2]],
  ["negative numbers go before zero", {}, { method: "GET" }, everything, [-5, 0]],
  ["an equal one leaves it to the rest", { path: exact }, {}, everything, [3, 3]],
]);

rung("the host comes before the path", [
  [
    "an exact host beats a wildcard",
    { host: "api.shop.com", path: wide },
    { host: "*.shop.com", path: exact },
    everything,
  ],
  ["an exact host beats none", { host: "api.shop.com", path: wide }, { path: exact }, everything],
  ["a wildcard beats none", { host: "*.shop.com", path: wide }, { path: exact }, everything],
  [
    "a longer wildcard beats a shorter one",
    { host: "*.shop.com", path: wide },
    { host: "*.com", path: exact },
    everything,
  ],
  [
    "a host beats conditions",
    { host: "*.com" },
    { method: "GET", headers: { "x-a": "1" } },
    everything,
  ],
  [
    "the better of several hosts counts",
    { host: ["other.test", "api.shop.com"] },
    { host: "*.shop.com", path: exact },
    everything,
  ],
]);

rung("the path comes before the method", [
  ["exact beats a parameter", { path: exact }, { path: "/a/:x" }, everything],
  ["exact beats the same prefix", { path: exact }, { path: { prefix: "/a/b" } }, everything],
  [
    "exact beats a start of the text",
    { path: exact },
    { path: { startsWith: "/a/b" } },
    everything,
  ],
  ["exact beats a regex", { path: exact }, { path: { regex: "/a/b" } }, everything],
  ["exact beats a method", { path: exact }, { path: "/a/:x", method: "GET" }, everything],
  ["a static pattern beats its prefix", { path: "/a/b" }, { path: "/a/b/*" }, everything],
  ["static beats a parameter", { path: "/a/b" }, { path: "/a/:x" }, everything],
  ["a parameter beats the end of a prefix", { path: "/a/:x" }, { path: "/a/*" }, everything],
  [
    "a parameter beats the end of a prefix condition",
    { path: "/a/:x" },
    { path: { prefix: "/a" } },
    everything,
  ],
  [
    "a static prefix beats a parameter",
    { path: { prefix: "/a/b" } },
    { path: "/a/:x" },
    everything,
  ],
  ["the leftmost segment decides", { path: "/a/b/*" }, { path: "/a/:x/c" }, "GET /a/b/c"],
  ["the leftmost decides for parameters", { path: "/a/:x" }, { path: "/:x/b" }, "GET /a/b"],
  ["the next segment decides on a tie", { path: "/:x/b" }, { path: "/:x/:y" }, "GET /a/b"],
  ["static further right decides", { path: "/a/:x/c" }, { path: "/a/:x/:y" }, "GET /a/b/c"],
  ["a longer /* beats a shorter", { path: "/a/b/*" }, { path: "/a/*" }, "GET /a/b/c"],
  [
    "a longer prefix beats a shorter",
    { path: { prefix: "/a/b" } },
    { path: { prefix: "/a" } },
    "GET /a/b/c",
  ],
  [
    "a longer prefix beats a shorter with conditions",
    { path: { prefix: "/a" } },
    { path: wide, method: "GET", headers: { "x-a": "1" } },
    everything,
  ],
  [
    "a prefix with a final slash is no longer",
    { path: { prefix: "/a" }, method: "GET" },
    { path: { prefix: "/a/" } },
    everything,
  ],
  [
    "a prefix beats a start of the text",
    { path: wide },
    { path: { startsWith: "/a/b" } },
    everything,
  ],
  ["no path is the widest prefix", {}, { path: { startsWith: "/a/b" } }, everything],
  ["no path has no more than the widest prefix", { method: "GET" }, { path: wide }, everything],
  [
    "a longer start of the text beats a shorter",
    { path: { startsWith: "/a/b" } },
    { path: { startsWith: "/a" } },
    everything,
  ],
  [
    "a start of the text beats a regex",
    { path: { startsWith: "/" } },
    { path: { regex: "/a/b" }, method: "GET" },
    everything,
  ],
  ["a prefix beats a regex", { path: wide }, { path: { regex: "/a/b" } }, everything],
]);

rung("the method comes before headers", [
  ["a method beats none", { method: "GET" }, {}, everything],
  [
    "a method beats two headers",
    { method: "GET" },
    { headers: { "x-a": "1", "x-b": "2" } },
    everything,
  ],
  ["a method beats a query", { method: "GET" }, { query: { p: "1", q: "2" } }, everything],
  [
    "several methods are a condition",
    { method: ["GET", "PUT"] },
    { headers: { "x-a": "1" } },
    everything,
  ],
  [
    "the number of methods does not count",
    { method: ["GET", "PUT"], headers: { "x-a": "1" } },
    { method: "GET" },
    everything,
  ],
]);

rung("headers come before the query", [
  ["one beats none", { headers: { "x-a": "1" } }, {}, everything],
  [
    "two beat one",
    { headers: { "x-a": "1", "x-b": "2" } },
    { headers: { "x-a": "1" } },
    everything,
  ],
  [
    "one beats two parameters",
    { headers: { "x-a": "1" } },
    { query: { p: "1", q: "2" } },
    everything,
  ],
  [
    "one beats two cookies",
    { headers: { "x-a": "1" } },
    { cookies: { c: "1", d: "2" } },
    everything,
  ],
  [
    "one that must be absent counts as well",
    { headers: { "x-a": "1", "x-z": { present: false } } },
    { headers: { "x-a": "1" } },
    everything,
  ],
]);

rung("the query comes before cookies and others", [
  ["one beats none", { query: { p: "1" } }, {}, everything],
  ["two beat one", { query: { p: "1", q: "2" } }, { query: { p: "1" } }, everything],
  ["one beats two cookies", { query: { p: "1" } }, { cookies: { c: "1", d: "2" } }, everything],
]);

const known = ask(
  "GET /a",
  { cookie: "c=1; d=2" },
  { remoteAddress: "10.0.0.1", protocol: "https", localPort: 443, facts: { f: "1" } },
);

rung("cookies and other conditions come last", [
  ["a cookie beats none", { cookies: { c: "1" } }, {}, known],
  ["two cookies beat one", { cookies: { c: "1", d: "2" } }, { cookies: { c: "1" } }, known],
  ["a fact beats none", { facts: { f: "1" } }, {}, known],
  ["an address beats none", { clientAddress: "10.0.0.0/8" }, {}, known],
  ["a protocol beats none", { protocol: "https" }, {}, known],
  ["a port beats none", { port: 443 }, {}, known],
  [
    "a parameter's condition beats none",
    { path: "/:x", params: { x: "a" } },
    { path: "/:x" },
    known,
  ],
]);

leads(
  "equal routes",
  [
    { id: "first", match: { path: { prefix: "/a" }, headers: { "x-a": "1" } } },
    { id: "second", match: { path: "/a/*", headers: { "x-b": "2" } } },
    { id: "third", match: { path: { regex: "/r/.*" } } },
    { id: "fourth", match: { path: { regex: "/r/.+|/r" } } },
  ],
  [
    ["the one that is listed first wins", ask("GET /a/b", { "x-a": "1", "x-b": "2" }), "first"],
    ["the second takes what the first does not", ask("GET /a/b", { "x-b": "2" }), "second"],
    ["two regexes are equal, whatever their length", "GET /r/x", "third"],
    ["the second regex takes the rest", "GET /r", "fourth"],
  ],
);

leads(
  "a route that does not hold lets the next one try",
  [
    { id: "exact", match: { path: { exact: "/a/b" }, headers: { "x-exact": "1" } } },
    { id: "static", match: { path: "/a/b/*", headers: { "x-static": "1" } } },
    { id: "param", match: { path: "/a/:x", method: "PUT" } },
    { id: "prefix", match: { path: "/a/*", query: { p: "1" } } },
    { id: "text", match: { path: { startsWith: "/a" }, cookies: { t: "1" } } },
    { id: "regex", match: { path: { regex: "/a/.*" }, facts: { f: "1" } } },
  ],
  [
    [
      "the best one, when all hold",
      ask("PUT /a/b?p=1", { "x-exact": "1", "x-static": "1" }),
      "exact",
    ],
    ["the second", ask("PUT /a/b?p=1", { "x-static": "1" }), "static"],
    ["the third", "PUT /a/b?p=1", "param"],
    ["the fourth", "GET /a/b?p=1", "prefix"],
    ["the fifth", ask("GET /a/b", { cookie: "t=1" }), "text"],
    ["the sixth", ask("GET /a/b", {}, { facts: { f: "1" } }), "regex"],
    ["none", "GET /a/b", "none"],
  ],
);

leads(
  "a wider path with a lower order",
  [
    { id: "exact", match: { path: { exact: "/a" } } },
    { id: "wide", order: -1, match: { headers: { "x-a": "1" } } },
  ],
  [
    ["goes first when it holds", ask("GET /a", { "x-a": "1" }), "wide"],
    ["steps back when it does not", "GET /a", "exact"],
  ],
);

checks("an order in a configuration", [
  ["is a whole number", routeTo({ order: 1.5 }), "ORDER"],
  ["is no text", routeTo({ order: "1" }), "ORDER"],
  ["may be negative", routeTo({ order: -1 }), undefined],
]);
