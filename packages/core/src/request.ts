/** A value that a policy learnt about a request (a claim, a tenant). */
export type Fact =
  string | number | boolean | null | readonly Fact[] | { readonly [name: string]: Fact };

/** Header fields by lower-case name; several lines of one name as an array. */
export type HeaderRecord = { readonly [name: string]: string | readonly string[] | undefined };

interface RequestViewBase {
  /** Request method, case-sensitive as in RFC 9110 section 9.1. */
  readonly method: string;
  /** Request target as received: origin-form, absolute-form or `*` (RFC 9112 section 3.2). */
  readonly url: string;
  /** Version of HTTP that the client speaks, as Node says it: `1.0`, `1.1` or `2.0`. Default: unknown. */
  readonly httpVersion?: string | undefined;
  /** Scheme of the socket. Default: `http`. */
  readonly protocol?: "http" | "https" | undefined;
  /** Address of the peer of the socket. Default: unknown, which no address condition takes. */
  readonly remoteAddress?: string | undefined;
  /**
   * How many addresses of the way that the request came are trusted, counted from the peer: 0 for none, 1 for the peer, 2
   * for the one too that the peer names last in `X-Forwarded-For`. For a framework with a setting of its own; it holds in
   * place of `trustedProxies`. Default: `trustedProxies` says it.
   */
  readonly trustedHops?: number | undefined;
  /** Port at which the socket was accepted. Default: unknown. */
  readonly localPort?: number | undefined;
  /** Plain data that policies learnt about the request. Default: none. */
  readonly facts?: { readonly [name: string]: Fact } | undefined;
}

/**
 * A plain, read-only picture of a request: all that routing may know.
 *
 * Headers come either as a record of lower-case names, or as `rawHeaders` in the flat form of Node
 * (name, value, name, value), which keeps order, case and repeated lines.
 *
 * @example
 * const view: RequestView = { method: "GET", url: "/products/42?color=red", headers: { host: "api.shop.com" } };
 */
export type RequestView = RequestViewBase &
  (
    | { readonly headers?: HeaderRecord; readonly rawHeaders?: never }
    | { readonly rawHeaders: readonly string[]; readonly headers?: never }
  );

/** A request after its target and host were checked and brought into one form. Made by the match stage. */
export class ParsedRequest {
  readonly kind = "parsed";

  constructor(
    readonly view: RequestView,
    /** The canonical path (design: one path), or `*`. */
    readonly path: string,
    /** Whether the path holds `%` or `*`, which the tree must not see. */
    readonly oddPath: boolean,
    /** Whether a segment of the path is empty, so that a parameter may find no text. */
    readonly hasEmptySegment: boolean,
    /** Query with its `?`, as received; empty when there is none. */
    readonly query: string,
    /** Path with query. */
    readonly target: string,
    /** Host in lower case, without port and final dot; empty when the request names none. */
    readonly host: string,
    /** Host with port, as it will be forwarded. */
    readonly authority: string,
    readonly protocol: "http" | "https",
    /** Port of the authority; 0 when it names none. */
    readonly port: number,
    /** Address of the client, worked out from trusted proxies; empty when unknown. */
    readonly clientAddress: string,
    /** Whether the peer of the socket is one of the trusted proxies. */
    readonly peerTrusted: boolean,
    /** Address of the peer of the socket; empty when unknown. */
    readonly peerAddress: string,
    /** Host that the client named, as `Forwarded` of trusted proxies says; empty when none is told or asked. */
    readonly forwardedHost: string,
  ) {}

  /** The same request with the view that has come to know more facts. */
  withFactsOf(view: RequestView): ParsedRequest {
    return Object.assign(Object.create(ParsedRequest.prototype) as ParsedRequest, this, { view });
  }
}

/**
 * Value of a header; several lines of one name joined with `,`. Undefined when absent. Ignores the case of names.
 *
 * @param name in lower case
 * @param usual the spelling that most clients send, when it is known: it is compared faster
 */
export function headerOf(view: RequestView, name: string, usual = name): string | undefined {
  const raw = view.rawHeaders;
  if (raw === undefined) return headerOfRecord(view.headers, name);
  let found: string | undefined;
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const given = raw[i] as string;
    if (given.length === name.length && (given === usual || isNamed(given, name))) {
      found =
        found === undefined ? (raw[i + 1] as string) : joinLines(found, raw[i + 1] as string, name);
    }
  }
  return found;
}

/** All lines of a header. Ignores the case of names. */
export function linesOf(view: RequestView, name: string): readonly string[] {
  const raw = view.rawHeaders;
  if (raw === undefined) {
    const value = ownHeader(view.headers, name);
    if (value === undefined) return [];
    return typeof value === "string" ? [value] : value;
  }
  const lines: string[] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) {
    if (isNamed(raw[i] as string, name)) lines.push(raw[i + 1] as string);
  }
  return lines;
}

/** Calls back for each header line in order. Names have the case in which they came. */
export function eachHeader(view: RequestView, visit: (name: string, value: string) => void): void {
  const raw = view.rawHeaders;
  if (raw !== undefined) {
    for (let i = 0; i + 1 < raw.length; i += 2) visit(raw[i] as string, raw[i + 1] as string);
    return;
  }
  const record = view.headers;
  if (record === undefined) return;
  for (const name of Object.keys(record)) {
    const value = record[name];
    if (value === undefined) continue;
    if (typeof value === "string") visit(name, value);
    else for (const line of value) visit(name, line);
  }
}

