import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { Fact, Gateway } from "@signalbox/core";
import {
  asksForWebSocket,
  checkServer,
  createProxy,
  rawResponse,
  type CheckServerOptions,
  type CloseOptions,
  type HandleOptions,
  type Proxy,
  type ProxyOptions,
} from "@signalbox/proxy";
import { trustedHopsOf, type HostApp, type HostRequest } from "./trusted-hops.js";

/** Calls the next middleware of Express, or its error handlers. */
export type NextFunction = (error?: unknown) => void;

/** What the middleware is told beside its gateway. */
export interface MiddlewareOptions<
  Request extends IncomingMessage = IncomingMessage,
  Response extends ServerResponse = ServerResponse,
>
  extends ProxyOptions, CheckServerOptions {
  /** A proxy to share with other mounts; it closes with the first of them. Default: one of its own. */
  readonly proxy?: Proxy;
  /** The application whose setting `trust proxy` holds for upgrades. Default: that of the first request. */
  readonly app?: HostApp;
  /**
   * What earlier middleware learnt of a request (`req.user`, `res.locals.tenant`), for conditions on facts and splits by a
   * fact. What it throws goes to the error handlers of the application. Default: none.
   */
  facts?(req: Request, res: Response): { readonly [name: string]: Fact } | undefined;
}

/** A gateway as middleware of Express. */
export interface GatewayMiddleware {
  (req: IncomingMessage, res: ServerResponse, next: NextFunction): void;
  readonly proxy: Proxy;
  /**
   * For the `upgrade` event of the server: websockets. What no route takes is left to the other listeners of that event;
   * without any it gets 404.
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
 * @throws TypeError when an option is malformed
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
  const proxy = options.proxy ?? createProxy(gateway, options);
  let { app } = options;
  const checked = new WeakSet<object>();
  const check = ({ socket }: IncomingMessage): void => {
    const { server } = socket as { readonly server?: Server };
    if (server === undefined || checked.has(server)) return;
    checkServer(server, options);
    checked.add(server);
  };
  const optionsOf = (req: HostRequest, res: ServerResponse, next: NextFunction): HandleOptions => {
    check(req);
    app ??= req.app;
    return {
      none: next,
      error: next,
      trustedHops: trustedHopsOf(req, req.app),
      facts: options.facts?.(req as never, res as never),
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
  return Object.assign(middleware, {
    proxy,
    upgrade: (req: IncomingMessage, socket: Duplex, head: Buffer) =>
      proxy.upgrade(req, socket, head, {
        none: upgradesElsewhere(req, socket),
        trustedHops: trustedHopsOf(req, app),
      }),
    close: (close?: CloseOptions) => proxy.close(close),
  });
}

// Node takes every request that offers an upgrade for one once anybody listens for them. What is neither for us nor for
// another listener is an ordinary request of the application (RFC 9110 section 7.8).
function upgradesElsewhere(req: IncomingMessage, socket: Duplex): (() => void) | undefined {
  const { server } = socket as Duplex & { readonly server?: Server };
  if (server === undefined) return undefined;
  if (server.listenerCount("upgrade") > 1) return () => {};
  if (asksForWebSocket(req)) return undefined;
  return () => void server.emit("request", req, rawResponse(req, socket));
}
