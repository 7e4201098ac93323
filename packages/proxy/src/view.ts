import type { IncomingMessage } from "node:http";
import type { Http2ServerRequest } from "node:http2";
import type { RequestView } from "@signalbox/core";
import { ENCODING, LENGTH, marksOf } from "./request-marks.js";

/** A request as the servers of Node give it. */
export type ServerRequest = IncomingMessage | Http2ServerRequest;

const NOTHING: HostView = {};

/** What the host of a proxy adds to what a request itself says. */
export interface HostView extends Pick<RequestView, "facts" | "trustedHops"> {
  /** Target as the host routes it. Default: the `originalUrl` of the request, or its `url`. */
  readonly target?: string | undefined;
}

/** The request view of a request of Node. */
export function viewOf(req: ServerRequest, host: HostView = NOTHING): RequestView {
  if (req.httpVersionMajor >= 2) return http2View(req as Http2ServerRequest, host);
  const socket = req.socket as ServerRequest["socket"] & { readonly encrypted?: boolean };
  return {
    method: req.method as string,
    url: escapedBytes(targetOf(req, host)),
    rawHeaders: req.rawHeaders,
    httpVersion: req.httpVersion,
    protocol: socket.encrypted === true ? "https" : "http",
    remoteAddress: socket.remoteAddress,
    localPort: socket.localPort,
    facts: host.facts,
    trustedHops: host.trustedHops,
  };
}

function http2View(req: Http2ServerRequest, host: HostView): RequestView {
  const { session } = req.stream;
  // The socket of a connection that is gone can only be asked in vain.
  const socket = session === undefined || session.destroyed ? undefined : session.socket;
  return {
    method: req.method,
    url: escapedBytes(targetOf(req, host)),
    rawHeaders: withOneCookie(req.rawHeaders),
    protocol: session?.encrypted === true ? "https" : "http",
    remoteAddress: socket?.remoteAddress,
    localPort: socket?.localPort,
    facts: host.facts,
    trustedHops: host.trustedHops,
  };
}

// HTTP/2 may cut cookies into crumbs, which HTTP/1.1 knows not of. Source: RFC 9113 section 8.2.3.
function withOneCookie(raw: string[]): string[] {
  const first = raw.indexOf("cookie");
  if (first === -1 || raw.indexOf("cookie", first + 1) === -1) return raw;
  const joined: string[] = [];
  let at = -1;
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] as string;
    const value = raw[i + 1] as string;
    if (name === "cookie" && at !== -1) {
      joined[at] = `${joined[at] as string}; ${value}`;
      continue;
    }
    if (name === "cookie") at = joined.length + 1;
    joined.push(name, value);
  }
  return joined;
}

/** The target of a request as it came to the routes of its host. Express cuts the mount path off `url`: routes see all of it. */
export function targetOf(
  req: ServerRequest & { readonly originalUrl?: string },
  { target }: HostView,
): string {
  return target ?? req.originalUrl ?? (req.url as string);
}

// Node gives bytes of the target as latin1: each byte of the path is escaped as it came.
function escapedBytes(url: string): string {
  return /[\u0080-\u00ff]/.test(url) ? escapePathBytes(url) : url;
}

function escapePathBytes(url: string): string {
  const mark = url.indexOf("?");
  const path = mark === -1 ? url : url.slice(0, mark);
  const escaped = path.replace(
    /[\u0080-\u00ff]/g,
    (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return mark === -1 ? escaped : escaped + url.slice(mark);
}

/** Whether a request has a body that is still to come. */
export function hasBody(req: ServerRequest, marks = marksOf(req)): boolean {
  if (req.httpVersionMajor >= 2)
    return (
      !(req as Http2ServerRequest).stream.endAfterHeaders && req.headers["content-length"] !== "0"
    );
  return (marks & (ENCODING | LENGTH)) !== 0;
}

/** Why the framing of a request cannot be trusted, or is not spoken here; undefined when all is well. */
export interface FramingProblem {
  readonly status: 400 | 501;
  readonly detail: string;
}

/** Looks at the transfer codings of a request. Source: RFC 9112 section 6.1. */
export function framingProblem(
  req: ServerRequest,
  marks = marksOf(req),
): FramingProblem | undefined {
  if ((marks & ENCODING) === 0) return undefined;
  if (req.httpVersion === "1.0")
    return { status: 400, detail: "Transfer-Encoding in an HTTP/1.0 request" };
  // What is decoded as chunked only would go on as if nothing more had been done to it.
  const coding = req.headers["transfer-encoding"];
  return isChunkedAlone(coding)
    ? undefined
    : { status: 501, detail: `the transfer coding "${coding}" is not decoded here` };
}

/** Whether a list of transfer codings says `chunked` and nothing else. */
export function isChunkedAlone(codings: string | readonly string[] | undefined): boolean {
  return [codings ?? ""]
    .flat()
    .join(",")
    .split(",")
    .every((coding) => /^\s*(?:chunked)?\s*$/i.test(coding));
}
