import { once } from "node:events";
import { Agent, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Backend } from "../../backend.ts";

/** A proxy in Node: starts in this process and answers the port that it listens at. */
export interface ProxySubject {
  listen(backend: Backend): Promise<number>;
}

/** Connections to one backend at a time: what Signalbox allows by default, so that nobody waits for one. */
export const CONNECTIONS = 256;

/** Starts a server on a free port of the loopback address. Idle connections of clients stay, as they do in nginx here. */
export async function listenOn(server: Server): Promise<number> {
  server.keepAliveTimeout = 600_000;
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

/** Kept connections for proxies that are built on Node's own client: without them they would connect each time. */
export function keptConnections(): Agent {
  return new Agent({ keepAlive: true, maxSockets: CONNECTIONS, maxFreeSockets: CONNECTIONS });
}
