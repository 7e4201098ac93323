import { describe, expect, it } from "vitest";
import type {} from "./vitest.js";
import { createGateway } from "../gateway.js";
import { matchers } from "./matchers.js";
import { request } from "./request.js";

expect.extend(matchers);

const gateway = createGateway({
  services: {
    users: {
      instances: [
        { url: "http://u1", version: "v1" },
        { url: "http://u2", version: "v2" },
      ],
    },
    none: { instances: [] },
  },
  routes: [
    {
      id: "beta",
      match: { path: "/users/*", headers: { beta: "1" } },
      to: { service: "users", version: "v2" },
    },
    { id: "users", match: { path: "/users/*" }, to: { service: "users", version: "v1" } },
    { id: "old", match: { path: "/old" }, redirect: { status: 308, path: { replace: "/new" } } },
    { id: "health", match: { path: "/healthz" }, respond: { status: 204 } },
    { id: "none", match: { path: "/none" }, to: "none" },
  ],
});
const explain = (line: string, headers = {}) => gateway.explain(request(line, { headers }));
const messageOf = (assertion: () => void): string => {
  try {
    assertion();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("expected the assertion to fail");
};

it("takes explanations and decisions", () => {
  expect(explain("GET /users/7")).toReach("users");
  expect(explain("GET /users/7")).toReach("users", "v1");
  expect(explain("GET /users/7", { beta: "1" })).toReach("users", "v2");
  expect(gateway.decide(request("GET /users/7"))).toReach("users", "v1");
  expect(explain("GET /users/7")).not.toReach("users", "v2");
  expect(explain("GET /users/7")).not.toReach("orders");
  expect(explain("GET /users/7")).toTake("users");
  expect(explain("GET x.org/old")).toTake("old");
  expect(explain("GET /none")).toTake("none");
  expect(explain("GET /users/7")).not.toTake("beta");
  expect(explain("GET /elsewhere")).not.toTake("users");
  expect(explain("GET x.org/old")).toRedirect();
  expect(explain("GET x.org/old")).toRedirect("http://x.org/new");
  expect(explain("GET x.org/old")).toRedirect(/\/new$/, 308);
  expect(explain("GET x.org/old")).not.toRedirect(/\/new$/, 302);
  expect(explain("GET x.org/old")).not.toRedirect("/new");
  expect(explain("GET /healthz")).toRespond();
  expect(explain("GET /healthz")).toRespond(204);
  expect(explain("GET /healthz")).not.toRespond(200);
  expect(explain("GET /none")).toBeRejected();
  expect(explain("GET /none")).toBeRejected(503);
  expect(explain("GET /none")).toBeRejected("no-instance");
  expect(explain("GET /none")).not.toBeRejected(500);
  expect(explain("GET /elsewhere")).toFallThrough();
  expect(gateway.decide(request("GET /elsewhere"))).toFallThrough();
  expect(explain("GET /none")).not.toFallThrough();
  for (const line of ["GET /users/7", "GET /none"]) {
    expect(explain(line)).not.toRedirect();
    expect(explain(line)).not.toRespond();
  }
});

it("takes a location by a RegExp as often as it is asked, wherever that last stopped", () => {
  const wanted = /new/g;
  expect(explain("GET x.org/old")).toRedirect(wanted);
  expect(explain("GET x.org/old")).toRedirect(wanted);
});

describe("a matcher that is asked for what it does not take", () => {
  const decided = expect(explain("GET /users/7")).not;

  it.each([
    [
      // @ts-expect-error -- a service must be named
      () => decided.toReach(),
      "toReach asks for the name of a service and, if it matters, a version, got nothing",
    ],
    [
      // @ts-expect-error -- a version is text
      () => decided.toReach("users", 2),
      'toReach asks for the name of a service and, if it matters, a version, got "users", 2',
    ],
    [
      // @ts-expect-error -- the location stands first
      () => decided.toRedirect(308),
      "toRedirect asks for a location and a status, each only if it matters, got 308",
    ],
    [
      // @ts-expect-error -- a status is a number
      () => decided.toRedirect(/a/, "308"),
      'toRedirect asks for a location and a status, each only if it matters, got /a/, "308"',
    ],
    [
      // @ts-expect-error -- a status is a number
      () => decided.toRespond("200"),
      'toRespond asks for a status, if it matters, got "200"',
    ],
    [
      // @ts-expect-error -- a status or a reason
      () => decided.toBeRejected({ status: 503 }),
      "toBeRejected asks for a status or a reason, if it matters, got an object with status",
    ],
  ])("fails after `.not` too: %#", (assertion, message) => {
    expect(assertion).toThrow(new TypeError(message));
  });

  it("does not compile for a reason that there is not", () => {
    // @ts-expect-error -- no reason is called so
    decided.toBeRejected("no-instances");
  });
});

describe("a failure", () => {
  it("prints the explanation", () => {
    expect(messageOf(() => expect(explain("GET /users/7")).toReach("users", "v2"))).toBe(
      [
        "expected the request to reach users v2, but route users forwards to users v1 at http://u1",
        "",
        "GET /users/7",
        "  host not given, http",
        "Routes, the first that holds is taken:",
        '  ✗ old     path: wanted /old, found "/users/7"',
        '  ✗ health  path: wanted /healthz, found "/users/7"',
        '  ✗ none    path: wanted /none, found "/users/7"',
        '  ✗ beta    header beta: wanted "1", found nothing',
        "  ✓ users",
        "Instances for users v1 (least-request):",
        "  ✓ http://u1  0 in flight",
        "  ✗ http://u2  it is version v2",
        "Decision: route users forwards to users v1 at http://u1",
        "  GET /users/7",
        "  x-forwarded-proto: http",
      ].join("\n"),
    );
  });

  it.each([
    [
      () => expect(explain("GET /users/7")).not.toReach("users"),
      "not to reach users, but route users forwards",
    ],
    [
      () => expect(explain("GET /x")).toRedirect("/y", 301),
      "to redirect to /y with 301, but no route holds",
    ],
    [
      () => expect(explain("GET /x")).toRespond(200),
      "to be answered 200 by the gateway, but no route holds",
    ],
    [
      () => expect(explain("GET /x")).toBeRejected(503),
      "to be refused with 503, but no route holds",
    ],
    [
      () => expect(explain("GET /none")).toFallThrough(),
      "to fall through, but refused on route none with 503",
    ],
  ])("says what was expected: %#", (assertion, words) => {
    expect(messageOf(assertion)).toContain(`expected the request ${words}`);
  });

  it("about a decision says how to see more", () => {
    expect(messageOf(() => expect(gateway.decide(request("GET /x"))).toReach("users"))).toBe(
      "expected the request to reach users, but no route holds, so the server behind answers\n\n" +
        "Give expect the explanation to see why: expect(gateway.explain(view))",
    );
  });

  it.each([
    [undefined, "undefined"],
    [null, "null"],
    ["GET /", '"GET /"'],
    [explain, "a function"],
    [[], "an array"],
    [Promise.resolve(explain("GET /")), "a promise"],
    [{}, "an object without properties"],
    [{ kind: "other" }, "an object with kind"],
    [{ decision: null }, "an object with decision"],
    [request("GET /"), "an object with method, url, headers"],
  ])("refuses what is no decision: %#", (given, shown) => {
    expect(() => expect(given).toReach("users")).toThrow(
      new TypeError(
        `toReach takes what gateway.explain(view) or gateway.decide(view) answers, got ${shown}`,
      ),
    );
  });
});
