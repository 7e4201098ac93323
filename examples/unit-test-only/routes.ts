import type { GatewayConfig } from "@signalbox/core";

export const config: GatewayConfig = {
  services: {
    products: {
      instances: [
        { id: "p1", url: "http://10.0.0.1:8080", version: "v1" },
        { id: "p2", url: "http://10.0.0.2:8080", version: "v1" },
        { id: "p3", url: "http://10.0.1.1:8080", version: "v2" },
      ],
      outlier: { consecutiveFailures: 5, baseEjectionMs: 30_000 },
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
      match: { path: "/products/*" },
      to: { service: "products", split: { v1: 90, v2: 10 }, sticky: { cookie: "uid" } },
    },
    { id: "order", match: { path: "/orders/:id", method: ["GET", "DELETE"] }, to: "orders" },
    { id: "latest-order", match: { path: "/orders/latest" }, to: "orders" },
    {
      id: "old",
      match: { path: { prefix: "/shop" } },
      redirect: { status: 308, path: { replacePrefix: "/" } },
    },
  ],
};
