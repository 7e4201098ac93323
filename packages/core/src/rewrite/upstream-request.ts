import type { ForwardDecision, HeaderChanges } from "../decision.js";
import { eachHeader, headerOf, type RequestView } from "../request.js";
import { applyHeaderChanges, removeHeader } from "./header-changes.js";
import { isHopByHop, nominatedNames } from "./hop-by-hop.js";

/** The exact head that will be sent to the instance. */
export interface UpstreamRequestHead {
  readonly method: string;
  /** Path with query. */
  readonly path: string;
  /** Flat: name, value, name, value. */
  readonly headers: string[];
}

/** What the head is for, beside the request itself. */
export interface UpstreamRequestOptions {
  /** The protocol that an upgrade asks for, such as `websocket`. Default: no upgrade. */
  readonly upgrade?: string;
}

/**
 * The head of the request that goes to the instance, as a new list: hop-by-hop fields and those that
 * `Connection` names go first, so that no client can strip what comes after; then `X-Forwarded-*` and the
 * configured changes. The framing fields are the forwarder's own.
 *
 * @example
 * buildUpstreamRequest(view, decision).headers; // ["host", "api.shop.com", "accept", "*\/*", "x-forwarded-for", "10.1.2.3", …]
 *
 * Source: RFC 9110 section 7.6.
 */
export function buildUpstreamRequest(
  view: RequestView,
  decision: ForwardDecision,
  options: UpstreamRequestOptions = {},
): UpstreamRequestHead {
  const { host } = decision.request;
  const headers: string[] = host === "" ? [] : ["host", host];
  copyRequestHeaders(view, decision.requestHeaders, headers);
  addForwarded(decision, view, headers);
  if (options.upgrade !== undefined)
    headers.push("connection", "Upgrade", "upgrade", options.upgrade);
  if (decision.requestHeaders.length > 0) applyHeaderChanges(headers, decision.requestHeaders);
  return { method: decision.request.method, path: decision.request.path, headers };
}

// What becomes of a field of the client.
const KEEP = 0;
const DROP = 1;
const LENGTH = 2;
const CONNECTION = 3;

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
    [name, name.toLowerCase()].map((spelling) => [spelling, classify(name.toLowerCase())] as const),
  ),
);

function classify(lowerName: string): number {
  if (lowerName === "content-length") return LENGTH;
  if (lowerName === "connection") return CONNECTION;
  if (lowerName.charCodeAt(0) === 58 || isHopByHop(lowerName)) return DROP;
  // Many servers read `_` and `-` as one: X_Forwarded_For must not pass where X-Forwarded-For may not.
  return OWNED.has(lowerName.includes("_") ? lowerName.replaceAll("_", "-") : lowerName)
    ? DROP
    : KEEP;
}

function copyRequestHeaders(
  view: RequestView,
  changes: readonly HeaderChanges[],
  headers: string[],
): void {
  const raw = view.rawHeaders ?? flatOf(view);
  let connection: string | undefined;
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] as string;
    const value = raw[i + 1] as string;
    const kind = COMMON.get(name) ?? classify(name.toLowerCase());
    if (kind === CONNECTION) {
      connection = connection === undefined ? value : `${connection},${value}`;
    } else if (kind === KEEP || (kind === LENGTH && !isChunked(view))) {
      if (changes.length > 0 && name.includes("_") && isAlias(name.toLowerCase(), changes))
        continue;
      headers.push(name, value);
    }
  }
  for (const name of nominatedNames(connection) ?? []) removeHeader(headers, name);
}

function flatOf(view: RequestView): readonly string[] {
  const flat: string[] = [];
  eachHeader(view, (name, value) => flat.push(name, value));
  return flat;
}

// Whether a name is another spelling of one that the configuration changes: then the client's copy does not pass.
function isAlias(lowerName: string, levels: readonly HeaderChanges[]): boolean {
  const folded = lowerName.replaceAll("_", "-");
  const names = levels.flatMap(({ set, add, remove }) => [
    ...[...set, ...add].map(([name]) => name),
    ...remove,
  ]);
  return !names.includes(lowerName) && names.some((name) => name.replaceAll("_", "-") === folded);
}

function isChunked(view: RequestView): boolean {
  return headerOf(view, "transfer-encoding") !== undefined;
}

function addForwarded(decision: ForwardDecision, view: RequestView, headers: string[]): void {
  const { peerTrusted, protocol, authority } = decision;
  const peer = decision.peerAddress;
  const before = peerTrusted ? headerOf(view, "x-forwarded-for") : undefined;
  if (peer !== "")
    headers.push("x-forwarded-for", before === undefined ? peer : `${before}, ${peer}`);
  headers.push("x-forwarded-proto", protocol);
  const host = peerTrusted ? (headerOf(view, "x-forwarded-host") ?? authority) : authority;
  if (host !== "") headers.push("x-forwarded-host", host);
  const port = peerTrusted
    ? (headerOf(view, "x-forwarded-port") ?? view.localPort)
    : view.localPort;
  if (port !== undefined) headers.push("x-forwarded-port", String(port));
}
