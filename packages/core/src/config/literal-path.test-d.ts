import { describe, it } from "vitest";
import { createGateway } from "../gateway.js";
import type { MatchConfig, PathCondition } from "./match-config.js";

// Compiled and never run, as literal-service.test-d.ts says.

declare const text: string;
declare const path: PathCondition;
declare const match: MatchConfig;

const services = { users: { instances: ["http://10.0.0.1:8080"] } } as const;

describe("the template of a rewrite", () => {
  it("may use the parameters of the path", () => {
    createGateway({
      services,
      routes: [
        { match: { path: "/users/:id" }, to: "users", rewrite: { path: "/v2/:id" } },
        { match: { path: "/users/:id/:tab" }, to: "users", rewrite: { path: "/:tab/of/:id" } },
        { match: { path: "/users/:id/*" }, to: "users", rewrite: { path: "/v2/:id/*" } },
        { match: { path: "/*" }, to: "users", rewrite: { path: "/v2/*" } },
        { match: { path: "/users/:id" }, to: "users", rewrite: { path: "/v2" } },
        { match: { path: "/users/:id" }, to: [{ service: "users", rewrite: { path: "/v2/:id" } }] },
      ],
    });
  });

  it("does not compile with another parameter", () => {
    createGateway({
      services,
      routes: [
        // @ts-expect-error the parameter is called id
        { match: { path: "/users/:id" }, to: "users", rewrite: { path: "/v2/:idd" } },
        // @ts-expect-error wherever it stands
        { match: { path: "/users/:id" }, to: "users", rewrite: { path: "/:idd/v2/:id" } },
        // @ts-expect-error one of several backends is rewritten by the same path
        { match: { path: "/users/:id" }, to: [{ service: "users", rewrite: { path: "/:idd" } }] },
        // @ts-expect-error a static path has none
        { match: { path: "/users" }, to: "users", rewrite: { path: "/v2/:id" } },
        // @ts-expect-error neither has every path
        { to: "users", rewrite: { path: "/v2/*" } },
        // @ts-expect-error nor every path of a host
        { match: { host: "api.shop.com" }, to: "users", rewrite: { path: "/v2/*" } },
      ],
    });
  });

  it("takes * only where the path ends with /*", () => {
    createGateway({
      services,
      routes: [
        // @ts-expect-error this path ends with a parameter
        { match: { path: "/users/:id" }, to: "users", rewrite: { path: "/v2/*" } },
        // @ts-expect-error a prefix inserts nothing
        { match: { path: { prefix: "/users" } }, to: "users", rewrite: { path: "/v2/*" } },
        // @ts-expect-error an exact path has no parameters, whatever stands in it
        { match: { path: { exact: "/users/:id" } }, to: "users", rewrite: { path: "/v2/:id" } },
        // @ts-expect-error neither has the beginning of one
        { match: { path: { startsWith: "/users/*" } }, to: "users", rewrite: { path: "/v2/*" } },
        // @ts-expect-error nor a regex
        { match: { path: { regex: "/:id" } }, to: "users", rewrite: { path: "/v2/:id" } },
      ],
    });
  });

  it("knows a parameter by its whole segment", () => {
    createGateway({
      services,
      routes: [
        { match: { path: "/a:b/:id" }, to: "users", rewrite: { path: "/c:d/:id" } },
        // @ts-expect-error b is a part of a segment
        { match: { path: "/a:b/:id" }, to: "users", rewrite: { path: "/:b" } },
      ],
    });
  });

  it("may use what all alternatives of a match have", () => {
    createGateway({
      services,
      routes: [
        {
          match: [{ path: "/users/:id" }, { path: "/u/:name/:id/*" }],
          to: "users",
          rewrite: { path: "/v2/:id" },
        },
        {
          match: [{ path: "/users/:id" }, { path: "/u/:name/:id/*" }],
          to: "users",
          // @ts-expect-error the first alternative has no name
          rewrite: { path: "/v2/:name" },
        },
        {
          match: [{ path: "/users/:id" }, { path: { exact: "/me" } }],
          // @ts-expect-error the second alternative has nothing
          to: [{ service: "users", rewrite: { path: "/v2/:id" } }],
        },
        {
          match: [{ path: "/users/:id" }, { host: "users.shop.com" }],
          to: "users",
          // @ts-expect-error an alternative without a path has no parameters
          rewrite: { path: "/v2/:id" },
        },
      ],
    });
  });

  it("may be in any of its forms", () => {
    createGateway({
      services,
      routes: [
        { match: { path: "/a/*" }, to: "users", rewrite: { path: { replacePrefix: "/:id" } } },
        { match: { path: "/a" }, to: "users", rewrite: { path: { replace: "/b" }, host: "a.com" } },
        { match: { path: "/a" }, to: "users", rewrite: { path: { regex: "a", with: "b" } } },
        { match: { path: "/a" }, to: "users", rewrite: { query: { remove: ["q"] } } },
        // @ts-expect-error a template has no field of its own
        { match: { path: "/a/:id" }, to: "users", rewrite: { path: { template: "/:id" } } },
        // @ts-expect-error a rewrite with a template is checked as a whole
        { match: { path: "/a/:id" }, to: "users", rewrite: { path: "/:id", hots: "a.com" } },
      ],
    });
  });

  it("may use anything where the type does not know the path or the template", () => {
    createGateway({
      services,
      routes: [
        { match: { path: text }, to: "users", rewrite: { path: "/v2/:id" } },
        { match: { path: `/users/${text}` }, to: "users", rewrite: { path: "/v2/:id" } },
        { match: { path }, to: "users", rewrite: { path: "/v2/:id" } },
        { match, to: "users", rewrite: { path: "/v2/:id" } },
        { match: [match, { path: "/users/:id" }], to: "users", rewrite: { path: "/v2/:id" } },
        { match: { path: "/users/:id" }, to: "users", rewrite: { path: text } },
        { match: { path: "/users/:id" }, to: "users", rewrite: { path: `/v2/${text}` } },
        // @ts-expect-error the second alternative has no name, whatever the first has
        { match: [match, { path: "/users/:id" }], to: "users", rewrite: { path: "/v2/:name" } },
      ],
    });
  });
});

