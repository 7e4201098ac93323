import { describe, expect, it } from "vitest";
import type { ConfigInput } from "./config/config.js";
import type { RouteConfig } from "./config/route-config.js";
import type { ForwardDecision } from "./decision.js";
import { createGateway } from "./gateway.js";
import { buildClientResponse } from "./rewrite/client-response.js";
import { buildUpstreamRequest } from "./rewrite/upstream-request.js";
import { testEnv } from "./testing/env.js";
import { request } from "./testing/request.js";

const services = {
  a: { instances: [{ url: "http://a1", version: "v1" }] },
  b: {
    instances: [
      { url: "http://b1", version: "v1" },
      { url: "http://b2", version: "v2" },
    ],
  },
  none: { instances: [] },
};
const gatewayOf = (routes: ConfigInput & readonly RouteConfig[], draws = {}) =>
  createGateway({ services, routes }, { env: testEnv({ draws }) });
const preflight = (line: string, method: string, origin = "https://shop.com") =>
  request(line, { headers: { origin, "access-control-request-method": method } });

describe("a mirror", () => {
  const to = "a";
  const mirrorsOf = (
    mirror: RouteConfig["mirror"],
    draws = {},
    route: Partial<RouteConfig> = {},
  ) => {
    const gateway = gatewayOf([{ id: "m", to, ...(mirror && { mirror }), ...route }], draws);
    return (gateway.decide(request("GET x.org/p?q=1")) as ForwardDecision).mirrors;
  };

  it("is a forward decision of its own", () => {
    expect(mirrorsOf([{ service: "b", version: "v2" }])).toMatchObject([
      {
        kind: "forward",
        route: "m",
        service: "b",
        version: "v2",
        instance: { id: "http://b2" },
        mirrors: [],
      },
    ]);
    expect(mirrorsOf(undefined)).toEqual([]);
  });

  it("is drawn for each on its own, and balanced apart from the request", () => {
    const half = [
      { service: "b", ratio: 0.5 },
      { service: "a", ratio: 0.5 },
    ];
    const servicesOf = (mirror: number[]) =>
      mirrorsOf(half, { mirror }).map(({ service }) => service);
    expect(servicesOf([0.49, 0.5])).toEqual(["b"]);
    expect(servicesOf([0.5, 0.49])).toEqual(["a"]);
    expect(servicesOf([0, 0])).toEqual(["b", "a"]);
    expect(mirrorsOf([{ service: "b", ratio: 0 }])).toEqual([]);
    expect(mirrorsOf([{ service: "b" }], { "mirror-balance": [0.9] })).toMatchObject([
      { instance: { id: "http://b2" } },
    ]);
  });

  it("is left out where its service has no instance", () => {
    expect(mirrorsOf([{ service: "none" }, { service: "b" }])).toHaveLength(1);
  });

  it("has the changes of the route, not those of the backend", () => {
    const [mirror] = mirrorsOf(
      [{ service: "b" }],
      {},
      {
        requestHeaders: { set: { "x-route": "1" } },
        rewrite: { host: "route.test" },
        to: [
          {
            service: "a",
            requestHeaders: { set: { "x-backend": "1" } },
            rewrite: { path: { replace: "/b" } },
          },
        ],
      },
    );
    const head = buildUpstreamRequest(request("GET x.org/p?q=1"), mirror as ForwardDecision);
    expect(head.path).toBe("/p?q=1");
    expect(head.headers.join(" ")).toMatch(/^host route\.test .*x-route 1$/);
  });

  it("starts and ends on its own, and is not tried again", () => {
    const gateway = gatewayOf([{ to, mirror: [{ service: "b", version: "v1" }] }]);
    const decision = gateway.decide(request("GET /")) as ForwardDecision;
    const [mirror] = decision.mirrors as [ForwardDecision];
    gateway.start(decision);
    gateway.start(mirror);
    expect(gateway.snapshot().services).toMatchObject({
      a: { instances: { "http://a1": { inFlight: 1 } } },
      b: { instances: { "http://b1": { inFlight: 1 } } },
    });
    const failure = { kind: "failure", stage: "connect", cause: "refused" } as const;
    expect(gateway.report(mirror, failure)).toBe(true);
    expect(gateway.retry(mirror, failure, { replayable: true })).toMatchObject({
      kind: "stop",
      reason: "switched-off",
    });
  });
});

