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
  checkServer,
  createProxy,
  type CheckServerOptions,
  type CloseOptions,
  type Proxy,
  type ProxyOptions,
} from "@signalbox/proxy";

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
   * Lets requests under way end, closes the connections to the instances, and gives the server its listeners back.
   * Clients over HTTP/2 are told to go (GOAWAY): their connections take no new requests, and close with the last one.
   */
  close(options?: CloseOptions): Promise<void>;
}

/** Requests and responses of both kinds of servers. */
type AnyRequest = IncomingMessage | Http2ServerRequest;
type AnyResponse = ServerResponse | Http2ServerResponse;

type AnyListener = (...args: unknown[]) => void;

/**
 * Mounts a gateway on a server in front of the listeners that it has: they get what no route takes, requests
 * and upgrades alike. Looks at the settings of the server (`checkServer`).
 *
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
  checkServer(server, options);
  const proxy = options.proxy ?? createProxy(gateway, options);
  const before = {
    request: takeListeners(server, "request"),
    checkContinue: takeListeners(server, "checkContinue"),
  };
  const detachUpgrades = attachUpgrades(server, gateway, proxy);
  const sessions = new Set<ServerHttp2Session>();
  const session = (opened: ServerHttp2Session): void => {
    sessions.add(opened);
    opened.once("close", () => sessions.delete(opened));
  };
  const request = (req: AnyRequest, res: AnyResponse): void => {
    proxy.handle(
      req,
      res,
      before.request.length === 0 ? {} : { none: () => call(server, before.request, req, res) },
    );
  };
  const checkContinue = (req: AnyRequest, res: AnyResponse): void => {
    const none = (): void => continueElsewhere(server, before, req, res);
    proxy.handle(req, res, { none, awaitsContinue: true });
  };
  const ours = { request, checkContinue, session };
  for (const [event, listener] of Object.entries(ours)) server.on(event, listener as AnyListener);
  return {
    proxy,
    close: async (close) => {
      for (const open of sessions) open.close();
      await proxy.close(close);
      for (const [event, listener] of Object.entries(ours))
        server.off(event, listener as AnyListener);
      detachUpgrades();
      for (const [event, listeners] of Object.entries(before))
        for (const listener of listeners) server.on(event, listener);
    },
  };
}

function takeListeners(server: NodeServer, event: string): AnyListener[] {
  const listeners = server.rawListeners(event) as AnyListener[];
  server.removeAllListeners(event);
  return listeners;
}

function call(server: NodeServer, listeners: readonly AnyListener[], ...args: unknown[]): void {
  for (const listener of listeners) listener.apply(server, args);
}

// What Node does where nobody listens: leave to go on, then an ordinary request.
function continueElsewhere(
  server: NodeServer,
  before: {
    readonly request: readonly AnyListener[];
    readonly checkContinue: readonly AnyListener[];
  },
  req: AnyRequest,
  res: AnyResponse,
): void {
  if (before.checkContinue.length > 0) {
    call(server, before.checkContinue, req, res);
    return;
  }
  res.writeContinue();
  if (before.request.length > 0) call(server, before.request, req, res);
  else {
    res.statusCode = 404;
    res.end();
  }
}
