import type { INestApplication } from "@nestjs/common";
import { createGateway, gatewayMiddleware, type GatewayConfig } from "@signalbox/express";

/**
 * Puts a gateway in front of an application of Nest, before its body parsers: to be called before `listen` or `init`.
 * It closes with the application.
 */
export function useGateway(app: INestApplication, config: GatewayConfig): void {
  const middleware = gatewayMiddleware(createGateway(config));
  app.use(middleware);
  app.getHttpServer().on("upgrade", middleware.upgrade);
  const close = app.close.bind(app);
  app.close = async (): Promise<void> => {
    await middleware.close();
    await close();
  };
}
