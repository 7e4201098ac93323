import fc from "fast-check";
import type { RequestView } from "../../src/index.js";

/** Pieces of paths that have been read in two ways somewhere. */
const piece = fc.constantFrom(
  ...["/", "//", "\\", ".", "..", "a", "foo", "old", "evil.com", "@", ":", ";", "http:", "*", "+"],
  ...["%2f", "%2F", "%5c", "%2e", "%2E", "%252f", "%00", "%0d%0a", "%09", "%40", "%3a", "%ff", "%"],
  ...["%61", "%C3%A9", "é", " ", "\t", "\n", "\r", "\u0000", "\u007f", "#", "|", "[", "\ud800"],
);
const pieces = fc.array(piece, { maxLength: 8 }).map((list) => list.join(""));
/** Any text at all. */
const anyText = fc.string({ unit: "binary", maxLength: 12 });
/** A path, well formed or not. */
export const path = fc.oneof(
  pieces.map((rest) => `/${rest}`),
  pieces.map((rest) => `/old/${rest}`),
  pieces.map((rest) => `/old${rest}`),
  pieces.map((rest) => `//evil.com/${rest}`),
  pieces.map((rest) => `/\\evil.com${rest}`),
  pieces,
  anyText.map((rest) => `/old/${rest}`),
);
const query = fc.oneof(
  fc.constant(""),
  pieces.map((rest) => `?${rest}`),
);
/** What RFC 3986 section 3.4 allows in a query. */
export const lawfulQuery = fc
  .array(
    fc.constantFrom(
      ..."a1&=/?+;:@,!$'()*-_~",
      ...["//", "..", "%2f", "%2F", "%61", "%00", "%0A", "%ff", "%2e%2e"],
    ),
    { maxLength: 8 },
  )
  .map((list) => `?${list.join("")}`);
/** A path with or without a query. */
export const target = fc.tuple(path, query).map(([before, after]) => before + after);

const headerName = fc.oneof(
  fc.constantFrom("host", "Host", "cookie", "Cookie", "connection", "x-a", "X-A", "x-b"),
  fc.constantFrom("__proto__", "constructor", "x-forwarded-for", "x-forwarded-proto", "origin"),
  anyText,
);
const headerValue = fc.oneof(
  fc.constantFrom("a.test", "A.test:80", "c=d; c=e", 'c="', "[::1", "1", "aaa", ", ,", "::1"),
  anyText,
);
/** A request of any bytes in any place. */
export const anyView: fc.Arbitrary<RequestView> = fc
  .record({
    method: fc.oneof(fc.constantFrom("GET", "OPTIONS", "CONNECT", "*", ""), anyText),
    url: fc.oneof(
      target,
      anyText,
      target.map((rest) => `http://a.test${rest}`),
      anyText.map((rest) => `http://${rest}/p`),
      fc.constantFrom("*", "", "http://", "http:", "https://[", "a.test:443", "?"),
    ),
    remoteAddress: fc.option(fc.oneof(fc.constantFrom("10.1.2.3", "::1"), anyText), {
      nil: undefined,
    }),
    fields: fc.array(fc.tuple(headerName, headerValue), { maxLength: 6 }),
    raw: fc.boolean(),
  })
  .map(({ fields, raw, ...rest }) =>
    raw ? { ...rest, rawHeaders: fields.flat() } : { ...rest, headers: Object.fromEntries(fields) },
  );
