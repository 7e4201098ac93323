import type { ForwardDecision, Trail } from "../decision.js";
import { headerOf, type RequestView } from "../request.js";
import { fieldText, isToken } from "./field-text.js";

/**
 * Says who the request comes from: `X-Forwarded-*`, and `Forwarded` where the gateway is told to. What a trusted peer
 * says is added to; what others say has gone before.
 *
 * Source: RFC 7239.
 */
export function addForwarded(
  { peerTrusted, peerAddress: peer, clientAddress, protocol, authority, trail }: ForwardDecision,
  view: RequestView,
  headers: string[],
): void {
  // Told in the other of the two fields: whoever reads this one alone must not take the peer for the client.
  const client = peerTrusted && clientAddress !== peer ? clientAddress : undefined;
  const before = (peerTrusted ? toldIn(view, "x-forwarded-for") : undefined) ?? client;
  if (peer !== "") {
    const last = fieldText(peer);
    headers.push("x-forwarded-for", before === undefined ? last : `${before}, ${last}`);
  }
  headers.push("x-forwarded-proto", protocol);
  const said = peerTrusted ? (toldIn(view, "x-forwarded-host") ?? trail?.host) : undefined;
  const host = said ?? authority;
  if (host !== "") headers.push("x-forwarded-host", host);
  const toldPort = peerTrusted ? toldIn(view, "x-forwarded-port") : undefined;
  const port = toldPort ?? view.localPort;
  if (port !== undefined) headers.push("x-forwarded-port", String(port));
  if (trail?.forwarded !== true) return;
  const own = elementOf(peer, host, protocol);
  const earlier =
    (peerTrusted ? earlierElements(view) : undefined) ??
    (client === undefined ? undefined : `for=${nodeText(client)}`);
  headers.push("forwarded", earlier === undefined ? own : `${earlier}, ${own}`);
}

// What stands behind a quoted text without an end would be part of it: nothing can be added to such a list.
function earlierElements(view: RequestView): string | undefined {
  const sent = toldIn(view, "forwarded");
  return sent !== undefined && isBalanced(sent) ? sent : undefined;
}

/**
 * The trail of a request.
 *
 * @param host that the client named, as `Forwarded` tells it; empty where that tells none
 * @param requestId what was made for a request that has none
 */
export function trailWith(
  trail: Trail | undefined,
  host: string,
  requestId: string | undefined,
): Trail | undefined {
  const named = trail === undefined || host === "" ? trail : Object.freeze({ ...trail, host });
  return requestId === undefined ? named : Object.freeze({ ...(named ?? NO_TRAIL), requestId });
}

const NO_TRAIL: Trail = { forwarded: false, via: undefined };

function toldIn(view: RequestView, name: string): string | undefined {
  const value = headerOf(view, name);
  return value === undefined || value === "" ? undefined : fieldText(value);
}

function elementOf(peer: string, host: string, protocol: string): string {
  const named = host === "" ? "" : `;host=${valueText(host)}`;
  return `for=${nodeText(peer)}${named};proto=${protocol}`;
}

/** An address as `for` takes it. Source: RFC 7239 section 6. */
function nodeText(address: string): string {
  if (/^[0-9.]+$/.test(address)) return address;
  const zone = address.indexOf("%");
  const bare = zone === -1 ? address : address.slice(0, zone);
  return /^[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*$/.test(bare) ? `"[${bare}]"` : "unknown";
}

function valueText(text: string): string {
  return isToken(text) ? text : `"${text.replace(/["\\]/g, "\\$&")}"`;
}

function isBalanced(list: string): boolean {
  let isQuoted = false;
  for (let i = 0; i < list.length; i++) {
    const code = list.charCodeAt(i);
    if (code === 34) isQuoted = !isQuoted;
    else if (code === 92 && isQuoted) i++;
  }
  return !isQuoted;
}
