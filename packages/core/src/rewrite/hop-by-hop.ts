/**
 * Fields that concern one connection only and are never passed on.
 *
 * Source: RFC 9110 section 7.6.1; `HTTP2-Settings` of RFC 7540; the obsolete `Proxy-Connection`.
 */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "proxy-authenticate",
  "proxy-authorization",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "http2-settings",
]);

/** Fields that `Connection` cannot take away: the message would change its meaning. */
const NEVER_NOMINATED: ReadonlySet<string> = new Set([
  "host",
  "content-length",
  "transfer-encoding",
]);

export function isHopByHop(lowerName: string): boolean {
  return HOP_BY_HOP.has(lowerName);
}

/** Whether the value of a `Connection` header (all lines joined) names anything that has to be looked for. */
export function nominatedNames(connection: string | undefined): ReadonlySet<string> | undefined {
  if (connection === undefined || connection === "keep-alive" || connection === "close")
    return undefined;
  const names = new Set<string>();
  for (const part of connection.split(",")) {
    const name = part.trim().toLowerCase();
    if (name !== "" && !NEVER_NOMINATED.has(name)) names.add(name);
  }
  return names;
}
