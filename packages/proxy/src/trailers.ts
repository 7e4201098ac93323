import type { Headers } from "./head-record.js";

/**
 * Fields that change what a message is, where it goes or who sent it: as trailers they come too late to be looked at,
 * and somebody may merge them into the head all the same.
 *
 * Source: RFC 9110 section 6.5.1.
 */
const FORBIDDEN: ReadonlySet<string> = new Set([
  ...["transfer-encoding", "connection", "keep-alive", "proxy-connection", "upgrade", "te"],
  ...["trailer", "host", "http2-settings", "max-forwards", "expect", "forwarded", "via"],
  ...["authorization", "proxy-authorization", "proxy-authenticate", "www-authenticate"],
  ...["authentication-info", "proxy-authentication-info", "cookie", "set-cookie"],
  ...["cache-control", "expires", "date", "location", "retry-after", "vary", "age", "warning"],
  ...["range", "if-match", "if-none-match", "if-modified-since", "if-unmodified-since", "if-range"],
]);

/** Whether a field may stand behind a body. `_` counts as `-`, because many servers read the two as one. */
export function isTrailer(name: string): boolean {
  const folded = name.toLowerCase().replaceAll("_", "-");
  if (folded === "" || folded.startsWith(":") || FORBIDDEN.has(folded)) return false;
  return !/^(content-|x-forwarded-|x-real-ip$|access-control-)/.test(folded);
}

/** Those of the announced names that may be trailers; undefined when there is none. */
export function trailerNames(announced: string | string[] | undefined): string | undefined {
  if (announced === undefined) return undefined;
  const names = String(announced)
    .split(",")
    .map((name) => name.trim())
    .filter((name) => /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name) && isTrailer(name));
  return names.length === 0 ? undefined : names.join(", ");
}

/** The trailers that are passed on, flat; undefined for none. */
export function passedTrailers(trailers: Headers | undefined): string[] | undefined {
  let passed: string[] | undefined;
  for (const name in trailers) {
    const value = trailers[name];
    if (value === undefined || !isTrailer(name)) continue;
    for (const line of typeof value === "string" ? [value] : value) {
      if (isClean(line)) (passed ??= []).push(name, line);
    }
  }
  return passed;
}

// llhttp and nghttp2 let none through; what is written here must hold without them.
function isClean(value: string): boolean {
  return !/[\u0000-\u0008\u000a-\u001f\u007f]/.test(value);
}
