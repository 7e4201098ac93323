import type { IncomingHttpHeaders, OutgoingHttpHeaders } from "node:http2";
import type { Headers } from "./head-record.js";
import type { OutgoingRequest } from "./slot.js";

/** The head of a request in the form of HTTP/2. Source: RFC 9113 sections 8.2 and 8.3.1. */
export function http2Head(
  { method, path, headers, extras, body }: OutgoingRequest,
  scheme: string,
  authority: string,
): OutgoingHttpHeaders {
  const head = Object.create(null) as Record<string, string>;
  head[":method"] = method;
  head[":scheme"] = scheme;
  head[":authority"] = authority;
  head[":path"] = path;
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const name = (headers[i] as string).toLowerCase();
    const value = headers[i + 1] as string;
    const before = head[name];
    if (name === "host") head[":authority"] = value;
    else if (before === undefined) head[name] = value;
    else head[name] = name === "cookie" ? `${before}; ${value}` : `${before}, ${value}`;
  }
  if (extras === undefined) return head;
  if (extras.takesTrailers) head["te"] = "trailers";
  if (body !== null && extras.announced !== undefined) head["trailer"] = extras.announced;
  if (body !== null && extras.expectsContinue) head["expect"] = "100-continue";
  return head;
}

/** Whether a value holds what none may. Node leaves that to the other side. Source: RFC 9110 section 5.5. */
export function isUnsendable(headers: readonly string[]): boolean {
  for (let i = 1; i < headers.length; i += 2)
    if (/[^\t\u0020-\u007e\u0080-\u00ff]/.test(headers[i] as string)) return true;
  return false;
}

/** The fields of a head or of trailers that came, without those that are no fields of HTTP. */
export function fieldsOf(headers: IncomingHttpHeaders): Headers {
  const fields = Object.create(null) as Headers;
  // Not those under symbols: Node keeps notes there.
  for (const name in headers) if (name.charCodeAt(0) !== 58) fields[name] = headers[name];
  return fields;
}

/**
 * Fields that have one value. Node sends no second line of any of them over HTTP/2, and gives the whole head up; over
 * HTTP/1 it reads the first one.
 */
const SINGLE: ReadonlySet<string> = new Set([
  ...["access-control-allow-credentials", "access-control-max-age", "age", "authorization"],
  ...["access-control-request-method", "content-length", "content-location", "content-md5"],
  ...["content-range", "content-type", "date", "dnt", "etag", "expires", "from", "host"],
  ...["if-modified-since", "if-range", "if-unmodified-since", "last-modified", "location"],
  ...["max-forwards", "proxy-authorization", "range", "referer", "retry-after", "tk"],
  ...["upgrade-insecure-requests", "user-agent", "x-content-type-options"],
]);

/** Lists that Node takes for single values all the same. Source: RFC 9110 sections 8.4, 8.5 and 13.1. */
const LISTS: ReadonlySet<string> = new Set([
  ...["content-encoding", "content-language", "if-match", "if-none-match"],
]);

type Lines = Record<string, string | string[]>;

/** The fields of an answer in the form of HTTP/2. Headers are flat: name, value, name, value. */
export function http2Lines(headers: readonly string[]): Lines {
  const lines = linesOf(headers, togetherInHead);
  // Fields of one connection have no place here (RFC 9113 section 8.2.2).
  delete lines["connection"];
  return lines;
}

/**
 * Trailers in the form of HTTP/2. Several lines of one name become one, which says the same (RFC 9110 section 5.3): Node
 * asks for them where nobody catches what it throws. Those of gRPC that are no text have to be lines of their own, and
 * no name of theirs is one that Node looks at.
 */
export function http2Trailers(flat: readonly string[]): Lines {
  return linesOf(flat, togetherInTrailers);
}

type Together = (name: string, before: string | string[], value: string) => string | string[];

function linesOf(flat: readonly string[], together: Together): Lines {
  const lines = Object.create(null) as Lines;
  for (let i = 0; i + 1 < flat.length; i += 2) {
    const name = (flat[i] as string).toLowerCase();
    const value = flat[i + 1] as string;
    const before = lines[name];
    lines[name] = before === undefined ? value : together(name, before, value);
  }
  return lines;
}

const togetherInHead: Together = (name, before, value) => {
  if (SINGLE.has(name)) return before;
  return LISTS.has(name) ? `${String(before)}, ${value}` : [before, value].flat();
};

const togetherInTrailers: Together = (name, before, value) =>
  name.endsWith("-bin") ? [before, value].flat() : `${String(before)}, ${value}`;
