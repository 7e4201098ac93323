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
