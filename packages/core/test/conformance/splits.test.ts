import { describe, expect, it } from "vitest";
import { createGateway, type RequestView } from "../../src/index.js";
import { testEnv } from "../../src/testing/index.js";
import { ask, checks, decide, forwarded, json } from "./kit.js";
import { leading, services, serviceOf, shares, versionOf, type Shares } from "./split-kit.js";

describe("weights of backends are shares of their sum", () => {
  const backends = (...weights: readonly (number | undefined)[]) =>
    weights.map((weight, i) => ({
      service: "abc"[i],
      ...(weight === undefined ? {} : { weight }),
    }));
  const cases: readonly (readonly [sentence: string, to: unknown, shares: Shares])[] = [
    ["seventy, thirty and nothing", backends(70, 30, 0), { a: 70, b: 30 }],
    ["seven to three", backends(7, 3), { a: 70, b: 30 }],
    ["a sum above a hundred", backends(300, 100), { a: 75, b: 25 }],
    ["fractions", backends(0.5, 0.5), { a: 50, b: 50 }],
    ["one where none is given", backends(undefined, 3), { a: 25, b: 75 }],
    ["equal where none is given at all", backends(undefined, undefined), { a: 50, b: 50 }],
    ["nothing for the first", backends(0, 1), { b: 100 }],
    ["nothing for the middle", backends(1, 0, 1), { a: 50, c: 50 }],
    ["everything for one alone", backends(5), { a: 100 }],
    ["the largest numbers there are", backends(1e308, 1e308), { a: 50, b: 50 }],
    ["the smallest numbers there are", backends(5e-324, 5e-324), { a: 50, b: 50 }],
    ["nothing for one alone is a 500", backends(0), { 500: 100 }],
    ["nothing for all is a 500", backends(0, 0), { 500: 100 }],
    ["no backend is a 500", [], { 500: 100 }],
  ];
  for (const [sentence, to, expected] of cases)
    it(sentence, () => expect(shares(to, serviceOf)).toEqual(expected));
});

describe("weights of versions are shares of their sum", () => {
  const split = (weights: object) => ({ service: "shop", split: weights });
  const cases: readonly (readonly [sentence: string, to: unknown, shares: Shares])[] = [
    ["ninety and ten", split({ v1: 90, v2: 10 }), { v1: 90, v2: 10 }],
    ["nine to one", split({ v1: 9, v2: 1 }), { v1: 90, v2: 10 }],
    ["nothing for one", split({ v1: 0, v2: 10 }), { v2: 100 }],
    ["nothing for both is a 500", split({ v1: 0, v2: 0 }), { 500: 100 }],
    ["a version alone", { service: "shop", version: "v2" }, { v2: 100 }],
    ["a version without instances is a 503", { service: "shop", version: "v9" }, { 503: 100 }],
    ["a version without instances keeps its share", split({ v1: 80, v9: 20 }), { v1: 80, 503: 20 }],
    ["a version without instances and without weight", split({ v1: 80, v9: 0 }), { v1: 100 }],
  ];
  for (const [sentence, to, expected] of cases)
    it(sentence, () => expect(shares(to, versionOf)).toEqual(expected));
});

describe("a backend without instances", () => {
  const to = [
    { service: "a", weight: 75 },
    { service: "empty", weight: 25 },
  ];
  it("keeps its share, as 503", () => expect(shares(to, serviceOf)).toEqual({ a: 75, 503: 25 }));
  it("says so in the decision", () =>
    expect(decide(leading(to), "GET /", { split: [0.9] })).toMatchObject({
      kind: "reject",
      route: "it",
      status: 503,
      reason: "no-instance",
    }));
  it("does so alone", () =>
    expect(decide(leading("empty"), "GET /")).toMatchObject({
      status: 503,
      reason: "no-instance",
    }));
  it("has a share of versions as well", () =>
    expect(
      shares(
        [
          { service: "shop", version: "v9", weight: 1 },
          { service: "b", weight: 3 },
        ],
        serviceOf,
      ),
    ).toEqual({ 503: 25, b: 75 }));
});

describe("a version whose instances are all ejected", () => {
  const ejected = (whenNoneEligible: string) => {
    const shop = { ...services.shop, whenNoneEligible };
    const to = { service: "shop", split: { v1: 75, v2: 25 } };
    const config = json({ services: { shop }, routes: [{ id: "it", to }] });
    return (point: number) => {
      const gateway = createGateway(config, { env: testEnv({ draws: { split: [point] } }) });
      const instances = { "http://two": { ejectedForMs: 30_000 } };
      expect(gateway.restore({ services: { shop: { instances } } })).toEqual([]);
      return gateway.decide(ask("GET /"));
    };
  };
  it("keeps its share, as 503, where none of them is to be tried", () =>
    expect(ejected("reject")(0.9)).toMatchObject({ kind: "reject", status: 503 }));
  it("keeps its share where all of them are to be tried", () =>
    expect(ejected("try-all")(0.9)).toMatchObject({ kind: "forward", version: "v2" }));
  it("leaves the share of the others", () =>
    expect(ejected("reject")(0.5)).toMatchObject({ kind: "forward", version: "v1" }));
});

