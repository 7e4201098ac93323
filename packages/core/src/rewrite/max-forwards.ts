import { headerOf, type RequestView } from "../request.js";
import { findHeader } from "./header-changes.js";

/** The largest number that is sent on: what a client may ask for beyond it means the same. */
const MOST = 2_147_483_647;

/** Whether `Max-Forwards` counts for a method. Source: RFC 9110 section 7.6.2. */
export function countsForwards(method: string): boolean {
  return method === "OPTIONS" || method === "TRACE";
}

/** How many more times a request may be forwarded; undefined when it does not say, or not in one whole number. */
export function maxForwardsOf(view: RequestView): number | undefined {
  return countOf(headerOf(view, "max-forwards", "Max-Forwards"));
}

/** Counts one forward down in a flat list. A value that is malformed stays as it came. */
export function countForward(headers: string[]): void {
  const at = findHeader(headers, "max-forwards");
  if (at === -1 || findHeader(headers, "max-forwards", at + 2) !== -1) return;
  const left = countOf(headers[at + 1]);
  if (left !== undefined) headers[at + 1] = String(Math.min(Math.max(left - 1, 0), MOST));
}

function countOf(text: string | undefined): number | undefined {
  return text !== undefined && /^[0-9]+$/.test(text) ? Number(text) : undefined;
}