/**
 * Value of a cookie, as it stands: nothing is decoded, quotes are part of it, the first of a name counts.
 * Undefined when absent. Source: RFC 6265 section 4.2.1.
 *
 * @param start `cookieStart` of the name
 */
export function cookieOf(
  view: RequestView,
  name: string,
  start = cookieStart(name),
): string | undefined {
  const header = start === "" ? undefined : headerOf(view, "cookie", "Cookie");
  if (header === undefined) return undefined;
  for (let at = header.indexOf(start); at !== -1; at = header.indexOf(start, at + 1)) {
    if (!beginsPair(header, at)) continue;
    const from = at + start.length;
    let end = header.indexOf(";", from);
    if (end === -1) end = header.length;
    while (end > from && isBlank(header.charCodeAt(end - 1))) end--;
    return header.slice(from, end);
  }
  return undefined;
}

/** How a cookie of a name stands in a header; empty when no cookie can have that name. */
export function cookieStart(name: string): string {
  return /^[ \t]|[;=]/.test(name) ? "" : `${name}=`;
}

// Whether only blanks stand between here and the `;` before it, or the start.
function beginsPair(header: string, at: number): boolean {
  let before = at - 1;
  while (before >= 0 && isBlank(header.charCodeAt(before))) before--;
  return before < 0 || header.charCodeAt(before) === 59;
}

/** Parameters of a query past this number are not looked at: a bound on what a client can make us read. */
export const MAX_QUERY_PARAMETERS = 1_000;

/**
 * First value of a query parameter, percent-decoded with `+` as a space. Undefined when absent.
 * An escape that is no UTF-8 is left as it stands.
 */
export function queryValueOf(query: string, name: string): string | undefined {
  let from = 1;
  for (let count = 0; from < query.length && count < MAX_QUERY_PARAMETERS; count++) {
    let end = query.indexOf("&", from);
    if (end === -1) end = query.length;
    const equals = indexWithin(query, 61, from, end);
    if (isQueryName(query, from, equals, name))
      return decodeQuery(query.slice(Math.min(equals + 1, end), end));
    from = end + 1;
  }
  return undefined;
}

/**
 * The method that a preflight asks for; undefined when the request is none.
 *
 * Source: Fetch standard, CORS-preflight request.
 */
export function preflightMethod(view: RequestView): string | undefined {
  if (view.method !== "OPTIONS") return undefined;
  const [asked, ...others] = linesOf(view, "access-control-request-method");
  if (asked === undefined || asked === "" || others.length > 0) return undefined;
  return linesOf(view, "origin").length > 0 ? asked : undefined;
}

/** A fact as text; undefined for facts that are not text, numbers or booleans, as if they were absent. */
export function factOf(view: RequestView, name: string): string | undefined {
  const facts = view.facts;
  const fact = facts !== undefined && Object.hasOwn(facts, name) ? facts[name] : undefined;
  if (typeof fact === "string") return fact;
  return typeof fact === "number" || typeof fact === "boolean" ? String(fact) : undefined;
}

function isQueryName(query: string, from: number, to: number, name: string): boolean {
  if (to - from === name.length) {
    // Equal length: either the same text, or an escape is in it and it cannot be this name unless "+" stands for a space.
    if (query.startsWith(name, from)) return !hasEscape(name) || decodeQuery(name) === name;
    return indexWithin(query, 43, from, to) < to && decodeQuery(query.slice(from, to)) === name;
  }
  if (to - from < name.length) return false;
  return indexWithin(query, 37, from, to) < to && decodeQuery(query.slice(from, to)) === name;
}

// Where a character stands in [from, to), or `to`. A search of the whole text would be as slow as a client likes.
function indexWithin(text: string, code: number, from: number, to: number): number {
  for (let i = from; i < to; i++) if (text.charCodeAt(i) === code) return i;
  return to;
}

// Names and values are short: a loop is faster than two searches.
function hasEscape(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 37 || code === 43) return true;
  }
  return false;
}

/** A name or value of a query, percent-decoded with `+` as a space. */
export function decodeQuery(text: string): string {
  if (!hasEscape(text)) return text;
  const spaced = text.replaceAll("+", " ");
  try {
    return decodeURIComponent(spaced);
  } catch {
    return spaced;
  }
}

function isNamed(given: string, name: string): boolean {
  if (given.length !== name.length) return false;
  // A loop, not toLowerCase: that makes a string for every name of the same length.
  for (let i = 0; i < name.length; i++) {
    const code = given.charCodeAt(i);
    const wanted = name.charCodeAt(i);
    if (code !== wanted && !(code >= 65 && code <= 90 && code + 32 === wanted)) return false;
  }
  return true;
}

function isBlank(code: number): boolean {
  return code === 32 || code === 9;
}

/** Joins header lines: cookies are one list of pairs (RFC 9113 section 8.2.3), all others get a plain comma. */
export function joinLines(first: string, next: string, name: string): string {
  return name === "cookie" ? `${first}; ${next}` : `${first},${next}`;
}

function ownHeader(
  record: HeaderRecord | undefined,
  name: string,
): string | readonly string[] | undefined {
  return record !== undefined && Object.hasOwn(record, name) ? record[name] : undefined;
}

function headerOfRecord(record: HeaderRecord | undefined, name: string): string | undefined {
  const value = ownHeader(record, name);
  if (value === undefined || typeof value === "string") return value;
  if (value.length === 0) return undefined;
  return value.reduce((joined, line) => joinLines(joined, line, name));
}
