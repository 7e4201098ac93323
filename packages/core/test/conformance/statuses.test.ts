import { describe, expect, it } from "vitest";
import { buildClientResponse, createGateway } from "../../src/index.js";
import { testEnv } from "../../src/testing/index.js";
import {
  answered,
  ask,
  checks,
  decide,
  json,
  leads,
  lines,
  linesOf,
  listOf,
  routeTo,
  services,
} from "./kit.js";

const route = (fields: object, more: object = {}) =>
  json({ services, routes: [{ id: "it", to: "web", ...fields }], ...more });

describe("no route", () => {
  it("is none when there are no routes", () =>
    expect(decide(json({ services, routes: [] }), "GET /")).toEqual({ kind: "none" }));
  it("is none when no route holds", () =>
    expect(decide(route({ match: { path: "/a" } }), "GET /b")).toEqual({ kind: "none" }));
  it("is no reject for another method", () =>
    expect(decide(route({ match: { path: "/a", method: "GET" } }), "PUT /a")).toEqual({
      kind: "none",
    }));
});

describe("a malformed request is refused whether or not a route holds", () => {
  const none = route({ match: { path: "/elsewhere" } });
  for (const [what, view] of [
    ["a bad target", lines("GET", "/a%zz", "Host", "a.test")],
    ["two hosts", lines("GET", "/", "Host", "a.test", "Host", "b.test")],
    ["a bad host", lines("GET", "/", "Host", "a b")],
  ] as const) {
    const refusal = { kind: "reject", status: 400, reason: "bad-request" };
    it(`${what}, under a route`, () => expect(decide(route({}), view)).toMatchObject(refusal));
    it(`${what}, under none`, () => expect(decide(none, view)).toMatchObject(refusal));
  }
  it("names no route", () =>
    expect(decide(route({}), lines("GET", "/a%zz"))).not.toHaveProperty("route", "it"));
  it("tells the client no reason in words", () => {
    const head = answered(route({}), lines("GET", "/secret%zz", "Host", "a.test"));
    expect(head.join(" ")).not.toContain("secret");
  });
});

describe("the forms of a target", () => {
  it("CONNECT is rejected", () =>
    expect(decide(route({}), lines("CONNECT", "a.test:443", "Host", "a.test:443"))).toMatchObject({
      kind: "reject",
    }));
  it("CONNECT is rejected for a path too", () =>
    expect(decide(route({}), lines("CONNECT", "/", "Host", "a.test"))).toMatchObject({
      kind: "reject",
    }));
  it("a star is no path", () =>
    expect(decide(route({ match: { path: "/a" } }), "OPTIONS *")).toEqual({ kind: "none" }));
  it("an absolute form is a path with a host", () =>
    expect(decide(route({ match: { path: "/a" } }), "GET http://a.test/a")).toMatchObject({
      kind: "forward",
    }));
});

describe("a method that no route of the path has", () => {
  const config = json({
    services,
    unmatchedMethod: "405",
    routes: [
      { id: "get", match: { path: "/a", method: ["GET", "HEAD"] }, to: "web" },
      { id: "put", match: { path: "/a", method: "PUT" }, to: "web" },
      { id: "post", match: { path: "/b", method: "POST" }, to: "web" },
    ],
  });
  it("is a 405 where asked for", () =>
    expect(decide(config, "DELETE /a")).toMatchObject({
      kind: "reject",
      status: 405,
      reason: "method-not-allowed",
    }));
  it("lists the methods of all such routes", () =>
    expect(listOf(answered(config, "DELETE /a"), "allow").sort()).toEqual(["GET", "HEAD", "PUT"]));
  it("is forwarded when a route has it", () =>
    expect(decide(config, "PUT /a")).toMatchObject({ kind: "forward", route: "put" }));
  it("is none for a path of nobody", () =>
    expect(decide(config, "DELETE /c")).toEqual({ kind: "none" }));
  it("is none where told so", () => {
    const match = { path: "/a", method: "GET" };
    expect(decide(route({ match }, { unmatchedMethod: "none" }), "PUT /a")).toEqual({
      kind: "none",
    });
  });
});

