import type { CookieRule } from "./affinity-rule.js";

/**
 * The `Set-Cookie` line that gives a client its pin. Attributes always stand in this order: Max-Age, Domain, Path, Secure,
 * HttpOnly, SameSite, Partitioned.
 *
 * @param value of the instance, from the pin table
 * @param isSecureRequest whether the client came over `https:`
 *
 * Source: RFC 6265bis section 4.1.
 */
export function setCookieFor(rule: CookieRule, value: string, isSecureRequest: boolean): string {
  const attributes = isSecureRequest ? rule.secureAttributes : rule.attributes;
  return `${rule.name}=${value}${rule.lifetime}${attributes}`;
}

/**
 * The line that takes it away again: a client drops a cookie whose time has passed, if name, domain and path are the
 * same.
 *
 * Source: RFC 6265bis sections 3.1 and 5.7.
 */
export function deleteCookieFor(rule: CookieRule, isSecureRequest: boolean): string {
  const attributes = isSecureRequest ? rule.secureAttributes : rule.attributes;
  return `${rule.name}=; Max-Age=0${attributes}`;
}
