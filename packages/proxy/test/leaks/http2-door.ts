import { once } from "node:events";
import {
  createSecureServer,
  createServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
} from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import type { Proxy } from "@signalbox/proxy";
import type { TestCertificate } from "../certificates.js";
import { Http2Clients } from "./http2-client.js";

/** A server for clients over HTTP/2 before a proxy, and those clients. */
export interface Http2Door {
  readonly url: string;
  readonly clients: Http2Clients;
  /** Sockets of clients. */
  readonly sockets: ReadonlySet<Socket>;
  close(): Promise<void>;
}

/** @param certificate with one it speaks TLS, else h2c */
export async function openDoor(proxy: Proxy, certificate?: TestCertificate): Promise<Http2Door> {
  const settings = { maxConcurrentStreams: 100 };
  const server =
    certificate === undefined
      ? createServer({ settings })
      : createSecureServer({ settings, cert: certificate.cert, key: certificate.key });
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  server.on("session", (session: ServerHttp2Session) => session.on("error", () => {}));
  server.on("request", (req: Http2ServerRequest, res: Http2ServerResponse) =>
    proxy.handle(req, res),
  );
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const url = `${certificate === undefined ? "http" : "https"}://127.0.0.1:${port}`;
  return {
    url,
    clients: new Http2Clients(url, certificate?.cert),
    sockets,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => void server.close(() => resolve()));
    },
  };
}
