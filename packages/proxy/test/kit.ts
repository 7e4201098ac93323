import { once } from "node:events";
import {
  createServer,
  request,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type RequestListener,
  type Server,
} from "node:http";
import { connect, type AddressInfo, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import {
  createGateway,
  type ConfigInput,
  type Gateway,
  type GatewayOptions,
} from "@signalbox/core";
import { createProxy, type ExchangeEnd, type Proxy, type ProxyOptions } from "../src/index.js";

/** A server of a test on a free port of loopback. */
export interface TestServer {
  readonly server: Server;
  readonly url: string;
  readonly port: number;
  /** Sockets that are open on its side. */
  readonly sockets: ReadonlySet<Socket>;
  close(): Promise<void>;
}

export async function startServer(listener?: RequestListener): Promise<TestServer> {
  const server = createServer({ keepAliveTimeout: 60_000 }, listener);
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    server,
    url: `http://127.0.0.1:${port}`,
    port,
    sockets,
    close: async () => {
      server.closeAllConnections();
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A port on which nobody listens. */
export async function deadUrl(): Promise<string> {
  const server = await startServer();
  await server.close();
  return server.url;
}

/** A proxy on a server of its own, with everything that has ended noted. */
export interface TestProxy extends TestServer {
  readonly gateway: Gateway;
  readonly proxy: Proxy;
  readonly ends: ExchangeEnd[];
  /** Resolves with the end of the n-th request. */
  ended(n?: number): Promise<ExchangeEnd>;
}

export async function startProxy(
  config: ConfigInput,
  options: ProxyOptions & GatewayOptions = {},
): Promise<TestProxy> {
  const gateway = createGateway(config, options);
  const ends: ExchangeEnd[] = [];
  const waiting: (() => void)[] = [];
  const proxy = createProxy(gateway, {
    ...options,
    onEnd: (end) => {
      ends.push(end);
      for (const wake of waiting.splice(0)) wake();
      return options.onEnd?.(end);
    },
  });
  const base = await startServer((req, res) => proxy.handle(req, res));
  base.server.on("upgrade", (req, socket, head) => proxy.upgrade(req, socket, head));
  const ended = async (n = 1): Promise<ExchangeEnd> => {
    while (ends.length < n) await new Promise<void>((resolve) => waiting.push(resolve));
    return ends[n - 1] as ExchangeEnd;
  };
  const close = async (): Promise<void> => {
    await proxy.close({ graceMs: 50 });
    await base.close();
  };
  return { ...base, gateway, proxy, ends, ended, close };
}

/** A response as a client sees it. */
export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly rawHeaders: readonly string[];
  readonly body: string;
}

export interface SendOptions {
  readonly method?: string;
  readonly headers?: Record<string, string | string[]>;
  readonly body?: string | Buffer;
}

/** Sends a request on a connection of its own. Rejects when the response does not come whole. */
export async function send(
  url: string,
  path: string,
  { method = "GET", headers = {}, body }: SendOptions = {},
): Promise<Reply> {
  const req = request(url + path, { method, headers, agent: false });
  req.end(body);
  const [res] = (await once(req, "response")) as [IncomingMessage];
  return {
    status: res.statusCode as number,
    headers: res.headers,
    rawHeaders: res.rawHeaders,
    body: await text(res),
  };
}

/** A raw connection that keeps all it received. */
export async function open(port: number): Promise<Socket & { received: () => string }> {
  const socket = connect(port, "127.0.0.1");
  const chunks: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => chunks.push(chunk));
  socket.on("error", () => {});
  await once(socket, "connect");
  return Object.assign(socket, { received: () => Buffer.concat(chunks).toString("latin1") });
}

/** Waits until a condition holds, looking again on each turn of the event loop. The test's own limit bounds it. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 1));
}

/** Requests under way at all instances of a gateway. */
export function inFlight(gateway: Gateway): number {
  return Object.values(gateway.snapshot().services)
    .flatMap(({ instances }) => Object.values(instances))
    .reduce((sum, { inFlight: count }) => sum + count, 0);
}
