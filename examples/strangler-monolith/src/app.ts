import { createGateway, gatewayMiddleware, type GatewayMiddleware } from "@signalbox/express";
import express, { type Express } from "express";
import { addMonolith } from "./monolith.ts";
import { routesOf, type Share } from "./routes.ts";

export interface Shop {
  readonly app: Express;
  readonly middleware: GatewayMiddleware;
  /** Moves orders to the new service, or back. */
  move(share: Share): void;
}

/** The monolith with a gateway in front. */
export function createShop(ordersUrl: string): Shop {
  const gateway = createGateway(routesOf(ordersUrl, 0));
  const middleware = gatewayMiddleware(gateway);
  const app = express();
  app.use(middleware);
  addMonolith(app);
  return { app, middleware, move: (share) => gateway.update(routesOf(ordersUrl, share)) };
}
