import { headerOf, type RequestView } from "../request.js";
import { plainAddress, type AddressSet } from "./address.js";
import { MAX_HOPS } from "./client.js";
import { parseHost } from "./host.js";

/** Who a request comes from, as trusted proxies tell it. */
export interface ForwardedClient {
  readonly address: string;
  /** Undefined where none of them tells it. */
  readonly protocol: "http" | "https" | undefined;
  /** Host that the client named, with its port; empty where none of them tells it. */
  readonly host: string;
}

/**
 * The client behind a peer that is trusted, as `Forwarded` tells it: the elements are walked from right to left, each written by
 * the address in the one before it, as long as they are trusted. Of host and scheme those nearest to the client count.
 * What is malformed ends the walk. Undefined without that field.
 *
 * Source: RFC 7239 sections 4 to 6 and 8.1.
 */
export function forwardedClient(
  peer: string,
  view: RequestView,
  trusted: AddressSet,
): ForwardedClient | undefined {
  const list = headerOf(view, "forwarded", "Forwarded");
  if (list === undefined) return undefined;
  let address = peer;
  let protocol: ForwardedClient["protocol"];
  let host = "";
  let end = list.length;
  for (let hops = 0; hops < MAX_HOPS && end >= 0; hops++) {
    if (hops > 0 && !trusted(address)) break;
    const start = elementStart(list, end);
    const element = list.slice(start, end).trim();
    end = start - 1;
    if (element === "") continue;
    const pairs = parseElement(element);
    if (pairs === undefined) break;
    protocol = protocolOf(pairs.get("proto")) ?? protocol;
    host = hostOf(pairs.get("host")) ?? host;
    const next = nodeAddress(pairs.get("for"));
    if (next === undefined) break;
    address = next;
  }
  return { address, protocol, host };
}

// Where the element that ends at `end` begins. It is looked for from the right, so that no quote that a client left
// open further left can hide the comma before what a proxy added.
function elementStart(list: string, end: number): number {
  let isQuoted = false;
  for (let i = end - 1; i >= 0; i--) {
    const code = list.charCodeAt(i);
    if (code === 34) isQuoted = !isQuoted || isEscaped(list, i);
    else if (code === 44 && !isQuoted) return i + 1;
  }
  return 0;
}

function isEscaped(list: string, at: number): boolean {
  let slashes = 0;
  while (list.charCodeAt(at - 1 - slashes) === 92) slashes++;
  return slashes % 2 === 1;
}

const PAIR =
  /^([!#$%&'*+.^_`|~0-9A-Za-z-]+)=(?:([!#$%&'*+.^_`|~0-9A-Za-z-]+)|"((?:[^"\\]|\\.)*)")(?:[ \t]*;[ \t;]*|$)/;

/** The pairs of an element by their lower-case names; undefined when it is malformed or names one twice. */
function parseElement(element: string): ReadonlyMap<string, string> | undefined {
  const pairs = new Map<string, string>();
  for (let rest = element; rest !== "";) {
    const match = PAIR.exec(rest);
    if (match === null) return undefined;
    const [whole, name = "", token, quoted = ""] = match;
    const key = name.toLowerCase();
    if (pairs.has(key)) return undefined;
    pairs.set(key, token ?? quoted.replace(/\\(.)/g, "$1"));
    rest = rest.slice(whole.length);
  }
  return pairs;
}

/** The address in a node: `192.0.2.1`, `192.0.2.1:4711` or `[2001:db8::1]:4711`. */
function nodeAddress(node = ""): string | undefined {
  const match = /^(?:(\d[\d.]*)|\[([0-9A-Fa-f:.]+)\])(?::(?:\d{1,5}|_[\w.-]+))?$/.exec(node);
  const [, v4, v6] = match ?? [];
  if (v6 !== undefined && !v6.includes(":")) return undefined;
  return plainAddress(v4 ?? v6 ?? "");
}

function protocolOf(text: string | undefined): "http" | "https" | undefined {
  const lower = text?.toLowerCase();
  return lower === "http" || lower === "https" ? lower : undefined;
}

function hostOf(text: string | undefined): string | undefined {
  return text !== undefined && text !== "" && parseHost(text) !== undefined ? text : undefined;
}
