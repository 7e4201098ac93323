import type { ForwardDecision, ResponseRewrite } from "../decision.js";
import { behind, behindPrefix, hostAndPort, placeOf } from "./way-back.js";

/**
 * A line of `Set-Cookie` as the client has to see it: only the values of `Domain` and `Path` change, all else stays
 * byte for byte.
 *
 * Source: RFC 6265 sections 5.1.3, 5.1.4 and 5.2.
 */
export function rewriteCookie(
  line: string,
  rewrite: ResponseRewrite,
  decision: ForwardDecision,
): string {
  const parts = line.split(";");
  let changed = parts[0] as string;
  for (let i = 1; i < parts.length; i++) {
    const part = rewriteAttribute(parts[i] as string, rewrite, decision);
    if (part !== undefined) changed += `;${part}`;
  }
  return changed;
}

// Undefined where the attribute goes.
function rewriteAttribute(
  part: string,
  rewrite: ResponseRewrite,
  decision: ForwardDecision,
): string | undefined {
  const equals = part.indexOf("=");
  const name = (equals === -1 ? part : part.slice(0, equals)).trim().toLowerCase();
  const value = equals === -1 ? "" : part.slice(equals + 1).trim();
  let replaced: string | undefined;
  if (name === "domain" && rewrite.cookieDomain !== undefined) {
    if (rewrite.cookieDomain === "") return undefined;
    if (isInstances(value, decision)) replaced = rewrite.cookieDomain;
  } else if (name === "path" && rewrite.cookiePath !== undefined) {
    replaced = pathFor(value, rewrite, decision);
  }
  if (replaced === undefined || value === "") return part;
  const at = part.indexOf(value, equals + 1);
  return part.slice(0, at) + replaced + part.slice(at + value.length);
}

// A cookie that the instance may set at its own host, and that a client would not take from the gateway's.
function isInstances(domain: string, decision: ForwardDecision): boolean {
  const bare = (domain.startsWith(".") ? domain.slice(1) : domain).toLowerCase();
  if (bare === "" || liesIn(decision.authority, bare)) return false;
  return liesIn(placeOf(decision).authority, bare) || liesIn(decision.request.host, bare);
}

function liesIn(authority: string, domain: string): boolean {
  const { host } = hostAndPort(authority);
  return host === domain || (host.endsWith(`.${domain}`) && !/^[0-9.]*$/.test(host));
}

function pathFor(
  path: string,
  rewrite: ResponseRewrite,
  decision: ForwardDecision,
): string | undefined {
  const { cookiePath, prefix } = rewrite;
  if (cookiePath !== "undo") return mapped(path, cookiePath ?? []);
  const rest = behindPrefix(path, placeOf(decision).basePath, rewrite);
  // A semicolon in the path that a client asked for would end the attribute, and begin another one.
  if (rest === undefined || prefix === undefined || prefix.client.includes(";")) return undefined;
  return joined(prefix.client, prefix.instance === "" && rest === "/" ? "" : rest);
}

function mapped(
  path: string,
  pairs: readonly (readonly [from: string, to: string])[],
): string | undefined {
  for (const [from, to] of pairs) {
    const rest = behind(path, from);
    if (rest !== undefined) return joined(to, from === "" && rest === "/" ? "" : rest);
  }
  return undefined;
}

function joined(prefix: string, rest: string): string {
  return prefix + rest === "" ? "/" : prefix + rest;
}
