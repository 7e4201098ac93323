import { once } from "node:events";
import {
  connect,
  createSecureServer,
  createServer,
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type Http2SecureServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
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

/** What came of a request over HTTP/2. */
export interface Http2Answer {
  readonly headers: IncomingHttpHeaders;
  readonly trailers: IncomingHttpHeaders | undefined;
  /** Whether the head was the whole answer. */
  readonly isHeadOnly: boolean;
  readonly body: string;
  /** 0 unless the stream was reset. */
  readonly code: number;
}

export async function openHttp2(url: string, ca?: string): Promise<ClientHttp2Session> {
  const session = connect(url, ca === undefined ? {} : { ca });
  session.on("error", () => {});
  await once(session, "connect");
  return session;
}

/** Waits for the end of a stream, however it ends. */
export async function answerOf(stream: ClientHttp2Stream): Promise<Http2Answer> {
  let headers: IncomingHttpHeaders = {};
  let trailers: IncomingHttpHeaders | undefined;
  let isHeadOnly = false;
  const chunks: Buffer[] = [];
  stream
    .on("response", (head, flags) => {
      headers = head;
      isHeadOnly = (flags & 1) === 1;
    })
    .on("trailers", (fields) => (trailers = fields))
    .on("data", (chunk: Buffer) => chunks.push(chunk))
    .on("error", () => {});
  await new Promise((resolve) => stream.on("close", resolve));
  const body = Buffer.concat(chunks).toString();
  return { headers, trailers, isHeadOnly, body, code: stream.rstCode ?? 0 };
}

/** Sends a request over HTTP/2, on a connection of its own. */
export async function ask(
  url: string,
  headers: OutgoingHttpHeaders,
  body?: string | Buffer,
  ca?: string,
): Promise<Http2Answer> {
  const session = await openHttp2(url, ca);
  const stream = session.request(headers, { endStream: body === undefined });
  if (body !== undefined) stream.end(body);
  const answer = await answerOf(stream);
  session.destroy();
  return answer;
}
