import { once } from "node:events";
import {
  createSecureServer,
  createServer,
  type Http2SecureServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
  type ServerOptions,
} from "node:http2";
import type { AddressInfo } from "node:net";
import type { TestCertificate } from "./certificates.js";

type OnStream = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void;

/** An HTTP/2 server of a test on a free port of loopback: over TLS with a certificate, else h2c. */
export interface Http2TestServer {
  readonly server: Http2Server | Http2SecureServer;
  readonly url: string;
  readonly port: number;
  /** Those that are open. */
  readonly sessions: Set<ServerHttp2Session>;
  close(): Promise<void>;
}

export async function startHttp2(
  onStream: OnStream | undefined,
  certificate?: TestCertificate,
  options: ServerOptions & { readonly allowHTTP1?: boolean } = {},
): Promise<Http2TestServer> {
  const server =
    certificate === undefined
      ? createServer(options)
      : createSecureServer({ ...options, cert: certificate.cert, key: certificate.key });
  const sessions = new Set<ServerHttp2Session>();
  server.on("session", (session: ServerHttp2Session) => {
    sessions.add(session);
    session.on("error", () => {}).on("close", () => sessions.delete(session));
  });
  if (onStream !== undefined)
    server.on("stream", (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
      stream.on("error", () => {});
      onStream(stream, headers);
    });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const scheme = certificate === undefined ? "http" : "https";
  return {
    server,
    url: `${scheme}://127.0.0.1:${port}`,
    port,
    sessions,
    close: async () => {
      for (const session of sessions) session.destroy();
      await new Promise<void>((resolve) => void server.close(() => resolve()));
    },
  };
}
