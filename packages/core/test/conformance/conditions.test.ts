import { describe, expect, it } from "vitest";
import { checkConfig, createGateway } from "../../src/index.js";
import { ask, checks, holds, json, leads, lines, reached, routeTo, services } from "./kit.js";

holds("the name of a header", { headers: { "X-Beta": "1" } }, [
  ["ignores case in the request", ask("GET /", { "x-beta": "1" }), true],
  ["ignores case in raw headers", lines("GET", "/", "X-BETA", "1"), true],
  ["is the whole name", ask("GET /", { "x-beta-2": "1" }), false],
  ["leaves the value exact", ask("GET /", { "x-beta": "1 " }), false],
]);

holds("several lines of one header", { headers: { "x-a": "1,2" } }, [
  ["are joined with a comma", lines("GET", "/", "X-A", "1", "x-a", "2"), true],
  ["are joined in a record", ask("GET /", { "x-a": ["1", "2"] }), true],
  ["are like one line that says so", ask("GET /", { "x-a": "1,2" }), true],
  ["are not joined with a space", ask("GET /", { "x-a": "1, 2" }), false],
  ["keep their order", ask("GET /", { "x-a": ["2", "1"] }), false],
  ["are not the first alone", ask("GET /", { "x-a": "1" }), false],
]);

holds("the first of several lines", { headers: { "x-a": "1" } }, [
  ["is not the value", lines("GET", "/", "X-A", "1", "X-B", "", "X-A", "2"), false],
]);

holds(
  "names that objects inherit, as headers that must be there",
  {
    headers: { constructor: { present: true } },
  },
  [
    ["are absent unless sent", "GET /", false],
    ["are there when sent", ask("GET /", { constructor: "x" }), true],
  ],
);

holds(
  "names that objects inherit, as headers that must not be there",
  {
    headers: { tostring: { present: false }, hasownproperty: { not: "x" } },
  },
  [
    ["are absent unless sent", "GET /", true],
    ["are there when sent", ask("GET /", { tostring: "x" }), false],
  ],
);

leads(
  "header conditions of several routes",
  [
    { id: "one", match: { headers: { version: "one" } } },
    { id: "two", match: { headers: { version: "two" } } },
    { id: "orange", match: { headers: { version: "two", color: "orange" } } },
    { id: "cold", match: [{ headers: { color: "blue" } }, { headers: { color: "green" } }] },
    { id: "warm", match: [{ headers: { color: "red" } }, { headers: { color: "yellow" } }] },
  ],
  [
    ["the first value", ask("GET /", { version: "one" }), "one"],
    ["the second value", ask("GET /", { version: "two" }), "two"],
    ["two headers beat one", ask("GET /", { version: "two", color: "orange" }), "orange"],
    ["the first alternative", ask("GET /", { color: "blue" }), "cold"],
    ["the second alternative", ask("GET /", { color: "green" }), "cold"],
    ["the third", ask("GET /", { Color: "red" }), "warm"],
    ["the fourth", ask("GET /", { color: "yellow" }), "warm"],
    ["a tie goes to the one listed first", ask("GET /", { color: "blue", version: "one" }), "one"],
    ["a value of nobody", ask("GET /", { color: "purple" }), "none"],
    ["half of a pair", ask("GET /", { color: "orange" }), "none"],
    ["another value of a pair", ask("GET /", { version: "four" }), "none"],
    ["no header", "GET /", "none"],
  ],
);

describe("a condition that is named __proto__", () => {
  for (const map of ["headers", "query", "cookies", "facts"])
    it(`is refused or obeyed among ${map}, never lost`, () => {
      const conditions: unknown = JSON.parse('{ "__proto__": "1" }');
      const config = routeTo({ match: { [map]: conditions } });
      if (checkConfig(config).length === 0) expect(reached(config, "GET /")).toBe("none");
      else expect(() => createGateway(config)).toThrow();
    });
});

leads(
  "a hundred routes on one path",
  Array.from({ length: 100 }, (_, i) => ({
    id: `route-${i}`,
    match: { path: "/a/:id", headers: { "x-a": String(i) } },
  })),
  [
    ["the first", ask("GET /a/7", { "x-a": "0" }), "route-0"],
    ["one in the middle", ask("GET /a/7", { "x-a": "50" }), "route-50"],
    ["the last", ask("GET /a/7", { "x-a": "99" }), "route-99"],
    ["none", ask("GET /a/7", { "x-a": "100" }), "none"],
  ],
);

