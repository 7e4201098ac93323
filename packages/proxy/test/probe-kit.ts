import { once } from "node:events";
import { createServer, type Server } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { createGateway, type Gateway, type GatewayChange } from "@signalbox/core";
import { onTestFinished } from "vitest";
import { createProxy } from "../src/index.js";
import { until } from "./kit.js";

/** A server that has nothing but connections, on a free port of loopback. It closes behind the test. */
export async function startTcp(onConnection = (socket: Socket): unknown => socket.resume()) {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {}).on("close", () => sockets.delete(socket));
    onConnection(socket);
  });
  const port = await listen(server);
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return { url: `http://127.0.0.1:${port}`, port, sockets };
}

async function listen(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

/** Resolves with the next change of a kind at a gateway. */
export function next(gateway: Gateway, ...kinds: GatewayChange["kind"][]): Promise<GatewayChange> {
  return new Promise((resolve) => {
    const stop = gateway.onChange((change) => {
      if (!kinds.includes(change.kind)) return;
      stop();
      resolve(change);
    });
  });
}

export interface ProbeOptions {
  readonly connect?: object;
  readonly socketPath?: string;
  /** What the instance has open. Nothing may be left of it behind the probe. */
  readonly open?: { readonly size: number };
}

/** What the first probe of an instance finds. */
export async function probe(
  url: string,
  rule: object,
  { connect = {}, socketPath, open }: ProbeOptions = {},
): Promise<string> {
  const instance = socketPath === undefined ? { url } : { url, socketPath };
  const gateway: Gateway = createGateway({
    services: { s: { instances: [instance], probe: { intervalMs: 60_000, ...rule }, connect } },
    routes: [{ to: "s" }],
  });
  const result = next(gateway, "passing", "failing");
  const proxy = createProxy(gateway);
  const { kind } = await result;
  if (open !== undefined) await until(() => open.size === 0);
  await proxy.close();
  return kind;
}
