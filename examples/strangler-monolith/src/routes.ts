import type { GatewayConfig } from "@signalbox/express";

/** How much of the orders goes to the new service. Unit: percent. */
export type Share = number;

/** Calls the next handler of the application: the monolith, as it stands behind the gateway. */
const monolith = (_req: unknown, _res: unknown, next: () => void): void => next();

/** One route at a time leaves the monolith: here that of orders. All others are not even mentioned. */
export function routesOf(ordersUrl: string, share: Share): GatewayConfig {
  return {
    services: {
      orders: {
        instances: [
          { id: "monolith", handler: monolith, version: "monolith" },
          { url: ordersUrl, version: "service" },
        ],
      },
    },
    routes: [
      {
        id: "orders",
        match: { path: "/orders/*" },
        to: { service: "orders", split: { monolith: 100 - share, service: share } },
      },
    ],
  };
}