const from = (remoteAddress: string, headers = {}) => ask("GET /", headers, { remoteAddress });

holds("a client address", { clientAddress: ["10.0.0.0/8", "192.0.2.1", "2001:db8::/32"] }, [
  ["is taken inside of a range", from("10.1.2.3"), true],
  ["is taken alone", from("192.0.2.1"), true],
  ["is taken in version 6", from("2001:db8::7"), true],
  ["is not taken outside", from("192.0.2.2"), false],
  ["is not taken outside in version 6", from("2001:db9::7"), false],
  ["fails when unknown", "GET /", false],
  [
    "is not what an untrusted peer says",
    from("203.0.113.9", { "x-forwarded-for": "10.1.2.3" }),
    false,
  ],
]);

holds(
  "a client address behind a trusted proxy",
  { clientAddress: "10.0.0.0/8" },
  [
    ["is what the proxy says", from("192.0.2.1", { "x-forwarded-for": "10.1.2.3" }), true],
    [
      "is read from the right",
      from("192.0.2.1", { "x-forwarded-for": "10.1.2.3, 203.0.113.9" }),
      false,
    ],
    [
      "skips trusted proxies",
      from("192.0.2.1", { "x-forwarded-for": "10.1.2.3, 192.0.2.7" }),
      true,
    ],
    [
      "is the peer's when it is not trusted",
      from("10.9.9.9", { "x-forwarded-for": "203.0.113.9" }),
      true,
    ],
  ],
  { trustedProxies: ["192.0.2.0/24"] },
);

holds("a protocol", { protocol: "https" }, [
  ["is taken", ask("GET /", {}, { protocol: "https" }), true],
  ["is not taken for the other", ask("GET /", {}, { protocol: "http" }), false],
  ["is http by default", "GET /", false],
  ["is not what a client says", ask("GET /", { "x-forwarded-proto": "https" }), false],
]);

holds("a port", { port: [8080, 8081] }, [
  ["is that of the socket", ask("GET /", {}, { localPort: 8081 }), true],
  ["is not another", ask("GET /", {}, { localPort: 80 }), false],
  ["fails when unknown", "GET /", false],
  ["is not that of the host", "GET a.test:8080/", false],
]);

const facts = (given: Record<string, string | number | boolean>) =>
  ask("GET /", {}, { facts: given });

holds("facts", { facts: { tenant: "acme", age: { range: { from: 18 } } } }, [
  ["hold when all do", facts({ tenant: "acme", age: 30 }), true],
  ["fail with one of them", facts({ tenant: "acme", age: 17 }), false],
  ["fail when absent", "GET /", false],
  ["are no headers", ask("GET /", { tenant: "acme", age: "30" }), false],
]);

holds("facts that are truth values", { facts: { admin: "true" } }, [
  ["are compared as text", facts({ admin: true }), true],
  ["differ as text", facts({ admin: false }), false],
]);

holds("facts with line breaks", { facts: { role: { regex: "admin" } } }, [
  ["are no whole value before a break", facts({ role: "admin\n" }), false],
  ["are no whole value behind a break", facts({ role: "x\nadmin" }), false],
  ["are a whole value without", facts({ role: "admin" }), true],
]);

holds("facts with names that objects inherit", { facts: { constructor: { present: true } } }, [
  ["are absent unless given", facts({}), false],
  ["are absent without any facts", "GET /", false],
]);

checks("conditions in a configuration", [
  ["know their parameters", routeTo({ match: { path: "/a/:id", params: { id: "1" } } }), undefined],
  [
    "name no other parameter",
    routeTo({ match: { path: "/a/:id", params: { ix: "1" } } }),
    "UNKNOWN_PARAM",
  ],
  ["name real addresses", routeTo({ match: { clientAddress: "10.0.0.0/40" } }), "ADDRESS"],
  ["name no host as an address", routeTo({ match: { clientAddress: "a.test" } }), "ADDRESS"],
  ["name one of two protocols", routeTo({ match: { protocol: "ws" } }), "PROTOCOL"],
  ["name real ports", routeTo({ match: { port: 65_536 } }), "PORT"],
  ["name methods in upper case", routeTo({ match: { method: "get" } }), "METHOD"],
  ["name at least one method", routeTo({ match: { method: [] } }), "EMPTY"],
  ["name at least one alternative", routeTo({ match: [] }), "EMPTY"],
  ["name proxies by ranges", json({ services, routes: [], trustedProxies: ["x"] }), "ADDRESS"],
]);
