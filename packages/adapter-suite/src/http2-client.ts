import { once } from "node:events";
import {
  connect,
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type IncomingHttpHeaders,
  type IncomingHttpStatusHeader,
} from "node:http2";

/** A whole response over HTTP/2. */
export interface Http2Got {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly trailers: IncomingHttpHeaders;
  /** Code that the stream was closed with: 0 where it ended well. */
  readonly code: number;
}

/** A connection over HTTP/2, in the clear or over TLS as the URL says. */
export async function connectHttp2(url: string): Promise<ClientHttp2Session> {
  // The certificate of a test is signed by nobody.
  const session = connect(url, { rejectUnauthorized: false });
  await once(session, "connect");
  return session.on("error", () => {});
}

/** Reads the whole response of a stream, also of one that is cut. */
export async function answerOf(stream: ClientHttp2Stream): Promise<Http2Got> {
  let headers: IncomingHttpHeaders & IncomingHttpStatusHeader = {};
  let trailers: IncomingHttpHeaders = {};
  const parts: Buffer[] = [];
  const closed = new Promise((resolve) => stream.once("close", resolve));
  stream
    .on("response", (given) => (headers = given))
    .on("trailers", (given) => (trailers = given))
    .on("data", (part: Buffer) => parts.push(part))
    .on("error", () => {});
  await closed;
  const body = Buffer.concat(parts);
  return { status: headers[":status"], headers, body, trailers, code: stream.rstCode };
}
