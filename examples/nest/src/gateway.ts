import { Injectable, type BeforeApplicationShutdown, type INestApplication } from "@nestjs/common";
import {
  createGateway,
  gatewayMiddleware,
  type GatewayConfig,
  type GatewayMiddleware,
} from "@signalbox/express";

/** Closes the gateway with the application, also where a signal ends it (`app.enableShutdownHooks()`). */
@Injectable()
export class GatewayShutdown implements BeforeApplicationShutdown {
  middleware: GatewayMiddleware | undefined;

  async beforeApplicationShutdown(): Promise<void> {
    await this.middleware?.close();
  }
}

/**
 * Puts a gateway in front of an application of Nest, before its body parsers: to be called before `listen` or `init`.
 * A module of the application provides `GatewayShutdown`.
 */
export function useGateway(app: INestApplication, config: GatewayConfig): void {
  const middleware = gatewayMiddleware(createGateway(config));
  app.use(middleware);
  app.getHttpServer().on("upgrade", middleware.upgrade);
  app.get(GatewayShutdown).middleware = middleware;
}
