import type { ClientRequest, IncomingMessage } from "node:http";
import type { Gateway } from "@signalbox/core";
import { createProxyServer, type ProxyServer } from "http-proxy-3";
import type { ExchangeEnd } from "./exchange-end.js";
import type { PolicyRun } from "./policy-run.js";
import { Tunnel, type UpgradeRequest, type WebSocketRequest } from "./tunnel.js";

interface Listener {
  ended(end: ExchangeEnd, policies: PolicyRun | undefined): void;
}

/** All tunnels of one proxy. */
export class Upgrades {
  readonly #gateway: Gateway;
  readonly #listener: Listener;
  readonly #tunnels = new Set<Tunnel>();
  readonly #server: ProxyServer;
  #captured: ClientRequest | undefined;

  constructor(gateway: Gateway, listener: Listener) {
    this.#gateway = gateway;
    this.#listener = listener;
    this.#server = createProxyServer({});
    this.#server.on("error", () => {});
    this.#server.on("proxyReqWs", (request: ClientRequest) => {
      this.#captured = request;
    });
  }

  get size(): number {
    return this.#tunnels.size;
  }

  /** Opens a tunnel for a websocket request. */
  begin(request: UpgradeRequest): void {
    const tunnel = new Tunnel(request, this.#gateway, this.#request, (end) => {
      this.#tunnels.delete(tunnel);
      this.#listener.ended(end, request.policies);
    });
    this.#tunnels.add(tunnel);
    tunnel.begin();
  }

  destroy(): void {
    for (const tunnel of this.#tunnels) tunnel.destroy();
  }

  // http-proxy-3 sends the request and hands it out in an event, synchronously. It may throw on a bad header.
  readonly #request: WebSocketRequest = (request, socket, options, onError) => {
    this.#captured = undefined;
    try {
      this.#server.ws(
        request as IncomingMessage,
        socket as never,
        Buffer.alloc(0),
        options,
        onError as never,
      );
    } catch (error) {
      (this.#captured as ClientRequest | undefined)?.on("error", () => {}).destroy();
      queueMicrotask(() => onError(error as Error));
      return undefined;
    }
    return this.#captured;
  };
}
