import { once } from "node:events";
import { createServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import type { TestCertificate } from "../certificates.js";
import { bodyOf } from "../hostile/bodies.js";
import type { HostileInstance } from "../hostile/hostile-instance.js";
import type { Visits } from "../hostile/visits.js";

/** Requests of ten that are the last on their connection. */
const LAST = /[05]$/;

/** An instance over TLS that answers right, and does not keep its connections for long. */
export async function startTlsInstance(
  visits: Visits,
  { cert, key }: TestCertificate,
): Promise<HostileInstance> {
  const sockets = new Set<Socket>();
  const server = createServer({ cert, key, keepAliveTimeout: 60_000 }, (req, res) => {
    const { method = "", url = "" } = req;
    const [, , , id = "", length = ""] = url.split("/");
    visits.add(id, method, url);
    if (LAST.test(id)) res.shouldKeepAlive = false;
    res.writeHead(200, { "x-id": id, "x-length": length, "content-length": length });
    res.end(bodyOf(id, Number(length)));
  });
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  server.on("tlsClientError", () => {});
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    sockets,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
