import { cookieOf, factOf, headerOf, queryValueOf, type ParsedRequest } from "../request.js";
import type { StickyConfig } from "../config/route-config.js";
import { murmur3 } from "../murmur3.js";

/**
 * The point at which a sticky split is read for a key: the same key and salt always give the same point.
 * Another salt gives an unrelated one, so that the canaries of two services do not meet in the same users.
 *
 * @returns a number in [0, 1)
 *
 * @example
 * pickVersion({ v1: 90, v2: 10 }, stickyPoint("user-7", "products"));
 *
 * Source: MurmurHash3 (Austin Appleby), the 32-bit variant.
 */
export function stickyPoint(key: string, salt: string): number {
  return murmur3(key, murmur3(salt, 0)) / 2 ** 32;
}

/** The sticky key of a request; undefined when it has none. */
export function stickyKey(request: ParsedRequest, sticky: StickyConfig): string | undefined {
  if (sticky === "clientAddress")
    return request.clientAddress === "" ? undefined : request.clientAddress;
  if ("cookie" in sticky) return cookieOf(request.view, sticky.cookie);
  if ("header" in sticky) return headerOf(request.view, sticky.header.toLowerCase());
  if ("query" in sticky)
    return request.query === "" ? undefined : queryValueOf(request.query, sticky.query);
  return factOf(request.view, sticky.fact);
}
