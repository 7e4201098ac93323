import type { ForwardDecision, ResponseRewrite } from "../decision.js";

/** A place of HTTP as a base URL names it. */
export interface Place {
  readonly scheme: string;
  /** Host with port. */
  readonly authority: string;
  /** Without a final slash; empty for the root. */
  readonly basePath: string;
}

/** The parts of the base URL of the instance that was chosen. It is in normal form. */
export function placeOf({ instance: { url } }: ForwardDecision): Place {
  const colon = url.indexOf("://");
  const slash = url.indexOf("/", colon + 3);
  const end = slash === -1 ? url.length : slash;
  return {
    scheme: url.slice(0, colon),
    authority: url.slice(colon + 3, end),
    basePath: url.slice(end),
  };
}

/** What is left of a path behind a prefix of whole segments: empty, or from a `/` on. Undefined when it has another one. */
export function behind(path: string, prefix: string): string | undefined {
  if (!path.startsWith(prefix)) return undefined;
  return path.length === prefix.length || path.charCodeAt(prefix.length) === 47
    ? path.slice(prefix.length)
    : undefined;
}

/** A path of the instance's side behind its base path and what `replacePrefix` put there; undefined when it is not. */
export function behindPrefix(
  path: string,
  basePath: string,
  { prefix }: ResponseRewrite,
): string | undefined {
  const rest = prefix && behind(path, basePath);
  return rest === undefined
    ? undefined
    : behind(rest, (prefix as NonNullable<typeof prefix>).instance);
}

/** Host and port of an authority in lower case; 0 where it names no port. */
export function hostAndPort(authority: string): { readonly host: string; readonly port: number } {
  const lower = authority.toLowerCase();
  const match = /^(.*?):(\d{0,5})$/.exec(lower);
  // The last part of an IPv6 address without brackets is no port; no request and no base URL has one.
  const [, host = lower, digits = ""] = match ?? [];
  return { host: host.endsWith(".") ? host.slice(0, -1) : host, port: Number(digits) };
}
