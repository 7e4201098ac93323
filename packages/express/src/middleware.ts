import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { Fact, Gateway } from "@signalbox/core";
import {
  checkMount,
  checkServer,
  createProxy,
  factsNow,
  type CheckServerOptions,
  type CloseOptions,
  type HandleOptions,
  type HostPathOptions,
  type Proxy,
  type ProxyOptions,
} from "@signalbox/proxy";
import { trustedHopsOf, type HostRequest } from "./trusted-hops.js";
import { ours, upgradeThroughHost } from "./upgrades.js";

/** Calls the next middleware of Express, or its error handlers. */
export type NextFunction = (error?: unknown) => void;

/** What the middleware is told beside its gateway. */
export interface MiddlewareOptions<
  Request extends IncomingMessage = IncomingMessage,
  Response extends ServerResponse = ServerResponse,
>
  extends ProxyOptions, CheckServerOptions, HostPathOptions {
  /** A proxy to share with other mounts; it closes with the first of them. Default: one of its own. */
  readonly proxy?: Proxy;
  /**
   * What earlier middleware learnt of a request (`req.user`, `res.locals.tenant`), for conditions on facts and splits by a
   * fact. What it throws goes to the error handlers of the application, and so does a promise: wait for it in middleware.
   * Default: none.
   */
  facts?(req: Request, res: Response): { readonly [name: string]: Fact } | undefined;
}

/** A gateway as middleware of Express. */
export interface GatewayMiddleware {
  (req: IncomingMessage, res: ServerResponse, next: NextFunction): void;
  readonly proxy: Proxy;
  /**
   * For the `upgrade` event of the server: websockets. They go through the application as requests do, middleware before the
   * gateway included. Where the event has other listeners, they get what no route takes, and the application does not see it.
   */
  readonly upgrade: (req: IncomingMessage, socket: Duplex, head: Buffer) => void;
  /** Lets requests under way end and closes the connections to the instances. */
  close(options?: CloseOptions): Promise<void>;
}

/**
 * Makes middleware for Express 4 and 5 out of a gateway. Routes see the URL that the client asked for, also under a mount
 * path. `next()` gets what no route takes; instances that fail are answered; `next(error)` gets what is wrong with the
 * program. Mount it before body parsers.
 *
 * @throws TypeError when it gets no gateway, or an option is malformed
 *
 * @example
 * const middleware = gatewayMiddleware(gateway);
 * app.use(middleware);
 * server.on("upgrade", middleware.upgrade);
 */
export function gatewayMiddleware<
  Request extends IncomingMessage = IncomingMessage,
  Response extends ServerResponse = ServerResponse,
>(gateway: Gateway, options: MiddlewareOptions<Request, Response> = {}): GatewayMiddleware {
  checkMount("gatewayMiddleware", gateway, options);
  const proxy = options.proxy ?? createProxy(gateway, options);
  const canonicalPathsOnly = options.otherPaths !== "forward";
  const checked = new WeakSet<object>();
  const check = ({ socket }: IncomingMessage): void => {
    const { server } = socket as { readonly server?: Server };
    if (server === undefined || checked.has(server)) return;
    checkServer(server, options);
    checked.add(server);
  };
  const optionsOf = (req: HostRequest, res: ServerResponse, next: NextFunction): HandleOptions => {
    check(req);
    return {
      none: next,
      error: next,
      trustedHops: trustedHopsOf(req, req.app),
      canonicalPathsOnly,
      facts: factsNow(
        options.facts?.(req as never, res as never),
        "in middleware before the gateway",
      ),
    };
  };
  const middleware = (req: HostRequest, res: ServerResponse, next: NextFunction): void => {
    let handle: HandleOptions;
    try {
      handle = optionsOf(req, res, next);
    } catch (error) {
      next(error);
      return;
    }
    proxy.handle(req, res, handle);
  };
  const upgrade = (req: IncomingMessage, socket: Duplex, head: Buffer): void =>
    upgradeThroughHost(gateway, proxy, req, socket, head);
  ours.add(upgrade);
  return Object.assign(middleware, {
    proxy,
    upgrade,
    close: (close?: CloseOptions) => proxy.close(close),
  });
}
