import { describe, expect, it } from "vitest";
import type { PathCondition } from "../config/match-config.js";
import { compilePath, isPatternProblem, readParams, type CompiledPath } from "./pattern.js";
import { compileRoutes, matchRoute } from "./table.js";

const matched = (path: PathCondition, url: string) => {
  const match = matchRoute(compileRoutes([{ match: { path } }]), { method: "GET", url });
  return match.kind === "match" ? match.params : match.kind;
};

describe("a path condition", () => {
  it.each<readonly [path: PathCondition, url: string, params: object]>([
    ["/orders/:id", "/orders/7", { id: "7" }],
    ["/orders/:id", "/orders/a%2Fb", { id: "a%2Fb" }],
    ["/orders/:id", "/orders/caf%c3%a9", { id: "caf%C3%A9" }],
    ["/:a/x/:b", "/1/x/2", { a: "1", b: "2" }],
    ["/files/*", "/files/a/b", { "*": "a/b" }],
    ["/files/*", "/files/", { "*": "" }],
    ["/files/*", "/files", { "*": "" }],
    ["/*", "/", { "*": "" }],
    ["/*", "/a/b", { "*": "a/b" }],
    ["/:tenant/*", "/acme/a/b", { tenant: "acme", "*": "a/b" }],
    ["/:tenant/*", "/acme", { tenant: "acme", "*": "" }],
    ["/", "/", {}],
    ["/a/", "/a/", {}],
    ["/caf%C3%A9", "/café", {}],
    ["/café", "/caf%c3%a9", {}],
    ["/%61dm", "/adm", {}],
    ["/adm", "/%61dm", {}],
    ["/a;x=1", "/a;x=1", {}],
    ["/a b", "/a%20b", {}],
    ["/a%2Fb", "/a%2fb", {}],
    ["/a%2Ab", "/a%2ab", {}],
    ["/v1:start", "/v1:start", {}],
    [{ exact: "/a*b" }, "/a*b", {}],
    [{ exact: "/:id" }, "/:id", {}],
    [{ exact: "/two/" }, "/two/", {}],
    [{ prefix: "/v2" }, "/v2", {}],
    [{ prefix: "/v2" }, "/v2/", {}],
    [{ prefix: "/v2" }, "/v2/x", {}],
    [{ prefix: "/v2/" }, "/v2", {}],
    [{ prefix: "/" }, "/anything", {}],
    [{ prefix: "/:id" }, "/:id/x", {}],
    [{ startsWith: "/v2" }, "/v2example", {}],
    [{ startsWith: "/caf%C3" }, "/café", {}],
    [{ regex: "/v[0-9]+/.*" }, "/v12/x/y", {}],
    [{ regex: "/a|/b" }, "/b", {}],
  ])("%j takes %j", (path, url, params) => expect(matched(path, url)).toEqual(params));

  it.each<readonly [path: PathCondition, url: string]>([
    ["/orders/:id", "/orders"],
    ["/orders/:id", "/orders/"],
    ["/orders/:id", "/orders/7/items"],
    ["/orders/:id", "/Orders/7"],
    ["/files/*", "/filesystem"],
    ["/:tenant/*", "/"],
    ["/a", "/a/"],
    ["/a/", "/a"],
    ["/v1:start", "/v1x"],
    ["/adm", "/Adm"],
    ["/a%2Fb", "/a/b"],
    [{ exact: "/two" }, "/two/"],
    [{ exact: "/:id" }, "/7"],
    [{ prefix: "/v2" }, "/v2example"],
    [{ prefix: "/v2" }, "/v"],
    [{ startsWith: "/v2/" }, "/v2"],
    [{ regex: "/v[0-9]" }, "/v12"],
    [{ regex: "v1" }, "/v1"],
  ])("%j does not take %j", (path, url) => expect(matched(path, url)).toBe("none"));
});

it("takes a parameter of any length", () => {
  const id = "x".repeat(100_000);
  expect(matched("/orders/:id", `/orders/${id}`)).toEqual({ id });
});

it("never takes an empty segment for a parameter, even where runs of slashes are kept", () => {
  const table = compileRoutes([{ match: { path: "/a/:id/b" } }]);
  const path = { mergeSlashes: false };
  expect(matchRoute(table, { method: "GET", url: "/a//b" }, { path }).kind).toBe("none");
  expect(matchRoute(table, { method: "GET", url: "/a//b" }).kind).toBe("none");
});

it("does not take * of OPTIONS for a path", () => {
  const table = compileRoutes([{ match: { path: "/*" } }]);
  expect(matchRoute(table, { method: "OPTIONS", url: "*" })).toEqual({ kind: "none" });
});

it("says why a path is refused", () => {
  expect(compilePath("a")).toEqual({ problem: "a path starts with /" });
  expect(() => compileRoutes([{}, { match: { path: "/a?b" } }])).toThrow(
    new RangeError(
      "/routes/1/match/path: a query has no place in a path: use the query conditions",
    ),
  );
});

it("gives parameters that cannot be changed", () => {
  const compiled = compilePath("/:id/*") as CompiledPath;
  expect(isPatternProblem(compiled)).toBe(false);
  expect(Object.isFrozen(readParams(compiled, "/a/b"))).toBe(true);
  expect(Object.isFrozen(readParams(compilePath("/a") as CompiledPath, "/a"))).toBe(true);
});
