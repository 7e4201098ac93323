import { describe, it } from "vitest";
import { createGateway } from "../gateway.js";
import type { Balancer } from "../balance/balancer.js";
import type { RouteConfig, ShortRouteConfig } from "./route-config.js";

// Compiled and never run, as literal-service.test-d.ts says.

declare const routes: readonly RouteConfig[];
declare const shortRoutes: readonly ShortRouteConfig[];
declare const isNew: boolean;

const services = {
  a: { instances: [{ url: "http://a", version: "v1" }] },
  b: { instances: ["http://b"] },
} as const;

describe("a route", () => {
  it("has exactly one of to, redirect and respond", () => {
    createGateway({
      services,
      routes: [
        { to: "a" },
        { redirect: { status: 308, path: { replace: "/b" } } },
        { respond: { status: 200, body: "ok" } },
        // @ts-expect-error it forwards or redirects
        { to: "a", redirect: { status: 308 } },
        // @ts-expect-error it forwards or answers
        { to: "a", respond: { status: 200 } },
        // @ts-expect-error it redirects or answers
        { redirect: { status: 308 }, respond: { status: 200 } },
        // @ts-expect-error it does something
        { match: { path: "/a" } },
        // @ts-expect-error something by a name that there is
        { match: { path: "/a" }, forward: "a" },
      ],
    });
  });

  it("changes, limits, retries and copies only what it forwards", () => {
    createGateway({
      services,
      routes: [
        {
          to: "a",
          rewrite: { host: "a.com" },
          requestHeaders: { set: { a: "1" } },
          timeouts: { requestMs: 1_000 },
          retry: { attempts: 1 },
          mirror: [{ service: "b" }],
        },
        // @ts-expect-error a redirect sends no request
        { redirect: {}, rewrite: { path: "/a" } },
        // @ts-expect-error so it has no headers of one
        { redirect: {}, requestHeaders: { set: { a: "1" } } },
        // @ts-expect-error nor a time to wait
        { redirect: {}, timeouts: { requestMs: 1_000 } },
        // @ts-expect-error nor a second attempt
        { redirect: {}, retry: { attempts: 1 } },
        // @ts-expect-error nor a copy
        { redirect: {}, mirror: [{ service: "b" }] },
        // @ts-expect-error neither does an answer of the gateway
        { respond: { status: 200 }, rewrite: { path: "/a" } },
        // @ts-expect-error it has no request headers
        { respond: { status: 200 }, requestHeaders: { set: { a: "1" } } },
        // @ts-expect-error nor a time to wait
        { respond: { status: 200 }, timeouts: { requestMs: 1_000 } },
        // @ts-expect-error nor a second attempt
        { respond: { status: 200 }, retry: { attempts: 1 } },
        // @ts-expect-error nor a copy
        { respond: { status: 200 }, mirror: [{ service: "b" }] },
      ],
    });
  });

  it("may have an id, an order, response headers, CORS and policies whatever it does", () => {
    const all = {
      order: 1,
      responseHeaders: { remove: ["a"] },
      cors: { allowOrigins: ["https://shop.com"], maxAgeS: 60 },
      policies: ["auth"],
    } as const;
    createGateway({
      services,
      routes: [
        { id: "a", to: "a", ...all },
        { id: "b", redirect: {}, ...all },
        { id: "c", respond: { status: 200 }, ...all },
        { to: "a", cors: { allowOrigins: ["*"] }, policies: ["auth"] },
        { redirect: {}, cors: { allowOrigins: ["*"] }, policies: ["auth"] },
        { respond: { status: 200 }, cors: { allowOrigins: ["*"] }, policies: ["auth"] },
        // @ts-expect-error the field is called allowOrigins
        { to: "a", cors: { origins: ["*"] } },
      ],
    });
  });

  it("has fields that there are, with values that they may have", () => {
    createGateway({
      services,
      routes: [
        // @ts-expect-error the field is called timeouts
        { to: "a", timeout: { requestMs: 1_000 } },
        // @ts-expect-error and this one requestMs
        { to: "a", timeouts: { request: 1_000 } },
        // @ts-expect-error an order is a number
        { to: "a", order: "first" },
        // @ts-expect-error 309 is no redirect
        { redirect: { status: 309 } },
        // @ts-expect-error the field is called method
        { match: { methods: "GET" }, to: "a" },
        // @ts-expect-error a backend has a service
        { to: { version: "v1" } },
        // @ts-expect-error and no versions
        { to: { service: "a", versions: ["v1"] } },
        // @ts-expect-error match fields stand on the route in the short form only
        { path: "/a", to: "a" },
      ],
    });
    // @ts-expect-error the field is called unmatchedMethod
    createGateway({ services, routes: [{ to: "a" }], unmatched: "405" });
    // @ts-expect-error and takes two values
    createGateway({ services, routes: [{ to: "a" }], unmatchedMethod: "406" });
    // @ts-expect-error a balancer has a name that there is
    createGateway({ services: { a: { instances: [], balancer: "best" } }, routes: [{ to: "a" }] });
    // @ts-expect-error a service has instances
    createGateway({ services: { a: { balancer: "random" } }, routes: [{ to: "a" }] });
    // @ts-expect-error a config has routes
    createGateway({ services });
    // @ts-expect-error a config is a record or an array
    createGateway("http://a");
  });

  it("has match fields of its own or a match, not both", () => {
    createGateway([
      { path: "/a", method: "GET", to: "http://a" },
      { match: { path: "/a", method: "GET" }, to: "http://a" },
      { to: "http://a" },
      // @ts-expect-error the path stands in both
      { path: "/a", match: { path: "/a" }, to: "http://a" },
    ]);
  });

  it("is checked when it was put together too", () => {
    const headers = { requestHeaders: { set: { a: "1" } } } as const;
    const answer = { respond: { status: 200 } } as const;
    createGateway({
      services,
      routes: [
        { ...headers, to: "a" },
        { match: { path: "/a" }, ...(isNew ? { to: "a" } : { redirect: {} }) },
        // @ts-expect-error it forwards or answers
        { ...answer, to: "a" },
        // @ts-expect-error it redirects or answers
        { ...answer, redirect: {} },
        // @ts-expect-error a redirect sends no request that has headers
        { ...headers, redirect: {} },
        // @ts-expect-error neither does an answer
        { ...headers, ...answer },
      ],
    });
    const list = [{ to: "a" }, { to: "c" }] as const;
    // @ts-expect-error a constant is as good as a literal
    createGateway({ services, routes: list });
  });

  it("is checked beside others that were made elsewhere", () => {
    createGateway({ services, routes: [...routes, { to: "a" }] });
    // @ts-expect-error no service is called c
    createGateway({ services, routes: [...routes, { to: "c" }] });
    // @ts-expect-error no service is called c
    createGateway([...shortRoutes, { path: "/a", to: "c" }]);
  });
});

