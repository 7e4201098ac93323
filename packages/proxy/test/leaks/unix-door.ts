import { once } from "node:events";
import { createServer } from "node:http";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Proxy } from "@signalbox/proxy";

/**
 * A server on a Unix socket before a proxy. Between the two ends of such a socket fits little, where TCP takes megabytes
 * for a client that does not read.
 */
export interface UnixDoor {
  readonly socketPath: string;
  readonly sockets: ReadonlySet<Socket>;
  /** The sockets of requests under way, by what was asked for. */
  readonly byUrl: ReadonlyMap<string, Socket>;
  close(): Promise<void>;
}

export async function openUnixDoor(proxy: Proxy): Promise<UnixDoor> {
  const sockets = new Set<Socket>();
  const byUrl = new Map<string, Socket>();
  const server = createServer((req, res) => {
    const { url = "", socket } = req;
    byUrl.set(url, socket);
    socket.on("close", () => byUrl.delete(url));
    proxy.handle(req, res);
  });
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  const socketPath = path.join(tmpdir(), `signalbox-leaks-${process.pid}.sock`);
  server.listen(socketPath);
  await once(server, "listening");
  return {
    socketPath,
    sockets,
    byUrl,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
