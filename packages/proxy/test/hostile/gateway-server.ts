import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import {
  createGateway,
  type ConfigInput,
  type Gateway,
  type GatewayOptions,
} from "@signalbox/core";
import { createProxy, type Proxy, type ProxyOptions } from "@signalbox/proxy";

/** A proxy on a server of its own that keeps nothing of what is over. */
export interface GatewayServer {
  readonly port: number;
  readonly gateway: Gateway;
  readonly proxy: Proxy;
  /** Sockets of clients. */
  readonly sockets: ReadonlySet<Socket>;
  /** Requests under way, at instances and in the proxy. */
  readonly underWay: () => number;
  close(): Promise<void>;
}

export async function startGateway(
  config: ConfigInput,
  options: GatewayOptions & ProxyOptions = {},
): Promise<GatewayServer> {
  const gateway = createGateway(config, options);
  const proxy = createProxy(gateway, options);
  const server = createServer({ keepAliveTimeout: 60_000 }, (req, res) => proxy.handle(req, res));
  server.maxHeadersCount = 0;
  server.on("upgrade", (req, socket, head) => proxy.upgrade(req, socket, head));
  const { port, sockets } = await listenTracked(server);
  return {
    port,
    gateway,
    proxy,
    sockets,
    underWay: () =>
      proxy.counts.requests + proxy.counts.upgrades + proxy.counts.mirrors + inFlight(gateway),
    close: async () => {
      await proxy.close({ graceMs: 1_000 });
      server.closeAllConnections();
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Lets a server listen on any port of loopback, and keeps its open sockets in a set. */
export async function listenTracked(
  server: Server,
): Promise<{ readonly port: number; readonly sockets: ReadonlySet<Socket> }> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { port: (server.address() as AddressInfo).port, sockets };
}

/** Requests under way at all instances of a gateway. */
function inFlight(gateway: Gateway): number {
  return Object.values(gateway.snapshot().services)
    .flatMap(({ instances }) => Object.values(instances))
    .reduce((sum, { inFlight: count }) => sum + count, 0);
}

/** Waits until a condition holds; says so when it never does. */
export async function soon(what: string, holds: () => boolean, limitMs = 20_000): Promise<void> {
  const end = performance.now() + limitMs;
  while (!holds()) {
    if (performance.now() > end) throw new Error(`never: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
