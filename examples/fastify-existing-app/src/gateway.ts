import { createGateway, gatewayPlugin } from "@signalbox/fastify";
import type { FastifyInstance } from "fastify";

/** Two services behind the application: its hooks guard them, and what they learnt says where requests go. */
export function addGateway(
  app: FastifyInstance,
  services: { readonly orders: string; readonly beta: string },
): void {
  app.register(gatewayPlugin, {
    gateway: createGateway([
      { match: { path: "/orders/*", facts: { user: "tester" } }, to: services.beta },
      { match: { path: "/orders/*" }, to: services.orders },
    ]),
    facts: (request) => ({ user: request.getDecorator<string>("user") }),
  });
}