describe("a condition on parameters", () => {
  it("names one that the path has", () => {
    createGateway({
      services,
      routes: [
        { match: { path: "/users/:id", params: { id: { regex: "[0-9]+" } } }, to: "users" },
        { match: { path: "/a/*", params: { "*": { startsWith: "b" } } }, to: "users" },
        { match: [{ path: "/a/:id", params: { id: "1" } }, { path: "/b" }], to: "users" },
        { match: { path: text, params: { id: "1" } }, to: "users" },
        { match: { path, params: { id: "1" } }, to: "users" },
        { match: { path: "/users/:id", params: match.params ?? {} }, redirect: {} },
      ],
    });
  });

  it("does not compile when it names another", () => {
    createGateway({
      services,
      routes: [
        // @ts-expect-error the parameter is called id
        { match: { path: "/users/:id", params: { idd: "1" } }, to: "users" },
        // @ts-expect-error this path does not end with /*
        { match: { path: "/users/:id", params: { "*": "1" } }, to: "users" },
        // @ts-expect-error a prefix has no parameters
        { match: { path: { prefix: "/users" }, params: { "*": "1" } }, to: "users" },
        // @ts-expect-error neither has a match without a path
        { match: { host: "api.shop.com", params: { id: "1" } }, to: "users" },
        // @ts-expect-error each alternative has its own
        { match: [{ path: "/a/:id" }, { path: "/b/:name", params: { id: "1" } }], to: "users" },
        // @ts-expect-error this holds whatever the route does
        { match: { path: "/users/:id", params: { idd: "1" } }, respond: { status: 200 } },
        // @ts-expect-error a condition has a form
        { match: { path: "/users/:id", params: { id: { equal: "1" } } }, to: "users" },
      ],
    });
  });
});

describe("match fields on the route itself", () => {
  it("give parameters as those of a match do", () => {
    createGateway([
      { path: "/users/:id/*", to: "http://a", rewrite: { path: "/v2/:id/*" }, params: { id: "1" } },
      { match: { path: "/users/:id" }, to: "http://a", rewrite: { path: "/v2/:id" } },
      { path: text, to: "http://a", rewrite: { path: "/v2/:id" } },
      // @ts-expect-error the parameter is called id
      { path: "/users/:id", to: "http://a", rewrite: { path: "/v2/:idd" } },
      // @ts-expect-error also for a condition
      { path: "/users/:id", to: "http://a", params: { idd: "1" } },
      // @ts-expect-error a prefix has no parameters
      { path: { prefix: "/users" }, to: "http://a", rewrite: { path: "/v2/*" } },
      // @ts-expect-error the parameter of a match is called id too
      { match: { path: "/users/:id" }, to: "http://a", rewrite: { path: "/v2/:idd" } },
    ]);
  });
});
