import { createGateway } from "@signalbox/core";
import { createProxy, type Proxy } from "@signalbox/proxy";
import Koa from "koa";
import { gatewayMiddleware } from "./gateway.ts";

export interface App {
  readonly app: Koa;
  readonly proxy: Proxy;
}

/** A Koa application: tenants with a service of their own go to it, all else stays. */
export function createApp(services: { readonly orders: string; readonly acme: string }): App {
  const gateway = createGateway([
    { match: { path: "/orders/*", facts: { tenant: "acme" } }, to: services.acme },
    { match: { path: "/orders/*" }, to: services.orders },
  ]);
  const proxy = createProxy(gateway);
  const app = new Koa();
  app.use((ctx, next) => {
    ctx.state["tenant"] = ctx.get("x-tenant");
    return next();
  });
  app.use(gatewayMiddleware(proxy));
  app.use((ctx) => {
    ctx.body = `koa ${ctx.path}`;
  });
  return { app, proxy };
}
