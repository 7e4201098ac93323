import type { Server } from "node:http";
import { routeUpgrade, type Proxy } from "@signalbox/proxy";
import type { Middleware } from "koa";

/** A gateway as middleware of Koa: what no route takes goes to the next one. */
export function gatewayMiddleware(proxy: Proxy): Middleware {
  return (ctx, next) =>
    new Promise<void>((resolve, reject) => {
      // Koa answers when its middleware has ended, unless somebody else does.
      ctx.respond = false;
      ctx.res.once("close", resolve);
      const goOn = (): void => {
        ctx.respond = true;
        ctx.res.off("close", resolve);
      };
      proxy.handle(ctx.req, ctx.res, {
        facts: factsOf(ctx.state),
        none: () => {
          goOn();
          next().then(resolve, reject);
        },
        error: (error) => {
          goOn();
          reject(error);
        },
      });
    });
}

/** Sends websockets through the middleware too: they would get past whatever asks there who they are. */
export function routeUpgrades(server: Server): void {
  server.on("upgrade", (req, socket, head) => {
    routeUpgrade(req, socket, head, (res) => void server.emit("request", req, res));
  });
}

// What earlier middleware learnt, for conditions on facts.
function factsOf({ tenant }: { readonly tenant?: unknown }): { tenant: string } | undefined {
  return typeof tenant === "string" ? { tenant } : undefined;
}