describe("no usable backend", () => {
  for (const [what, to] of [
    ["all weights are 0", [{ service: "a", weight: 0 }]],
    ["there are none", []],
    ["all versions have weight 0", { service: "shop", split: { v1: 0 } }],
  ] as const)
    it(`is a reject of 500 when ${what}`, () =>
      expect(decide(leading(to), "GET /")).toMatchObject({
        kind: "reject",
        route: "it",
        status: 500,
        reason: "no-backend",
      }));
});

describe("the highest draw", () => {
  const draws = { split: [1 - Number.EPSILON / 2] };
  const weighted = (...weights: number[]) =>
    leading(weights.map((weight, i) => ({ service: "abc"[i], weight })));
  it("goes to the last backend", () =>
    expect(forwarded(weighted(0.1, 0.2, 0.7), "GET /", draws).service).toBe("c"));
  it("does not go to a last one of weight 0", () =>
    expect(forwarded(weighted(0.1, 0.2, 0), "GET /", draws).service).toBe("b"));
});

describe("the point of a split", () => {
  const split = { service: "shop", split: { v1: 50, v2: 50 } };
  it("is in the decision", () =>
    expect(forwarded(leading(split), "GET /", { split: [0.75] }).point).toBe(0.75));
  it("is undefined where nothing is split", () =>
    expect(forwarded(leading("a"), "GET /", { split: [0.75] }).point).toBeUndefined());
});

describe("a sticky split", () => {
  const sticky = (from: unknown) =>
    leading({ service: "shop", split: { v1: 50, v2: 50 }, sticky: from });
  const keys = Array.from({ length: 40 }, (_, i) => `user-${i}`);
  const cases: readonly (readonly [
    sentence: string,
    from: unknown,
    view: (key: string) => RequestView,
  ])[] = [
    ["by a cookie", { cookie: "uid" }, (key) => ask("GET /", { cookie: `a=1; uid=${key}` })],
    ["by a header", { header: "X-User" }, (key) => ask("GET /", { "x-user": key })],
    ["by a query parameter", { query: "u" }, (key) => ask(`GET /?u=${key}`)],
    ["by a fact", { fact: "user" }, (key) => ask("GET /", {}, { facts: { user: key } })],
    [
      "by the client's address",
      "clientAddress",
      (key) => ask("GET /", {}, { remoteAddress: `10.0.0.${key.slice(5)}` }),
    ],
  ];
  for (const [sentence, from, view] of cases) {
    it(`${sentence} does not follow the draws`, () => {
      for (const key of keys)
        expect(versionOf(decide(sticky(from), view(key), { split: [0.01] }))).toBe(
          versionOf(decide(sticky(from), view(key), { split: [0.99] })),
        );
    });
    it(`${sentence} reaches both versions`, () =>
      expect(new Set(keys.map((key) => versionOf(decide(sticky(from), view(key)))))).toEqual(
        new Set(["v1", "v2"]),
      ));
  }
  it("follows the draws where there is no key", () => {
    const config = sticky({ cookie: "uid" });
    expect(versionOf(decide(config, "GET /", { split: [0.01] }))).toBe("v1");
    expect(versionOf(decide(config, "GET /", { split: [0.99] }))).toBe("v2");
  });
});

checks("a split in a configuration", [
  ["has no negative weight", leading({ service: "shop", split: { v1: -5 } }), "SPLIT_WEIGHT"],
  ["has no text for a weight", leading({ service: "shop", split: { v1: "5" } }), "SPLIT_WEIGHT"],
  ["has no negative weight of a backend", leading([{ service: "a", weight: -1 }]), "SPLIT_WEIGHT"],
  [
    "does not stand beside a version",
    leading({ service: "shop", version: "v1", split: { v1: 1 } }),
    "SPLIT_AND_VERSION",
  ],
  [
    "names a service that exists",
    leading({ service: "shoop", split: { v1: 1 } }),
    "UNKNOWN_SERVICE",
  ],
  [
    "names services that exist",
    leading([{ service: "a" }, { service: "nobody" }]),
    "UNKNOWN_SERVICE",
  ],
  [
    "names a fallback that exists",
    leading({ service: "a", fallback: { service: "nobody" } }),
    "UNKNOWN_SERVICE",
  ],
  ["names one service that exists", leading("nobody"), "UNKNOWN_SERVICE"],
]);