describe("a backend", () => {
  it("has a split or a version, not both", () => {
    createGateway({
      services,
      routes: [
        { to: { service: "a", version: "v1" } },
        { to: { service: "a", split: { v1: 1 } } },
        // @ts-expect-error a version leaves nothing to split
        { to: { service: "a", version: "v1", split: { v1: 1 } } },
      ],
    });
  });

  it("is sticky only with a split", () => {
    createGateway({
      services,
      routes: [
        { to: { service: "a", split: { v1: 1 }, sticky: { cookie: "uid" } } },
        { to: { service: "a", split: { v1: 1 }, sticky: "clientAddress" } },
        // @ts-expect-error there is nothing to hold on to
        { to: { service: "a", sticky: { cookie: "uid" } } },
        // @ts-expect-error a version is nothing to hold on to either
        { to: { service: "a", version: "v1", sticky: "clientAddress" } },
        // @ts-expect-error a key has a source
        { to: { service: "a", split: { v1: 1 }, sticky: "uid" } },
      ],
    });
  });
});

describe("a balancer of one's own", () => {
  it("needs no types where it is written in the config", () => {
    const pick: Balancer = { name: "last", pick: ({ candidates }) => candidates.length - 1 };
    createGateway({
      services: {
        a: {
          instances: ["http://a"],
          balancer: { name: "first", pick: ({ cursor = 0 }) => cursor },
        },
        b: { instances: ["http://b"], balancer: pick },
      },
      // @ts-expect-error the rest of the config is checked all the same
      routes: [{ to: "a" }, { to: "b" }, { to: "c" }],
      defaults: { balancer: { name: "last", pick: ({ candidates }) => candidates.length - 1 } },
    });
  });
});
