import { describe, expect, it } from "vitest";
import { createGateway } from "./gateway.js";
import { request } from "./testing/request.js";
import { testEnv } from "./testing/env.js";

const config = {
  services: {
    products: {
      instances: [
        { url: "http://10.0.0.1:8080", version: "v1" },
        { url: "http://10.0.0.2:8080", version: "v1", weight: 2, zone: "a" },
        { url: "http://10.0.1.1:8080", version: "v2" },
      ],
      balancer: "least-request",
    },
    orders: { instances: ["http://10.0.0.9:8080"] },
  },
  routes: [
    {
      id: "beta",
      match: { path: "/products/*", headers: { "x-beta": "1" } },
      to: { service: "products", version: "v2" },
    },
    {
      id: "products",
      match: { host: "api.shop.com", path: "/products/*" },
      to: { service: "products", split: { v1: 90, v2: 10 }, sticky: { cookie: "uid" } },
    },
    { id: "order", match: { path: "/orders/:id", method: ["GET", "DELETE"] }, to: "orders" },
    {
      id: "old",
      match: { path: { prefix: "/shop" } },
      redirect: { status: 308, path: { replacePrefix: "/" } },
    },
    { id: "health", match: { path: "/healthz" }, respond: { status: 200, body: "ok" } },
  ],
} as const;

describe("the gateway of the contract", () => {
  it("decides as the contract says", () => {
    const gateway = createGateway(config, { env: testEnv({ draws: { split: [0.5] } }) });
    expect(gateway.decide(request("GET api.shop.com/products/42?color=red"))).toMatchObject({
      kind: "forward",
      route: "products",
      params: { "*": "42" },
      service: "products",
      version: "v1",
      instance: { id: "http://10.0.0.1:8080", url: "http://10.0.0.1:8080" },
      point: 0.5,
      attempt: 1,
      tried: [],
      request: { method: "GET", path: "/products/42?color=red", host: "api.shop.com" },
    });
    expect(
      gateway.decide(request("GET /products/1", { headers: { "x-beta": "1" } })),
    ).toMatchObject({ route: "beta", version: "v2" });
    expect(gateway.decide(request("DELETE /orders/7"))).toMatchObject({
      route: "order",
      params: { id: "7" },
    });
    expect(gateway.decide(request("PUT /orders/7"))).toEqual({ kind: "none" });
    expect(gateway.decide(request("GET x.org/shop/a?b=1"))).toMatchObject({
      kind: "redirect",
      location: "http://x.org/a?b=1",
      status: 308,
    });
    expect(gateway.decide(request("GET /healthz"))).toMatchObject({
      kind: "respond",
      status: 200,
      body: "ok",
    });
  });
});
