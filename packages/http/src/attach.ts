import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type {
  Http2SecureServer,
  Http2Server,
  Http2ServerRequest,
  Http2ServerResponse,
  ServerHttp2Session,
} from "node:http2";
import type { Server as SecureServer } from "node:https";
import type { Duplex } from "node:stream";
import type { Gateway } from "@signalbox/core";
import {
  attachUpgrades,
  checkMount,
  checkServer,
  createProxy,
  FrontListener,
  type AnyListener,
  type CheckServerOptions,
  type CloseOptions,
  type Proxy,
  type ProxyOptions,
} from "@signalbox/proxy";
import { checkAttached } from "./check-attached.js";

/** A server of Node that a gateway can be mounted on. */
export type NodeServer = Server | SecureServer | Http2Server | Http2SecureServer;

/** Answers a request: a listener of `node:http`. */
export type Listener = (req: IncomingMessage, res: ServerResponse) => void;

/** Answers a request: a listener of `node:http2`. */
export type Http2Listener = (req: Http2ServerRequest, res: Http2ServerResponse) => void;

/** What a listener is told beside its gateway. */
export interface ListenerOptions<Fallback = Listener> extends ProxyOptions {
  /** Gets what no route takes. Default: 404. */
  readonly fallback?: Fallback;
  /** A proxy to share with other mounts. Default: one of its own, with its own connections. */
  readonly proxy?: Proxy;
}

/** A request listener that is a gateway. */
export interface GatewayListener {
  (req: IncomingMessage | Http2ServerRequest, res: ServerResponse | Http2ServerResponse): void;
  readonly proxy: Proxy;
  /** For the `upgrade` event of the server. */
  readonly upgrade: (req: IncomingMessage, socket: Duplex, head: Buffer) => void;
  /** Lets requests under way end and closes the connections to the instances. */
  close(options?: CloseOptions): Promise<void>;
}

/**
 * Makes a request listener out of a gateway, for full control over the server.
 *
 * @throws TypeError when it gets no gateway, or an option is malformed
 *
 * @example
 * const listener = gatewayListener(gateway, { fallback: app });
 * const server = createServer(listener).on("upgrade", listener.upgrade);
 */
export function gatewayListener(gateway: Gateway, options?: ListenerOptions): GatewayListener;
export function gatewayListener(
  gateway: Gateway,
  options: ListenerOptions<Http2Listener>,
): GatewayListener;
export function gatewayListener(
  gateway: Gateway,
  options: ListenerOptions<unknown> = {},
): GatewayListener {
  checkMount("gatewayListener", gateway, options);
  const fallback = options.fallback as AnyListener | undefined;
  const proxy = options.proxy ?? createProxy(gateway, options);
  const listener = (
    req: IncomingMessage | Http2ServerRequest,
    res: ServerResponse | Http2ServerResponse,
  ): void => {
    proxy.handle(req, res, fallback === undefined ? {} : { none: () => fallback(req, res) });
  };
  return Object.assign(listener, {
    proxy,
    upgrade: (req: IncomingMessage, socket: Duplex, head: Buffer) =>
      proxy.upgrade(req, socket, head),
    close: (close?: CloseOptions) => proxy.close(close),
  });
}

/** What a mount is told beside its gateway. */
export interface AttachOptions extends ProxyOptions, CheckServerOptions {
  /**
   * A proxy to share with other mounts; it closes with the first of them, and its own `onEnd` holds. Default: one of
   * its own, with its own connections.
   */
  readonly proxy?: Proxy;
}

/** A gateway that is mounted on a server. */
export interface AttachedGateway {
  readonly proxy: Proxy;
  /**
   * Lets requests under way end, closes the connections to the instances, and gives the server its listeners back, in any
   * order with other mounts. Clients over HTTP/2 are told to go (GOAWAY): their connections take no new requests, and close with the last one.
   */
  close(options?: CloseOptions): Promise<void>;
}

/** Requests and responses of both kinds of servers. */
type AnyRequest = IncomingMessage | Http2ServerRequest;
type AnyResponse = ServerResponse | Http2ServerResponse;

/**
 * Mounts a gateway on a server in front of the listeners that it has: they get what no route takes, requests
 * and upgrades alike. Looks at the settings of the server (`checkServer`).
 *
 * @throws TypeError when it gets no server or no gateway, or an option is malformed
 * @throws ServerSettingsError with `strict: true`, when the settings are unsafe
 *
 * @example
 * const mounted = attachGateway(createServer(app), gateway);
 * await mounted.close();
 */
export function attachGateway(
  server: NodeServer,
  gateway: Gateway,
  options: AttachOptions = {},
): AttachedGateway {
  checkAttached(server);
  checkMount("attachGateway", gateway, options);
  checkServer(server, options);
  const proxy = options.proxy ?? createProxy(gateway, options);
  const detachUpgrades = attachUpgrades(server, gateway, proxy);
  const sessions = new Set<ServerHttp2Session>();
  const session = (opened: ServerHttp2Session): void => {
    sessions.add(opened);
    opened.once("close", () => sessions.delete(opened));
  };
  server.on("session", session);
  const request = new FrontListener(server, "request", ((req: AnyRequest, res: AnyResponse) => {
    const none = (): void => handOn(request, req, res);
    if (request.hasLeft) none();
    else proxy.handle(req, res, request.behind.length === 0 ? {} : { none });
  }) as AnyListener);
  const asking = new FrontListener(server, "checkContinue", ((
    req: AnyRequest,
    res: AnyResponse,
  ) => {
    const none = (): void => continueElsewhere(asking, request, req, res);
    if (asking.hasLeft) none();
    else proxy.handle(req, res, { none, awaitsContinue: true });
  }) as AnyListener);
  return {
    proxy,
    close: async (close) => {
      for (const open of sessions) open.close();
      await proxy.close(close);
      server.off("session", session);
      detachUpgrades();
      request.leave();
      asking.leave();
    },
  };
}

function handOn(request: FrontListener, req: AnyRequest, res: AnyResponse): void {
  if (request.behind.length > 0) return request.handOn(req, res);
  res.statusCode = 404;
  res.end();
}

// What Node does where nobody listens: leave to go on, then an ordinary request.
function continueElsewhere(
  asking: FrontListener,
  request: FrontListener,
  req: AnyRequest,
  res: AnyResponse,
): void {
  if (asking.behind.length > 0) return asking.handOn(req, res);
  res.writeContinue();
  handOn(request, req, res);
}
