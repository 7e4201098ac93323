import type { AffinityConfig, AffinityCookieConfig } from "./affinity-config.js";
import { cookieStart } from "../request.js";
import { cookieNameOf } from "./cookie-name.js";
import { cookieValue } from "./cookie-value.js";

/** The values that stand for one instance: the first is given out, all are believed. */
export type CookieValues = readonly [current: string, ...older: string[]];

/** Affinity by a cookie, compiled. It holds no secret that could be printed. */
export interface CookieRule {
  readonly kind: "cookie";
  readonly name: string;
  /** How the cookie stands in a header. */
  readonly start: string;
  /** `Max-Age`, or empty. */
  readonly lifetime: string;
  /** The other attributes, for a client that came over `http:`. */
  readonly attributes: string;
  /** The same, for one that came over `https:`. */
  readonly secureAttributes: string;
  /** Whether a pin that holds is set anew. */
  readonly isSliding: boolean;
  /** Makes the values of an instance. A hash for each secret: not for every request. */
  readonly valuesOf: (id: string) => CookieValues;
  /** Equal for two rules of one service just when they make the same values. */
  readonly fingerprint: string;
}

/** Affinity by a header, compiled. */
export interface HeaderRule {
  readonly kind: "header";
  /** In lower case. */
  readonly name: string;
  /** As it was written: how most clients send it. */
  readonly usual: string;
  readonly capacity: number;
  readonly ttlMs: number;
}

/** Session affinity of a service, compiled. */
export type AffinityRule = CookieRule | HeaderRule;

/** Brings the affinity of a service, which was checked, into the form that requests need. */
export function compileAffinity(service: string, config: AffinityConfig): AffinityRule {
  if (config.cookie !== undefined) return compileCookie(service, config.cookie);
  const { header, capacity = 100_000, ttlS = 3_600 } = config;
  return Object.freeze({
    kind: "header",
    name: header.toLowerCase(),
    usual: header,
    capacity,
    ttlMs: ttlS * 1_000,
  });
}

function compileCookie(service: string, cookie: AffinityCookieConfig): CookieRule {
  const { name = cookieNameOf(service), ttlS, sliding = false, sign = [] } = cookie;
  const secrets = typeof sign === "string" ? [sign] : [...sign];
  const valuesOf = valuesWith(service, secrets);
  return Object.freeze({
    kind: "cookie",
    name,
    start: cookieStart(name),
    lifetime: ttlS === undefined ? "" : `; Max-Age=${ttlS}`,
    attributes: attributesOf(cookie, false),
    secureAttributes: attributesOf(cookie, true),
    isSliding: sliding && ttlS !== undefined,
    valuesOf,
    // No instance has an empty id.
    fingerprint: valuesOf("").join("."),
  });
}

function valuesWith(service: string, secrets: readonly string[]): (id: string) => CookieValues {
  const [first, ...others] = secrets;
  return (id) => [
    cookieValue(service, id, first),
    ...others.map((secret) => cookieValue(service, id, secret)),
  ];
}

const SAME_SITE = { strict: "Strict", lax: "Lax", none: "None" } as const;

function attributesOf(cookie: AffinityCookieConfig, isSecureRequest: boolean): string {
  const { domain, path = "/", httpOnly = true, sameSite = "lax", partitioned = false } = cookie;
  // Clients drop a cookie that asks for one of these without it.
  const mustBeSecure = sameSite === "none" || partitioned;
  const isSecure = mustBeSecure || (cookie.secure ?? isSecureRequest);
  return [
    domain === undefined ? "" : `; Domain=${domain}`,
    `; Path=${path}`,
    isSecure ? "; Secure" : "",
    httpOnly ? "; HttpOnly" : "",
    `; SameSite=${SAME_SITE[sameSite]}`,
    partitioned ? "; Partitioned" : "",
  ].join("");
}
