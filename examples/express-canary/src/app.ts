import { createGateway, gatewayMiddleware, type GatewayMiddleware } from "@signalbox/express";
import express, { type Express } from "express";
import { routesOf, type Instances, type Weights } from "./routes.ts";

export interface Shop {
  readonly app: Express;
  readonly middleware: GatewayMiddleware;
  /** Shifts traffic: nothing in flight is lost. */
  shift(weights: Weights): void;
}

/** An Express application with a page of its own; everything below /products is the service's. */
export function createShop(instances: Instances): Shop {
  const gateway = createGateway(routesOf(instances, { v1: 100, v2: 0 }));
  const middleware = gatewayMiddleware(gateway);
  const app = express();
  app.use(middleware);
  app.use(express.json());
  app.get("/about", (_req, res) => void res.send("the shop itself"));
  return { app, middleware, shift: (weights) => gateway.update(routesOf(instances, weights)) };
}
