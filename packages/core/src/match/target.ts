import { eachHeader, headerOf, linesOf, ParsedRequest, type RequestView } from "../request.js";
import { plainAddress, type AddressSet } from "./address.js";
import { clientAddressOf, firstAddresses } from "./client.js";
import { forwardedClient } from "./forwarded.js";
import { isPlainHost, parseHost } from "./host.js";
import { canonicalPath, isPlainTarget, type PathOptions } from "./path.js";

/** What parsing needs to know of the gateway's configuration. */
export interface ParseOptions {
  readonly path?: PathOptions;
  /** Undefined: no proxy is trusted. */
  readonly trustedProxies?: AddressSet;
  /** Undefined: none. */
  readonly limits?: RequestLimits;
  /** Whether `Forwarded` of trusted proxies is believed where they send no `X-Forwarded-For`. Default: false. */
  readonly forwarded?: boolean;
}

/** Limits of size of a request; infinite where there is none. */
export interface RequestLimits {
  readonly urlBytes: number;
  readonly headerBytes: number;
  readonly headerCount: number;
}

/** A request that cannot be routed at all, with the reason in words. */
export interface BadRequest {
  readonly kind: "bad";
  /** 400, or 405 for CONNECT, or 414 or 431 for what is too large. */
  readonly status: 400 | 405 | 414 | 431;
  readonly problem: string;
}

/** A token. Source: RFC 9110 sections 5.6.2 and 9.1. */
const METHOD = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/**
 * Checks target and host of a request and brings both into one form.
 *
 * Sources: RFC 9112 section 3.2 (target forms, Host), RFC 9110 section 7.4 (misdirected authority).
 */
export function parseRequest(view: RequestView, options: ParseOptions): ParsedRequest | BadRequest {
  if (view.method === "CONNECT") {
    return { kind: "bad", status: 405, problem: "CONNECT is not served" };
  }
  if (options.limits !== undefined) {
    const excess = excessOf(view, options.limits);
    if (excess !== undefined) return excess;
  }
  if (view.method !== "GET" && view.method !== "POST" && !METHOD.test(view.method))
    return bad("the method is no token");
  const url = view.url;
  if (!isPlainTarget(url)) return parseTarget(view, options);
  const mark = url.indexOf("?");
  if (mark === -1) return withHost(view, options, url, false, "", url, undefined);
  return withHost(view, options, url.slice(0, mark), false, url.slice(mark), url, undefined);
}

/** Whether a request cannot be routed at all. */
export function isBad(parsed: ParsedRequest | BadRequest): parsed is BadRequest {
  return parsed.kind === "bad";
}

// Sizes as they came: Node gives a byte of a head as one character.
function excessOf(view: RequestView, limits: RequestLimits): BadRequest | undefined {
  const { urlBytes, headerBytes, headerCount } = limits;
  if (view.url.length > urlBytes) {
    const problem = `the target of ${view.url.length} bytes is longer than ${urlBytes}`;
    return { kind: "bad", status: 414, problem };
  }
  let count = 0;
  let bytes = 0;
  eachHeader(view, (name, value) => {
    count++;
    bytes += name.length + value.length;
  });
  if (count > headerCount) {
    return {
      kind: "bad",
      status: 431,
      problem: `${count} header lines are more than ${headerCount}`,
    };
  }
  if (bytes <= headerBytes) return undefined;
  return {
    kind: "bad",
    status: 431,
    problem: `${bytes} bytes of headers are more than ${headerBytes}`,
  };
}

function bad(problem: string): BadRequest {
  return { kind: "bad", status: 400, problem };
}

