import { describe, expect, it } from "vitest";
import { checkConfig, createGateway, type HeaderRecord } from "../../src/index.js";
import { answered, ask, json, lines, linesOf, listOf, routeTo, sent, services } from "./kit.js";

type Change = readonly [
  sentence: string,
  changes: object,
  given: HeaderRecord,
  expected: Readonly<Record<string, string>>,
];

// Several lines of one field are one list to its reader (RFC 9110 section 5.3), so they are joined here.
const joined = (flat: readonly string[], name: string) => linesOf(flat, name).join(",");

const changes: readonly Change[] = [
  ["set adds an absent field", { set: { "X-A": "1" } }, {}, { "x-a": "1" }],
  ["set overwrites", { set: { "X-A": "1" } }, { "x-a": "0" }, { "x-a": "1" }],
  ["set overwrites every line", { set: { "x-a": "1" } }, { "x-a": ["0", "9"] }, { "x-a": "1" }],
  ["set ignores the case of names", { set: { "x-A": "1" } }, { "X-a": "0" }, { "x-a": "1" }],
  ["set may give an empty value", { set: { "x-a": "" } }, { "x-a": "0" }, { "x-a": "" }],
  ["set leaves other fields", { set: { "x-a": "1" } }, { "x-b": "2" }, { "x-a": "1", "x-b": "2" }],
  ["add adds an absent field", { add: { "X-A": "1" } }, {}, { "x-a": "1" }],
  [
    "add appends behind a comma, without a space",
    { add: { "X-A": "1" } },
    { "x-a": "0" },
    { "x-a": "0,1" },
  ],
  ["add ignores the case of names", { add: { "x-A": "1" } }, { "X-a": "0" }, { "x-a": "0,1" }],
  [
    "add appends behind several lines",
    { add: { "x-a": "1" } },
    { "x-a": ["8", "9"] },
    { "x-a": "8,9,1" },
  ],
  ["remove deletes", { remove: ["X-A"] }, { "x-a": "0" }, { "x-a": "" }],
  ["remove deletes every line", { remove: ["x-a"] }, { "x-a": ["0", "9"] }, { "x-a": "" }],
  ["remove ignores the case of names", { remove: ["x-A"] }, { "X-a": "0" }, { "x-a": "" }],
  ["remove of an absent field does nothing", { remove: ["x-a"] }, { "x-b": "1" }, { "x-b": "1" }],
  [
    "the three act together",
    { set: { "x-s": "1" }, add: { "x-t": "2" }, remove: ["x-u"] },
    { "x-s": "0", "x-t": "0", "x-u": "0", "x-v": "0" },
    { "x-s": "1", "x-t": "0,2", "x-u": "", "x-v": "0" },
  ],
  [
    "each of the three changes several",
    { set: { "x-a": "1", "x-b": "2" }, add: { "x-c": "3", "x-d": "4" }, remove: ["x-e", "x-f"] },
    { "x-b": "0", "x-d": "0", "x-e": "0", "x-f": "0" },
    { "x-a": "1", "x-b": "2", "x-c": "3", "x-d": "0,4", "x-e": "", "x-f": "" },
  ],
];

describe("changes of request headers", () => {
  for (const [sentence, requestHeaders, given, expected] of changes)
    it(sentence, () => {
      const fields = Object.entries(given).flatMap(([name, value]) =>
        [value ?? []].flat().flatMap((line) => [name, line]),
      );
      for (const view of [ask("GET /", given), lines("GET", "/", ...fields)]) {
        const head = sent(routeTo({ requestHeaders }), view);
        for (const [name, value] of Object.entries(expected))
          expect(joined(head, name)).toBe(value);
      }
    });
  it("leave no line of a removed field", () => {
    const config = routeTo({ requestHeaders: { remove: ["x-a"] } });
    expect(linesOf(sent(config, ask("GET /", { "x-a": "1" })), "x-a")).toEqual([]);
  });
  it("leave the response alone", () => {
    const config = routeTo({ requestHeaders: { set: { "x-a": "1" } } });
    expect(linesOf(answered(config, "GET /"), "x-a")).toEqual([]);
  });
  it("do not act on the conditions of the route", () => {
    const match = { headers: { "x-a": "0" } };
    const config = routeTo({ match, requestHeaders: { set: { "x-a": "1" } } });
    expect(linesOf(sent(config, ask("GET /", { "x-a": "0" })), "x-a")).toEqual(["1"]);
  });
});

describe("changes of response headers", () => {
  const lower = (given: HeaderRecord) =>
    Object.fromEntries(Object.entries(given).map(([name, value]) => [name.toLowerCase(), value]));
  for (const [sentence, responseHeaders, given, expected] of changes)
    it(sentence, () => {
      const head = answered(routeTo({ responseHeaders }), "GET a.test/", lower(given));
      for (const [name, value] of Object.entries(expected)) expect(joined(head, name)).toBe(value);
    });

  const cookies: readonly (readonly [
    sentence: string,
    changes: object,
    given: string | string[],
    expected: string[],
  ])[] = [
    ["add a line of Set-Cookie", { add: { "Set-Cookie": "b=2" } }, "a=1", ["a=1", "b=2"]],
    [
      "add a line behind several",
      { add: { "set-cookie": "c=3" } },
      ["a=1", "b=2"],
      ["a=1", "b=2", "c=3"],
    ],
    ["add the only line", { add: { "set-cookie": "c=3" } }, [], ["c=3"]],
    ["set one line for all", { set: { "set-cookie": "c=3" } }, ["a=1", "b=2"], ["c=3"]],
    ["remove every line", { remove: ["set-cookie"] }, ["a=1", "b=2"], []],
    ["leave lines apart", { set: { "x-a": "1" } }, ["a=1", "b=2"], ["a=1", "b=2"]],
  ];
  for (const [sentence, responseHeaders, given, expected] of cookies)
    it(sentence, () => {
      const head = answered(routeTo({ responseHeaders }), "GET /", { "set-cookie": given });
      expect(linesOf(head, "set-cookie")).toEqual(expected);
    });
  it("leave the request alone", () => {
    const config = routeTo({ responseHeaders: { set: { "x-a": "1" } } });
    expect(linesOf(sent(config, "GET /"), "x-a")).toEqual([]);
  });
});

