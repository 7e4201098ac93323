import type { GatewayConfig } from "@signalbox/http";

/** One running copy of a service, as the gateway is told of it. */
export interface Instance {
  readonly service: string;
  readonly version: string;
  readonly id: string;
  readonly url: string;
}

/** Shares of the versions of products. */
export interface Split {
  readonly v1: number;
  readonly v2: number;
}

/** The whole configuration: plain data, made anew for each change. */
export function shopConfig(instances: readonly Instance[], split: Split): GatewayConfig {
  const services: Record<string, { instances: Omit<Instance, "service">[] }> = {};
  for (const { service, ...instance } of instances)
    (services[service] ??= { instances: [] }).instances.push(instance);
  return {
    services,
    routes: [
      {
        id: "products",
        match: { path: "/products/*" },
        to: { service: "products", split: { ...split }, sticky: { cookie: "uid" } },
      },
      {
        id: "products-beta",
        match: { path: "/products/*", headers: { "x-beta": "1" } },
        to: { service: "products", version: "v2" },
      },
      { id: "orders", match: { path: "/orders/*", method: ["GET", "POST"] }, to: "orders" },
      { id: "payments", match: { path: "/payments/*", method: "GET" }, to: "payments" },
      { id: "shipping", match: { path: "/shipping/*" }, to: "shipping" },
      {
        id: "old-catalogue",
        match: { path: { prefix: "/catalogue" } },
        redirect: { status: 308, path: { replacePrefix: "/products" } },
      },
      { id: "health", match: { path: "/healthz" }, respond: { status: 200, body: "ok\n" } },
    ],
  };
}
