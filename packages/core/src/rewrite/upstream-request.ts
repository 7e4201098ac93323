import type { ForwardDecision, Trail } from "../decision.js";
import { headerOf, type RequestView } from "../request.js";
import { fieldText } from "./field-text.js";
import { addForwarded } from "./forwarded.js";
import { applyHeaderChanges } from "./header-changes.js";
import { countForward, countsForwards } from "./max-forwards.js";
import { copyRequestFields } from "./request-fields.js";
import { acceptsTrailers } from "./trailers.js";
import { addVia } from "./via.js";

/** The exact head that will be sent to the instance. */
export interface UpstreamRequestHead {
  readonly method: string;
  /** Path with query. */
  readonly path: string;
  /** Flat: name, value, name, value. */
  readonly headers: string[];
}

/** What the head is for, beside the request itself. */
export interface UpstreamRequestOptions {
  /** The protocol that an upgrade asks for, such as `websocket`. Default: no upgrade. */
  readonly upgrade?: string;
  /** Whether the connection to the instance can carry trailers: `TE: trailers` of a client is then said anew. Default: false. */
  readonly trailers?: boolean;
  /**
   * Whether what reads or sends the request makes sure itself that no value of the client holds a control character, as
   * the strict parser of Node and undici do: then they are not looked at once more. Default: false.
   */
  readonly checked?: boolean;
}

const NO_TRAIL: Partial<Trail> = {};

/**
 * The head of the request that goes to the instance, as a new list: hop-by-hop fields and those that
 * `Connection` names go first, so that no client can strip what comes after; then `X-Forwarded-*`, the
 * configured changes and `Via`. The framing fields are the forwarder's own. No value holds a control
 * character, where that is not left to others (`checked`).
 *
 * @example
 * buildUpstreamRequest(view, decision).headers; // ["host", "api.shop.com", "accept", "*\/*", "x-forwarded-for", "10.1.2.3", …]
 *
 * Source: RFC 9110 section 7.6.
 */
export function buildUpstreamRequest(
  view: RequestView,
  decision: ForwardDecision,
  options: UpstreamRequestOptions = {},
): UpstreamRequestHead {
  const { method, path, host } = decision.request;
  const headers: string[] = host === "" ? [] : ["host", host];
  copyRequestFields(view, decision.requestHeaders, headers, options.checked);
  if (countsForwards(method)) countForward(headers);
  addForwarded(decision, view, headers);
  const { requestId, via } = decision.trail ?? NO_TRAIL;
  if (requestId !== undefined && headerOf(view, "x-request-id", "X-Request-Id") === undefined)
    headers.push("x-request-id", requestId);
  if (options.trailers === true && acceptsTrailers(view)) headers.push("te", "trailers");
  if (options.upgrade !== undefined)
    headers.push("connection", "Upgrade", "upgrade", fieldText(options.upgrade));
  if (decision.requestHeaders.length > 0) applyHeaderChanges(headers, decision.requestHeaders);
  if (via !== undefined) addVia(headers, via, view);
  return { method, path, headers };
}