describe("the backend's changes act after the route's", () => {
  const cases: readonly (readonly [
    sentence: string,
    route: object,
    backend: object,
    given: string | undefined,
    expected: string,
  ])[] = [
    ["set over set", { set: { "x-a": "r" } }, { set: { "x-a": "b" } }, "0", "b"],
    ["add to what the route set", { set: { "x-a": "r" } }, { add: { "x-a": "b" } }, "0", "r,b"],
    ["add to what the route added", { add: { "x-a": "r" } }, { add: { "x-a": "b" } }, "0", "0,r,b"],
    ["remove what the route set", { set: { "x-a": "r" } }, { remove: ["x-a"] }, "0", ""],
    ["set what the route removed", { remove: ["x-a"] }, { set: { "x-a": "b" } }, "0", "b"],
    ["add to what the route removed", { remove: ["x-a"] }, { add: { "x-a": "b" } }, "0", "b"],
    ["set over what the route added", { add: { "x-a": "r" } }, { set: { "x-a": "b" } }, "0", "b"],
    ["add without anything from the client", {}, { add: { "x-a": "b" } }, undefined, "b"],
  ];
  const config = (field: string, route: object, backend: object) =>
    json({
      services,
      routes: [{ [field]: route, to: [{ service: "web", weight: 1, [field]: backend }] }],
    });
  for (const [sentence, route, backend, given, expected] of cases) {
    it(`${sentence}, in the request`, () => {
      const head = sent(config("requestHeaders", route, backend), ask("GET /", { "x-a": given }));
      expect(joined(head, "x-a")).toBe(expected);
    });
    it(`${sentence}, in the response`, () => {
      const upstream = { "x-a": given };
      const head = answered(config("responseHeaders", route, backend), "GET /", upstream);
      expect(joined(head, "x-a")).toBe(expected);
    });
  }
});

describe("the backend's changes act for the chosen backend only", () => {
  const config = json({
    services,
    routes: [
      {
        requestHeaders: { set: { "x-route": "r" } },
        responseHeaders: { set: { "x-route": "r" } },
        to: [
          {
            service: "web",
            weight: 1,
            requestHeaders: { set: { "x-one": "1" } },
            responseHeaders: { set: { "x-one": "1" } },
          },
          { service: "web", weight: 1, requestHeaders: { set: { "x-two": "2" } } },
        ],
      },
    ],
  });
  const names = (flat: readonly string[]) =>
    ["x-route", "x-one", "x-two"].filter((name) => linesOf(flat, name).length > 0);

  it("the first's in the request", () =>
    expect(names(sent(config, "GET /", { split: [0.25] }))).toEqual(["x-route", "x-one"]));
  it("the second's in the request", () =>
    expect(names(sent(config, "GET /", { split: [0.75] }))).toEqual(["x-route", "x-two"]));
  it("the first's in the response", () =>
    expect(names(answered(config, "GET /", {}, { split: [0.25] }))).toEqual(["x-route", "x-one"]));
  it("none of the first's in the other's response", () =>
    expect(names(answered(config, "GET /", {}, { split: [0.75] }))).toEqual(["x-route"]));
});

describe("a value that looks like something else", () => {
  it("is plain text in a request", () => {
    const config = routeTo({ requestHeaders: { set: { "x-a": "$1 :id ${host} %req(a)%" } } });
    expect(linesOf(sent(config, "GET /7"), "x-a")).toEqual(["$1 :id ${host} %req(a)%"]);
  });
  it("is plain text in a response", () => {
    const config = routeTo({ responseHeaders: { set: { "x-a": ":id $&" } } });
    expect(linesOf(answered(config, "GET /7"), "x-a")).toEqual([":id $&"]);
  });
  it("may be a list", () => {
    const config = routeTo({ requestHeaders: { add: { "x-a": "2, 3" } } });
    expect(listOf(sent(config, lines("GET", "/", "X-A", "1")), "x-a")).toEqual(["1", "2", "3"]);
  });
});

describe("a header that is named __proto__", () => {
  for (const [what, changes] of [
    ["set", '{ "set": { "__proto__": "x" } }'],
    ["added", '{ "add": { "__proto__": "x" } }'],
  ] as const)
    it(`is refused or ${what}, never lost`, () => {
      const config = routeTo({ requestHeaders: JSON.parse(changes) as object });
      if (checkConfig(config).length > 0) expect(() => createGateway(config)).toThrow();
      else expect(linesOf(sent(config, "GET /"), "__proto__")).toEqual(["x"]);
    });
});