function parseTarget(view: RequestView, options: ParseOptions): ParsedRequest | BadRequest {
  const url = view.url;
  if (url.charCodeAt(0) === 47) return parsePath(view, options, url, undefined);
  if (url === "*") {
    if (view.method !== "OPTIONS") return bad("only OPTIONS may ask for *");
    return withHost(view, options, "*", true, "", "*", undefined);
  }
  const match = /^https?:\/\/([^/?#\\]*)/i.exec(url);
  if (match === null) return bad("the target is neither a path nor an http URL");
  const authority = match[1] as string;
  if (authority === "") return bad("the target names no host");
  const rest = url.slice(match[0].length);
  return parsePath(view, options, rest.startsWith("/") ? rest : `/${rest}`, authority);
}

function parsePath(
  view: RequestView,
  options: ParseOptions,
  text: string,
  authority: string | undefined,
): ParsedRequest | BadRequest {
  const mark = text.indexOf("?");
  const canonical = canonicalPath(mark === -1 ? text : text.slice(0, mark), options.path);
  if (!canonical.ok) return bad(`the path is malformed: ${canonical.problem}`);
  const query = mark === -1 ? "" : goodQuery(text.slice(mark));
  if (typeof query !== "string") return query;
  const { path, odd } = canonical;
  return withHost(view, options, path, odd, query, path + query, authority);
}

function goodQuery(query: string): string | BadRequest {
  let isPlain = true;
  for (let i = 0; i < query.length; i++) {
    const code = query.charCodeAt(i);
    if (code > 35 && code < 127) continue;
    if (code < 32 || code === 127) return bad("the query holds a control character");
    if (code === 35) return bad("the target holds a fragment (#)");
    if (code === 32 || code > 255) isPlain = false;
  }
  return isPlain ? query : escapeQuery(query);
}

function withHost(
  view: RequestView,
  options: ParseOptions,
  path: string,
  odd: boolean,
  query: string,
  target: string,
  targetAuthority: string | undefined,
): ParsedRequest | BadRequest {
  const named = authorityOf(view);
  if (typeof named !== "string") return named;
  // The authority of an absolute target wins over Host (RFC 9112 section 3.2.2).
  const authority = targetAuthority ?? named;
  let host = authority;
  let port = 0;
  if (!isPlainHost(authority)) {
    const parsed = parseHost(authority);
    if (parsed === undefined) return bad("the host is malformed");
    host = parsed.name;
    port = parsed.port;
  }
  const keepsRuns = options.path?.mergeSlashes === false;
  const peer = peerOf(view);
  const hops = view.trustedHops;
  const trusted = hops === undefined ? options.trustedProxies : firstAddresses(hops);
  // It counts: this is where the peer is counted.
  const peerTrusted = trusted !== undefined && peer !== "" && trusted(peer);
  const told =
    peerTrusted && options.forwarded === true && headerOf(view, "x-forwarded-for") === undefined
      ? forwardedClient(peer, view, trusted)
      : undefined;
  return new ParsedRequest(
    view,
    path,
    odd,
    path.charCodeAt(path.length - 1) === 47 || (keepsRuns && path.includes("//")),
    query,
    target,
    host,
    authority,
    (peerTrusted ? (forwardedProtocol(view) ?? told?.protocol) : undefined) ??
      view.protocol ??
      "http",
    port,
    told?.address ?? (peerTrusted ? clientAddressOf(peer, view, trusted) : peer),
    peerTrusted,
    peer,
    told?.host ?? "",
  );
}

function peerOf(view: RequestView): string {
  const remote = view.remoteAddress;
  if (remote === undefined) return "";
  if (remote.charCodeAt(0) !== 58 || !remote.startsWith("::ffff:")) return remote;
  return plainAddress(remote) ?? remote;
}

// The query goes on as it came; only what no request line can carry is escaped.
function escapeQuery(query: string): string {
  return query.toWellFormed().replace(/[ \u0100-\u{10FFFF}]/gu, (char) => encodeURIComponent(char));
}

// Every line is looked at: two Host headers are the start of many attacks (RFC 9112 section 3.2), and of two lengths,
// types or credentials the next reader may take the other one.
function authorityOf(view: RequestView): string | BadRequest {
  const raw = view.rawHeaders;
  if (raw === undefined) return authorityOfRecord(view);
  let host: string | undefined;
  let hasPseudo = false;
  let seen = 0;
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] as string;
    if (name.length === 4) {
      if (name !== "Host" && name.toLowerCase() !== "host") continue;
      if (host !== undefined) return bad("there are two Host headers");
      host = raw[i + 1] as string;
    } else if (name.length === 10) {
      hasPseudo ||= name.charCodeAt(0) === 58;
    } else if (name.length >= 12 && name.length <= 14) {
      const single = singleOf(name);
      if (single === 0) continue;
      if ((seen & single) !== 0) return bad(`there are two ${name.toLowerCase()} headers`);
      seen |= single;
    }
  }
  return hasPseudo
    ? oneAuthority(linesOf(view, "host"), linesOf(view, ":authority"))
    : (host ?? "");
}

/** A bit for each name that may stand once only. */
const SINGLE: ReadonlyMap<string, number> = new Map([
  ["content-type", 1],
  ["authorization", 2],
  ["content-length", 4],
]);

function singleOf(name: string): number {
  // By the first letter nearly all others of these lengths are told apart, without making a string.
  if ((name.charCodeAt(0) | 32) !== (name.length === 13 ? 97 : 99)) return 0;
  return SINGLE.get(name) ?? SINGLE.get(name.toLowerCase()) ?? 0;
}

function authorityOfRecord(view: RequestView): string | BadRequest {
  for (const name of SINGLE.keys())
    if (linesOf(view, name).length > 1) return bad(`there are two ${name} headers`);
  return oneAuthority(linesOf(view, "host"), linesOf(view, ":authority"));
}

function oneAuthority(hosts: readonly string[], pseudo: readonly string[]): string | BadRequest {
  if (hosts.length > 1 || pseudo.length > 1) return bad("there are two Host headers");
  const host = hosts[0];
  const authority = pseudo[0];
  if (host !== undefined && authority !== undefined && host !== authority) {
    return bad(":authority and Host differ");
  }
  return authority ?? host ?? "";
}

// The last entry is what the trusted peer itself wrote; those before it may come from the client.
function forwardedProtocol(view: RequestView): "http" | "https" | undefined {
  const entries = headerOf(view, "x-forwarded-proto");
  const last = entries
    ?.slice(entries.lastIndexOf(",") + 1)
    .trim()
    .toLowerCase();
  return last === "https" || last === "http" ? last : undefined;
}
