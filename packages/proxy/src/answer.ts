import type { ServerResponse } from "node:http";
import { takesTrailers } from "./extras.js";
import type { Headers } from "./head-record.js";
import type { Http2Reply, NodeResponse } from "./http2-reply.js";
import { passedTrailers, trailerNames } from "./trailers.js";
import type { ServerRequest } from "./view.js";

/** A response as the proxy writes it. */
export type ServerReply = ServerResponse | Http2Reply;

/** Bodies up to this size are read to their end behind an answer of our own, so that the connection lives on. */
const DRAIN_BYTES = 65_536;

/** Bodies up to this size are copied to go out together with their head. */
const ONE_WRITE_BYTES = 4_096;

/** Whether a response goes out on HTTP/1. */
export function isHttp1(res: ServerReply): res is ServerResponse {
  return res.req.httpVersionMajor < 2;
}

/**
 * Writes a head. Headers are flat: name, value, name, value. They go before those that the host has set, but for cookies
 * and what a response varies by: those of both go out.
 */
export function writeHead(res: ServerReply, status: number, headers: string[]): void {
  if (isHttp1(res)) {
    addHostField(res, "set-cookie", headers);
    addHostField(res, "vary", headers);
  } else addHostFields(res, headers);
  res.writeHead(status, headers);
}

// Over HTTP/2 Node does not merge what the host has set.
function addHostFields({ response }: Http2Reply, headers: string[]): void {
  const names = response.getHeaderNames();
  if (names.length === 0) return;
  const taken = new Set(headers.filter((_, i) => i % 2 === 0).map((name) => name.toLowerCase()));
  for (const name of names)
    if (!taken.has(name) || name === "set-cookie" || name === "vary")
      addHostField(response, name, headers);
}

function addHostField(res: Pick<NodeResponse, "getHeader">, name: string, headers: string[]): void {
  const value = res.getHeader(name);
  if (value === undefined) return;
  for (const line of [value].flat()) headers.push(name, String(line));
}

/** Answers a request without an instance. What is left of its body is read up to a bound, or the connection closed. */
export function answer(
  req: ServerRequest,
  res: ServerReply,
  status: number,
  headers: string[],
  body: string | Buffer,
): void {
  if (res.destroyed || res.headersSent) return;
  if (!canDrain(req)) closeAfter(res);
  try {
    answerWith(req, res, status, headers, typeof body === "string" ? Buffer.from(body) : body);
  } catch {
    // A host that stands between failed: nobody waits for what cannot be written.
    res.destroy();
  }
}

function answerWith(
  req: ServerRequest,
  res: ServerReply,
  status: number,
  headers: string[],
  bytes: Buffer,
): void {
  // 204 and 304 have no body, and no length of one (RFC 9110 section 8.6); 205 has one of none (section 15.3.6).
  const isBodyless = status === 204 || status === 304;
  const length = status === 205 ? 0 : bytes.length;
  writeHead(res, status, isBodyless ? headers : [...headers, "content-length", String(length)]);
  endBody(res, isBodyless || length === 0 || req.method === "HEAD" ? undefined : bytes);
}

/** Writes a part of a body; false when the client has to catch up first. */
export function writeBody(res: ServerReply, chunk: Buffer): boolean {
  return res.write(chunk);
}

/**
 * Ends a body, with its last part if there is one. Trailers go to clients that take them: over HTTP/2 all do, over
 * HTTP/1.1 those that said so, and the body has to be chunked.
 */
export function endBody(res: ServerReply, last: Buffer | undefined, trailers?: Headers): void {
  const passed = passedTrailers(trailers);
  if (!isHttp1(res)) {
    res.end(last, passed);
    return;
  }
  if (passed !== undefined && res.chunkedEncoding && takesTrailers(res.req))
    for (let i = 0; i < passed.length; i += 2)
      res.addTrailers([[passed[i] as string, passed[i + 1] as string]]);
  if (last === undefined) res.end();
  // As one string with the head it goes out in one simple write: two parts would cost twice as much.
  else if (last.length <= ONE_WRITE_BYTES) res.end(last.toString("latin1"), "latin1");
  else res.end(last);
}

/** Announces the trailers that an instance announced, to a client that will get them. */
export function announceTrailers(res: ServerReply, upstream: Headers, headers: string[]): void {
  const names = trailerNames(upstream["trailer"]);
  if (names === undefined || upstream["content-length"] !== undefined) return;
  const { req } = res;
  if (req.httpVersion === "1.0" || !takesTrailers(req)) return;
  headers.push("trailer", names);
}

/** On a socket that closes behind the response that is being written. */
const CLOSES = Symbol("signalbox.closes");

interface Closable {
  [CLOSES]?: boolean;
}

/**
 * Ends the connection after this response, where connections are not shared by streams. What the client has sent behind
 * the request already is not looked at any more.
 *
 * Source: RFC 9112 section 9.6.
 */
export function closeAfter(res: ServerReply): void {
  if (!isHttp1(res)) return;
  res.shouldKeepAlive = false;
  (res.req.socket as Closable)[CLOSES] = true;
}

/** Whether a request stands behind one whose response closes the connection. */
export function comesTooLate({ socket }: ServerRequest): boolean {
  return (socket as Closable)[CLOSES] === true;
}

function canDrain(req: ServerRequest): boolean {
  if (req.complete || req.httpVersionMajor >= 2) return true;
  if (req.headers["transfer-encoding"] !== undefined) return false;
  return Number(req.headers["content-length"] ?? 0) <= DRAIN_BYTES;
}
