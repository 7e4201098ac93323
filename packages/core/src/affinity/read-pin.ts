import { cookieOf, headerOf, type RequestView } from "../request.js";
import type { AffinityRule } from "./affinity-rule.js";
import { VALUE_LENGTH } from "./cookie-value.js";

/** Longest key of a session: what a client can make the memory hold. */
export const MAX_KEY_LENGTH = 256;

/**
 * What a request brings to be recognised by: the value of the cookie, or the key of its session. Undefined when there is
 * nothing that could be one: none, an empty one, a value of another length, a key that is too long. What a client
 * sends is not believed by this: only the pin table and the memory say whether it stands for an instance.
 */
export function readPin(view: RequestView, rule: AffinityRule): string | undefined {
  if (rule.kind === "cookie") {
    const value = cookieOf(view, rule.name, rule.start);
    return value?.length === VALUE_LENGTH ? value : undefined;
  }
  const key = headerOf(view, rule.name, rule.usual);
  return key === undefined || key === "" || key.length > MAX_KEY_LENGTH ? undefined : key;
}
