import { describe, expect, it } from "vitest";
import { createGateway } from "../gateway.js";
import { request } from "../testing/request.js";
import type { ConfigInput } from "./config.js";
import type { MatchConfig } from "./match-config.js";
import { describeMatch, expandRoute } from "./short-form.js";

const servicesOf = (config: ConfigInput) => Object.keys(createGateway(config).snapshot().services);

describe("the short form", () => {
  it("is an array of routes with match fields of their own and URLs", () => {
    const gateway = createGateway([
      { path: "/orders/*", to: "http://10.0.0.9:8080" },
      { path: "/healthz", method: "GET", respond: { status: 200 } },
    ]);
    expect(gateway.decide(request("GET /orders/7"))).toMatchObject({
      kind: "forward",
      route: "/orders/*",
      service: "http://10.0.0.9:8080",
      version: undefined,
      instance: { id: "http://10.0.0.9:8080", url: "http://10.0.0.9:8080" },
    });
    expect(gateway.decide(request("PUT /healthz"))).toEqual({ kind: "none" });
  });

  it("moves match fields to where the long form has them", () => {
    expect(expandRoute({ path: "/a", host: "b", to: "http://c", order: 1 })).toEqual({
      match: { path: "/a", host: "b" },
      to: "http://c",
      order: 1,
    });
    const long = { match: { path: "/a" }, to: "http://c" };
    expect(expandRoute(long)).toBe(long);
  });
});

describe("URLs in a route", () => {
  it("are one service wherever they stand, in whatever order and spelling", () => {
    expect(
      servicesOf([
        { path: "/a", to: ["http://a", "http://b:80/"] },
        { path: "/b", to: ["http://B", "HTTP://a"] },
        { path: "/c", to: "http://a" },
      ]),
    ).toEqual(["http://a,http://b", "http://a"]);
  });

  it("are one instance each, however often they are repeated", () => {
    const { services } = createGateway([{ to: ["http://a", "http://a"] }]).snapshot();
    expect(Object.keys(Object.values(services)[0]?.instances ?? {})).toEqual(["http://a"]);
  });

  it("are one instance each, however they are spelt", () => {
    const { services } = createGateway([{ to: ["http://a", "http://A:80/"] }]).snapshot();
    expect(Object.keys(Object.values(services)[0]?.instances ?? {})).toEqual(["http://a"]);
  });
});

describe("the id of a route without one", () => {
  it.each<readonly [MatchConfig, string]>([
    [{}, "/*"],
    [{ path: "/orders/*" }, "/orders/*"],
    [{ path: "/orders/*", host: "api.shop.com", method: "GET" }, "GET api.shop.com/orders/*"],
    [{ host: ["a", "b"], method: ["GET", "PUT"] }, "GET|PUT a|b/*"],
    [{ path: { exact: "/a" } }, "/a"],
    [{ path: { prefix: "/a/" } }, "/a/*"],
    [{ path: { prefix: "/" } }, "/*"],
    [{ path: { startsWith: "/a" } }, "/a…"],
    [{ path: { regex: "/a.*" } }, "~/a.*"],
  ])("for %j is %j", (match, id) => expect(describeMatch(match)).toBe(id));

  it("is numbered when it is taken, by whichever route", () => {
    const gateway = createGateway([
      { path: "/a", method: "GET", to: "http://a" },
      { path: "/b", to: "http://a" },
      { path: "/b", headers: { a: "1" }, to: "http://a" },
      { id: "/b (2)", path: "/c", to: "http://a" },
    ]);
    const routeOf = (line: string, headers = {}) =>
      (gateway.decide(request(line, { headers })) as { route?: string }).route;
    expect(routeOf("GET /a")).toBe("GET /a");
    expect(routeOf("GET /b")).toBe("/b");
    expect(routeOf("GET /b", { a: "1" })).toBe("/b (3)");
    expect(routeOf("GET /c")).toBe("/b (2)");
  });
});
