import { cookieValue } from "./cookie-value.js";

/** A service name that may be part of the name of a cookie as it is. */
const PLAIN = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/;
const FOUR_NUMBERS = /\d[^0-9A-Za-z]\d+[^0-9A-Za-z]\d+[^0-9A-Za-z]\d/;
const IPV6 = /^[[\]0-9A-Fa-f.]*:[[\]0-9A-Fa-f.]*:[[\]0-9A-Fa-f:.]*$/;

/**
 * Name of the cookie of a service that was given none: another one for each service, and always a token. A hash stands
 * for names that cannot be part of it.
 */
export function cookieNameOf(service: string): string {
  if (PLAIN.test(service) && !isAddress(service)) return `affinity-${service}`;
  // No instance has an empty id, so this is the value of none. The dot keeps it apart from the names above.
  return `affinity.${cookieValue(service, "").slice(0, 11)}`;
}

/** Whether a service is named by a URL or an IP address: one can be found from its hash by trying them all. */
export function isAddress(service: string): boolean {
  return service.includes("://") || FOUR_NUMBERS.test(service) || IPV6.test(service);
}