describe("a fixed answer", () => {
  const respond = { status: 200, headers: { "Content-Type": "text/plain" }, body: "ok" };
  const config = json({ services, routes: [{ id: "it", match: { path: "/healthz" }, respond }] });
  it("is a decision of its own", () =>
    expect(decide(config, "GET /healthz")).toMatchObject({
      kind: "respond",
      route: "it",
      status: 200,
      body: "ok",
    }));
  it("carries its headers to the client", () =>
    expect(linesOf(answered(config, "GET /healthz"), "content-type")).toEqual(["text/plain"]));
  it("is not for other paths", () => expect(decide(config, "GET /x")).toEqual({ kind: "none" }));
  it("may have a status alone", () => {
    const bare = json({ services, routes: [{ id: "it", respond: { status: 204 } }] });
    expect(decide(bare, "GET /")).toMatchObject({ kind: "respond", status: 204, body: "" });
  });
});

describe("an answer of an instance", () => {
  it("keeps its status", () => {
    const view = ask("GET /");
    const decision = decide(routeTo({}), view);
    if (decision.kind !== "forward") throw new Error("not forwarded");
    for (const status of [200, 204, 304, 404, 500, 503])
      expect(buildClientResponse(decision, { status, headers: {} }, view).status).toBe(status);
  });
});

describe("the two halves of a decision", () => {
  const gateway = createGateway(routeTo({ match: { path: "/users/:id" } }));
  it("give what the whole gives", () => {
    const view = ask("GET a.test/users/7");
    expect(gateway.decide(view, gateway.match(view))).toMatchObject({
      kind: "forward",
      route: "it",
      params: { id: "7" },
    });
  });
  it("begin with route and parameters", () =>
    expect(gateway.match(ask("GET /users/7"))).toMatchObject({
      kind: "match",
      route: "it",
      params: { id: "7" },
    }));
  it("end at once where no route holds", () =>
    expect(gateway.match(ask("GET /"))).toEqual({ kind: "none" }));
  it("end at once for a malformed request", () =>
    expect(gateway.match(lines("GET", "/%zz"))).toMatchObject({ kind: "reject", status: 400 }));
});

describe("deciding", () => {
  it("changes nothing", () => {
    const gateway = createGateway(routeTo({}), { env: testEnv() });
    const before = gateway.snapshot();
    const first = gateway.decide(ask("GET a.test/"));
    expect(gateway.decide(ask("GET a.test/"))).toEqual(first);
    expect(gateway.snapshot()).toEqual(before);
  });
  it("answers frozen values", () => {
    const config = routeTo({ match: { path: { exact: "/" } } });
    for (const url of ["/", "/%zz", "/none"])
      expect(Object.isFrozen(decide(config, { method: "GET", url }))).toBe(true);
  });
});

leads(
  "a target in absolute form",
  [
    { id: "a", match: { host: "a.test", path: { prefix: "/x" } } },
    { id: "b", match: { host: "b.test" } },
  ],
  [
    ["routes by its own host and path", "GET http://a.test/x/y", "a"],
    ["routes by its own host over Host", ask("GET http://b.test/x", { host: "a.test" }), "b"],
    ["has a canonical path", "GET http://a.test/y/../x", "a"],
    ["is refused with a bad escape", "GET http://a.test/%zz", "400"],
    ["is refused with a bad host", "GET http://a%20b/x", "400"],
  ],
);

checks("what a route does", [
  ["is one thing", route({}), undefined],
  ["is something", json({ services, routes: [{ match: { path: "/a" } }] }), "ACTION"],
  ["is not two things", route({ respond: { status: 200 } }), "ACTION"],
  ["is to a service that exists", route({ to: "nobody" }), "UNKNOWN_SERVICE"],
  [
    "has a status that a client can get",
    json({ services, routes: [{ respond: { status: 100 } }] }),
    "STATUS",
  ],
  ["has no unknown field", route({ mach: {} }), "UNKNOWN_FIELD"],
]);
