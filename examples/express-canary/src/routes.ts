import type { GatewayConfig } from "@signalbox/express";

/** How much of the traffic each version gets. */
export interface Weights {
  readonly v1: number;
  readonly v2: number;
}

/** Where the instances of each version are. */
export interface Instances {
  readonly v1: string;
  readonly v2: string;
}

/** A user stays at a version: raising the weight of v2 moves users to it, lowering it brings back exactly those. */
export function routesOf(instances: Instances, split: Weights): GatewayConfig {
  return {
    services: {
      products: {
        instances: [
          { url: instances.v1, version: "v1" },
          { url: instances.v2, version: "v2" },
        ],
      },
    },
    routes: [
      {
        id: "testers",
        match: { path: "/products/*", headers: { "x-canary": "1" } },
        to: { service: "products", version: "v2" },
      },
      {
        id: "products",
        match: { path: "/products/*" },
        to: { service: "products", split: { ...split }, sticky: { cookie: "user" } },
      },
    ],
  };
}
