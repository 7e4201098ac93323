import type { HeaderChanges } from "../decision.js";
import { eachHeader, headerOf, joinLines, type RequestView } from "../request.js";
import { fieldText, foldedName, spellingOf } from "./field-text.js";
import { isAliasOf, namesIn, removeHeaders } from "./header-changes.js";
import { isHopByHop, nominatedNames } from "./hop-by-hop.js";

// What becomes of a field of the client.
const KEEP = 0;
const DROP = 1;
const LENGTH = 2;
const CONNECTION = 3;
const COOKIE = 4;
/** Kept, unless it is another spelling of a name that the configuration changes. */
const ODD = 5;

/** Fields that the gateway writes itself: the client's own copies never pass, under whatever spelling. */
const OWNED: ReadonlySet<string> = new Set([
  "host",
  "expect",
  "forwarded",
  "x-forwarded-for",
  "x-forwarded-proto",
  "x-forwarded-host",
  "x-forwarded-port",
  "x-real-ip",
]);

const COMMON_NAMES = [
  "Host",
  "Connection",
  "User-Agent",
  "Accept",
  "Accept-Encoding",
  "Accept-Language",
  "Authorization",
  "Cache-Control",
  "Content-Length",
  "Content-Type",
  "Cookie",
  "If-Modified-Since",
  "If-None-Match",
  "Origin",
  "Pragma",
  "Range",
  "Referer",
  "Transfer-Encoding",
  "X-Forwarded-For",
  "X-Forwarded-Proto",
  "X-Forwarded-Host",
  "X-Request-Id",
  "X-Requested-With",
  "traceparent",
];

// Lower-casing each name of each request costs more than the rest of the loop: the usual names are looked up as they stand.
const COMMON: ReadonlyMap<string, number> = new Map(
  COMMON_NAMES.flatMap((name) =>
    [name, name.toLowerCase()].map((spelling) => [spelling, classify(name)] as const),
  ),
);

function classify(name: string): number {
  const spelling = spellingOf(name);
  // The pseudo-fields of HTTP/2, which begin with a colon, are none either.
  if (spelling === "none") return DROP;
  const lowerName = name.toLowerCase();
  if (lowerName === "content-length") return LENGTH;
  if (lowerName === "connection") return CONNECTION;
  if (lowerName === "cookie") return COOKIE;
  if (isHopByHop(lowerName)) return DROP;
  if (spelling === "plain") return OWNED.has(lowerName) ? DROP : KEEP;
  const folded = foldedName(lowerName);
  return OWNED.has(folded) || isHopByHop(folded) || folded === "content-length" ? DROP : ODD;
}

/**
 * Copies the fields of a client to a flat list in their order and case: without those of its connection, those that its
 * `Connection` names and those that the gateway writes itself. Several lines of cookies become one, as HTTP/1 wants them.
 *
 * @param changes names of theirs do not pass in other spellings
 * @param areChecked whether no value needs to be looked at
 *
 * Source: RFC 9110 section 7.6.1, RFC 9113 section 8.2.3.
 */
export function copyRequestFields(
  view: RequestView,
  changes: readonly HeaderChanges[],
  headers: string[],
  areChecked = false,
): void {
  const raw = view.rawHeaders ?? flatOf(view);
  let connection: string | undefined;
  let cookieAt = -1;
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] as string;
    const value = raw[i + 1] as string;
    const kind = COMMON.get(name) ?? classify(name);
    if (kind === DROP) continue;
    const text = areChecked ? value : fieldText(value);
    if (kind === CONNECTION) {
      connection = connection === undefined ? value : `${connection},${value}`;
    } else if (kind === COOKIE && cookieAt !== -1) {
      headers[cookieAt] = joinLines(headers[cookieAt] as string, text, "cookie");
    } else if (
      (kind !== LENGTH || !isChunked(view)) &&
      (kind !== ODD || !isAliasOf(name, namesIn(changes)))
    ) {
      const length = headers.push(name, text);
      if (kind === COOKIE) cookieAt = length - 1;
    }
  }
  const nominated = nominatedNames(connection);
  if (nominated !== undefined) removeHeaders(headers, nominated);
}

function flatOf(view: RequestView): readonly string[] {
  const flat: string[] = [];
  eachHeader(view, (name, value) => flat.push(name, value));
  return flat;
}

function isChunked(view: RequestView): boolean {
  return headerOf(view, "transfer-encoding") !== undefined;
}
