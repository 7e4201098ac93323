import "reflect-metadata";
import { NestFactory } from "@nestjs/core";
import type { INestApplication } from "@nestjs/common";
import { AppModule } from "./app.module.js";
import { useGateway } from "./gateway.js";

export interface RunningApp {
  readonly app: INestApplication;
  readonly url: string;
}

/** The application, with everything below /orders at a service. */
export async function startApp(orders: string, port = 0): Promise<RunningApp> {
  const app = await NestFactory.create(AppModule, { logger: ["error", "warn"] });
  useGateway(app, {
    services: { orders: { instances: [orders] } },
    routes: [{ match: { path: "/orders/*" }, to: "orders" }],
  });
  await app.listen(port, "127.0.0.1");
  return { app, url: await app.getUrl() };
}
