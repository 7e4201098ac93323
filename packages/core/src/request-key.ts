import type { KeyConfig } from "./config/balancer-config.js";
import type { Params } from "./decision.js";
import { murmur3 } from "./murmur3.js";
import type { ParsedRequest } from "./request.js";
import { stickyKey } from "./split/sticky-point.js";

/** Seed of its own: a split that sticks to the same key must not send each of its shares to few instances. */
const SEED = 0x5349474e;

/** The hash of what a request is known by; undefined when it has nothing of it. */
export function requestKey(
  keys: readonly KeyConfig[],
  request: ParsedRequest,
  params: Params,
): number | undefined {
  for (const source of keys) {
    const text = keyIn(source, request, params);
    if (text !== undefined && text !== "") return murmur3(text, SEED);
  }
  return undefined;
}

function keyIn(source: KeyConfig, request: ParsedRequest, params: Params): string | undefined {
  if (typeof source !== "object" || !("param" in source)) return stickyKey(request, source);
  return Object.hasOwn(params, source.param) ? params[source.param] : undefined;
}
