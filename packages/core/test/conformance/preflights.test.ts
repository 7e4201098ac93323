import { describe, expect, it } from "vitest";
import { answered, ask, decide, json, listOf, services } from "./kit.js";

const FOO = "https://www.foo.com";
const cors = { allowOrigins: [FOO], allowMethods: ["GET", "PUT"] };
const ALLOW_METHODS = "access-control-allow-methods";

const preflight = (origin: string, method: string) =>
  ask("OPTIONS a.test/p", { origin, "access-control-request-method": method });

describe("a preflight matches by the method that it asks for", () => {
  const gateway = (...routes: object[]) =>
    json({ services, routes: routes.map((route) => ({ to: "web", ...route })) });
  const byMethod = gateway(
    { id: "get", match: { path: "/p", method: "GET" }, cors: { ...cors, allowMethods: ["GET"] } },
    { id: "put", match: { path: "/p", method: "PUT" }, cors: { ...cors, allowMethods: ["PUT"] } },
  );
  const any = gateway({ id: "any", match: { path: "/p" }, cors });
  const without = gateway(
    { id: "plain", match: { path: "/p", method: "PUT" } },
    { id: "all", match: { path: "/q" } },
  );
  const wider = gateway(
    { id: "exact", match: { path: { exact: "/p" }, method: "GET" }, cors },
    { id: "wide", match: { path: { prefix: "/" } }, cors },
  );
  const routeOf = (config: ReturnType<typeof json>, view: Parameters<typeof decide>[1]) => {
    const decision = decide(config, view);
    return "route" in decision ? `${decision.kind} ${decision.route}` : decision.kind;
  };
  const bare = (headers: Record<string, string>) => ask("OPTIONS a.test/p", headers);
  const asked = { "access-control-request-method": "PUT" };
  const elsewhere = ask("OPTIONS a.test/q", { origin: FOO, ...asked });

  const cases: readonly (readonly [
    sentence: string,
    config: ReturnType<typeof json>,
    view: ReturnType<typeof ask>,
    expected: string,
  ])[] = [
    ["the route of the first method", byMethod, preflight(FOO, "GET"), "respond get"],
    ["the route of the second method", byMethod, preflight(FOO, "PUT"), "respond put"],
    ["no route of a method that none has", byMethod, preflight(FOO, "DELETE"), "none"],
    ["no route of another path", byMethod, elsewhere, "none"],
    ["the better route by its method", wider, preflight(FOO, "GET"), "respond exact"],
    ["the wider route by another method", wider, preflight(FOO, "PUT"), "respond wide"],
    ["a route of every method", any, preflight(FOO, "BREW"), "respond any"],
    ["no preflight without an origin", byMethod, bare(asked), "none"],
    ["no preflight without a method", byMethod, bare({ origin: FOO }), "none"],
    ["no preflight without an origin, forwarded", any, bare(asked), "forward any"],
    ["no preflight without a method, forwarded", any, bare({ origin: FOO }), "forward any"],
    ["no preflight but a GET", any, ask("GET a.test/p", { origin: FOO, ...asked }), "forward any"],
    ["no route without cors by that method", without, preflight(FOO, "PUT"), "none"],
    ["a route without cors like every OPTIONS", without, elsewhere, "forward all"],
  ];
  for (const [sentence, config, view, expected] of cases)
    it(sentence, () => expect(routeOf(config, view)).toBe(expected));

  it("is answered for the route that was asked for", () =>
    expect(listOf(answered(byMethod, preflight(FOO, "PUT")), ALLOW_METHODS)).toEqual(["PUT"]));
  it("is answered without an instance", () => {
    const empty = json({ services: { web: { instances: [] } }, routes: [{ to: "web", cors }] });
    expect(decide(empty, preflight(FOO, "PUT"))).toMatchObject({ kind: "respond", status: 204 });
  });
});
