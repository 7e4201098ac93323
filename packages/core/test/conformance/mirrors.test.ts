import { describe, expect, it } from "vitest";
import { buildUpstreamRequest } from "../../src/index.js";
import { answered, ask, checks, decide, forwarded, json, linesOf, type Draws } from "./kit.js";

const services = {
  web: { instances: ["http://web"] },
  copy: { instances: ["http://copy-1", "http://copy-2"] },
  other: {
    instances: [
      { url: "http://other-1", version: "v1" },
      { url: "http://other-2", version: "v2" },
    ],
  },
  empty: { instances: [] },
};
const mirroring = (mirror: unknown, more: object = {}) =>
  json({ services, routes: [{ id: "it", to: "web", mirror, ...more }] });
const mirrorsOf = (mirror: unknown, draws: Draws = {}) =>
  forwarded(mirroring(mirror), "GET a.test/p?x=1", draws).mirrors;

describe("a mirror", () => {
  it("is a forward decision of its own", () =>
    expect(mirrorsOf([{ service: "copy" }])).toMatchObject([
      { kind: "forward", route: "it", service: "copy", instance: { url: "http://copy-1" } },
    ]));
  it("goes to one instance", () => expect(mirrorsOf([{ service: "copy" }])).toHaveLength(1));
  it("goes to its version", () =>
    expect(mirrorsOf([{ service: "other", version: "v2" }])).toMatchObject([
      { service: "other", version: "v2", instance: { url: "http://other-2" } },
    ]));
  it("has no mirrors", () => expect(mirrorsOf([{ service: "copy" }])[0]?.mirrors).toEqual([]));
  it("gets the request", () =>
    expect(mirrorsOf([{ service: "copy" }])[0]?.request).toMatchObject({
      method: "GET",
      path: "/p?x=1",
      host: "a.test",
    }));
  it("leaves the main decision", () =>
    expect(forwarded(mirroring([{ service: "copy" }]), "GET a.test/p")).toMatchObject({
      service: "web",
      instance: { url: "http://web" },
      request: { path: "/p", host: "a.test" },
    }));
  it("is absent where there is none", () =>
    expect(forwarded(json({ services, routes: [{ to: "web" }] }), "GET /").mirrors).toEqual([]));
});

describe("the ratio of a mirror", () => {
  const cases: readonly (readonly [
    sentence: string,
    mirrors: readonly object[],
    draws: readonly number[],
    services: readonly string[],
  ])[] = [
    ["takes every request by default", [{ service: "copy" }], [0.999], ["copy"]],
    ["takes every request when 1", [{ service: "copy", ratio: 1 }], [0.999], ["copy"]],
    ["takes none when 0", [{ service: "copy", ratio: 0 }], [0], []],
    ["takes a draw below it", [{ service: "copy", ratio: 0.5 }], [0.499], ["copy"]],
    ["does not take a draw of its size", [{ service: "copy", ratio: 0.5 }], [0.5], []],
    ["does not take a draw above it", [{ service: "copy", ratio: 0.5 }], [0.75], []],
    [
      "is drawn for each mirror: the second",
      [
        { service: "copy", ratio: 0.5 },
        { service: "other", ratio: 0.5 },
      ],
      [0.9, 0.1],
      ["other"],
    ],
    [
      "is drawn for each mirror: the first",
      [
        { service: "copy", ratio: 0.5 },
        { service: "other", ratio: 0.5 },
      ],
      [0.1, 0.9],
      ["copy"],
    ],
    [
      "is drawn for each mirror: both",
      [
        { service: "copy", ratio: 0.5 },
        { service: "other", ratio: 0.5 },
      ],
      [0.1, 0.2],
      ["copy", "other"],
    ],
    [
      "is drawn for each mirror: neither",
      [
        { service: "copy", ratio: 0.5 },
        { service: "other", ratio: 0.5 },
      ],
      [0.6, 0.7],
      [],
    ],
    [
      "is drawn for a mirror of every request too",
      [{ service: "copy" }, { service: "other", ratio: 0.5 }],
      [0.9, 0.1],
      ["copy", "other"],
    ],
  ];
  for (const [sentence, mirrors, draws, expected] of cases)
    it(sentence, () =>
      expect(mirrorsOf(mirrors, { mirror: draws }).map((mirror) => mirror.service)).toEqual(
        expected,
      ),
    );

  it("gives an exact count on an even grid", () => {
    const grid = Array.from({ length: 100 }, (_, i) => i / 100);
    const taken = grid.filter(
      (draw) => mirrorsOf([{ service: "copy", ratio: 0.2 }], { mirror: [draw] }).length === 1,
    );
    expect(taken).toHaveLength(20);
  });
});

describe("a mirror gets the request after the route's changes", () => {
  const config = mirroring([{ service: "copy" }], {
    match: { path: { prefix: "/a" } },
    requestHeaders: { set: { "x-route": "r" }, remove: ["x-gone"] },
    rewrite: { path: { replacePrefix: "/n" }, host: "route.test" },
    to: [
      {
        service: "web",
        weight: 1,
        requestHeaders: { set: { "x-backend": "b" } },
        rewrite: { host: "backend.test" },
      },
    ],
  });
  const view = ask("GET a.test/a/b?x=1", { "x-gone": "1", "x-keep": "2" });
  const mirror = () => {
    const [first] = forwarded(config, view).mirrors;
    if (first === undefined) throw new Error("not mirrored");
    return first;
  };
  const head = () => buildUpstreamRequest(view, mirror()).headers;

  it("the path", () => expect(mirror().request.path).toBe("/n/b?x=1"));
  it("the host, without the backend's", () => expect(mirror().request.host).toBe("route.test"));
  it("a field that is set", () => expect(linesOf(head(), "x-route")).toEqual(["r"]));
  it("without a field that is removed", () => expect(linesOf(head(), "x-gone")).toEqual([]));
  it("with the client's other fields", () => expect(linesOf(head(), "x-keep")).toEqual(["2"]));
  it("without the backend's fields", () => expect(linesOf(head(), "x-backend")).toEqual([]));
});

describe("a mirror that cannot be reached", () => {
  it("leaves the main decision", () =>
    expect(decide(mirroring([{ service: "empty" }]), "GET /")).toMatchObject({
      kind: "forward",
      service: "web",
      mirrors: [],
    }));
  it("leaves other mirrors", () =>
    expect(
      mirrorsOf([{ service: "empty" }, { service: "copy" }]).map((mirror) => mirror.service),
    ).toEqual(["copy"]));
  it("leaves the answer", () =>
    expect(
      linesOf(answered(mirroring([{ service: "empty" }]), "GET /", { "x-a": "1" }), "x-a"),
    ).toEqual(["1"]));
});

checks("a mirror in a configuration", [
  ["may be one", mirroring([{ service: "copy" }]), undefined],
  [
    "may be several",
    mirroring([{ service: "copy" }, { service: "other", version: "v1", ratio: 0.1 }]),
    undefined,
  ],
  ["names a service that exists", mirroring([{ service: "nobody" }]), "UNKNOWN_SERVICE"],
  ["has no ratio above 1", mirroring([{ service: "copy", ratio: 20 }]), "RATIO"],
  ["has no negative ratio", mirroring([{ service: "copy", ratio: -0.1 }]), "RATIO"],
]);
