import type { ForwardDecision, ResponseRewrite } from "../decision.js";
import { behindPrefix, hostAndPort, placeOf, type Place } from "./way-back.js";

const REFERENCE = /^(?:(https?):)?\/\/([^/?#]*)([^?#]*)(.*)$/i;
const PATH_ONLY = /^(\/[^?#]*)(.*)$/;
// What browsers drop or read as another character would let a path become a host.
const UNSAFE = /[\u0000-\u0020\u007f\\]/;
const DOT_SEGMENT = /\/(?:\.|%2e){1,2}(?:\/|$)/i;

/**
 * A location of the instance as the client has to see it: with the client's scheme and authority where it leads to the
 * instance, or to the host that was sent to it, and with the path that the client would ask for. What leads elsewhere,
 * and what cannot be brought back exactly, stays byte for byte. Never leads to a host that is neither the client's own nor
 * the one that the instance named.
 *
 * Source: RFC 9110 sections 10.2.2 and 8.7.
 */
export function rewriteLocation(
  value: string,
  rewrite: ResponseRewrite,
  decision: ForwardDecision,
): string {
  if (UNSAFE.test(value)) return value;
  const place = placeOf(decision);
  const absolute = REFERENCE.exec(value);
  if (absolute === null) {
    const [, path, rest = ""] = PATH_ONLY.exec(value) ?? [];
    const undone = path === undefined ? undefined : undo(path, place, rewrite);
    return undone === undefined ? value : undone + rest;
  }
  const [, given, named = "", path = "", rest = ""] = absolute;
  const scheme = given?.toLowerCase();
  if (!leadsToInstance(scheme, named, place, decision)) return value;
  const full = path === "" ? "/" : path;
  const target = (undo(full, place, rewrite) ?? full) + rest;
  const { authority, protocol } = decision;
  if (authority === "") return target.startsWith("//") ? value : target;
  return `${scheme === undefined ? "" : `${protocol}:`}//${authority}${target}`;
}

// Undefined where the gateway would not ask the instance for exactly this path again.
function undo(path: string, { basePath }: Place, rewrite: ResponseRewrite): string | undefined {
  if (path.includes("//") || DOT_SEGMENT.test(path)) return undefined;
  const rest = behindPrefix(path, basePath, rewrite);
  if (rest === undefined) return undefined;
  const { client, instance } = rewrite.prefix as NonNullable<typeof rewrite.prefix>;
  // Where nothing is put there, or nothing taken away, what comes of `/` has a slash at its end.
  if (rest === "" && (instance === "" || client === "")) return undefined;
  const undone = client + rest;
  return undone.startsWith("//") ? undefined : undone;
}

function leadsToInstance(
  scheme: string | undefined,
  authority: string,
  place: Place,
  { authority: own, protocol, request }: ForwardDecision,
): boolean {
  // Any other scheme means something else on purpose, such as a way from http to https.
  if (scheme !== undefined && scheme !== place.scheme && scheme !== protocol) return false;
  const by = scheme ?? place.scheme;
  const isOwn = isSame(authority, own, by, by);
  if (isOwn && scheme === "https" && protocol === "http") return false;
  return (
    isSame(authority, place.authority, by, place.scheme) || isSame(authority, request.host, by, by)
  );
}

function isSame(one: string, other: string, oneScheme: string, otherScheme: string): boolean {
  if (one === "" || other === "") return false;
  const a = hostAndPort(one);
  const b = hostAndPort(other);
  return a.host === b.host && portOf(a.port, oneScheme) === portOf(b.port, otherScheme);
}

function portOf(port: number, scheme: string): number {
  if (port !== 0) return port;
  return scheme === "https" ? 443 : 80;
}