describe("CORS", () => {
  const cors = { allowOrigins: ["https://shop.com"], allowMethods: ["PUT"] };

  it("answers a preflight on the route that the method it asks for would match", () => {
    const gateway = gatewayOf([
      { id: "get", match: { path: "/x", method: "GET" }, to: "a", cors: { allowOrigins: ["*"] } },
      { id: "put", match: { path: "/x", method: "PUT" }, to: "a", cors, policies: ["auth"] },
    ]);
    expect(gateway.decide(preflight("OPTIONS /x", "PUT"))).toEqual({
      kind: "respond",
      route: "put",
      status: 204,
      body: "",
      headers: {
        "access-control-allow-origin": "https://shop.com",
        "access-control-allow-methods": "PUT",
        "access-control-max-age": "5",
        vary: "Origin",
      },
    });
    expect(gateway.match(preflight("OPTIONS /x", "PUT"))).toMatchObject({ kind: "respond" });
    expect(gateway.decide(preflight("OPTIONS /x", "GET"))).toMatchObject({ route: "get" });
    expect(gateway.decide(preflight("OPTIONS /x", "DELETE"))).toEqual({ kind: "none" });
  });

  it("leaves OPTIONS that is no preflight, and routes without it, alone", () => {
    const gateway = gatewayOf([
      { id: "plain", match: { path: "/p" }, to: "a" },
      { id: "cors", match: { path: "/x" }, to: "a", cors },
    ]);
    const plain = request("OPTIONS /x", { headers: { origin: "https://shop.com" } });
    expect(gateway.decide(plain)).toMatchObject({ kind: "forward", route: "cors" });
    expect(gateway.decide(preflight("OPTIONS /p", "PUT"))).toMatchObject({ kind: "forward" });
  });

  it("replaces what the instance says, and lets the changes of the route act last", () => {
    const gateway = gatewayOf([
      {
        to: "a",
        cors,
        responseHeaders: { set: { "access-control-max-age": "7" }, add: { vary: "accept" } },
      },
    ]);
    const upstream = {
      status: 200,
      headers: {
        "access-control-allow-origin": "*",
        "access-control-allow-methods": "x",
        vary: "Accept-Encoding",
      },
    };
    const headersFor = (origin: string) => {
      const view = request("GET /", { headers: { origin } });
      return buildClientResponse(gateway.decide(view) as ForwardDecision, upstream, view).headers;
    };
    expect(headersFor("https://shop.com")).toEqual([
      ...["vary", "Accept-Encoding,Origin,accept"],
      ...["access-control-allow-origin", "https://shop.com", "access-control-max-age", "7"],
    ]);
    expect(headersFor("https://evil.com")).toEqual([
      ...["vary", "Accept-Encoding,Origin,accept", "access-control-max-age", "7"],
    ]);
  });

  it("is said of redirects, fixed answers and refusals too", () => {
    const gateway = gatewayOf([
      { match: { path: "/r" }, redirect: { path: { replace: "/s" } }, cors },
      { match: { path: "/f" }, respond: { status: 200, body: "ok" }, cors },
      { match: { path: "/n" }, to: "none", cors },
      { match: { path: "/w" }, to: [{ service: "a", weight: 0 }], cors },
    ]);
    for (const path of ["/r", "/f", "/n", "/w"]) {
      const view = request(`GET ${path}`, { headers: { origin: "https://shop.com" } });
      expect(gateway.decide(view)).toMatchObject({
        headers: { "access-control-allow-origin": "https://shop.com", vary: "Origin" },
      });
    }
    expect(gateway.decide(request("GET /f"))).toMatchObject({
      headers: { "content-type": "text/plain; charset=utf-8", vary: "Origin" },
    });
  });
});

it("lets the rewrite of a backend act after that of its route", () => {
  const gateway = gatewayOf([
    {
      match: { path: "/in/*" },
      rewrite: {
        host: "route.test",
        path: { replacePrefix: "/out" },
        query: { set: { a: "1", b: "1" } },
      },
      to: [
        {
          service: "a",
          rewrite: { host: "backend.test", query: { set: { b: "2" }, remove: ["c"] } },
        },
      ],
    },
  ]);
  expect(gateway.decide(request("GET x.org/in/p?c=1"))).toMatchObject({
    request: { host: "backend.test", path: "/out/p?a=1&b=2" },
  });
});

it("lets a weighted backend fall back", () => {
  const gateway = gatewayOf([
    { to: [{ service: "none", fallback: { service: "b", version: "v2" } }] },
  ]);
  expect(gateway.decide(request("GET /"))).toMatchObject({ service: "b", version: "v2" });
});

it("goes to the fallback before it tries what is ejected", () => {
  const gateway = gatewayOf([{ to: { service: "b", version: "v2", fallback: { version: "v1" } } }]);
  const eject = (...ids: string[]) =>
    gateway.restore({
      services: {
        b: { instances: Object.fromEntries(ids.map((id) => [id, { ejectedForMs: 9 }])) },
      },
    });
  const version = () => (gateway.decide(request("GET /")) as ForwardDecision).version;
  expect(version()).toBe("v2");
  eject("http://b2");
  expect(version()).toBe("v1");
  eject("http://b1", "http://b2");
  expect(version()).toBe("v2");
});

it("names the policies of a route in its match", () => {
  const gateway = gatewayOf([{ to: "a", policies: ["auth", "limit"] }]);
  expect(gateway.hasPolicies).toBe(true);
  expect(gateway.match(request("GET /"))).toMatchObject({ policies: ["auth", "limit"] });
  expect(gatewayOf([{ to: "a" }]).hasPolicies).toBe(false);
});
