import type {
  ForwardDecision,
  RedirectDecision,
  RejectDecision,
  RespondDecision,
} from "../decision.js";
import type { HeaderRecord, RequestView } from "../request.js";
import { fieldText, isToken } from "./field-text.js";
import { applyHeaderChanges } from "./header-changes.js";
import { isHopByHop, nominatedNames } from "./hop-by-hop.js";
import { rewriteResponse } from "./response-rewrite.js";

/** The head that an instance answered with. Header names of a record are in lower case. */
export interface UpstreamResponseHead {
  readonly status: number;
  readonly headers: HeaderRecord;
}

/** The exact head that the client will get. */
export interface ClientResponseHead {
  readonly status: number;
  /** Flat: name, value, name, value. */
  readonly headers: string[];
}

/** A decision that leads to a response of ours or of an instance. */
export type AnsweringDecision =
  ForwardDecision | RedirectDecision | RespondDecision | RejectDecision;

/**
 * The head of the response that the client gets, as a new list. A forwarded response loses its hop-by-hop
 * fields and those that its `Connection` names; then `responseRewrite` of the route acts, and cookies of the gateway and
 * configured changes come in. No value holds a control character.
 *
 * @param upstream the head of the instance; needed for forward decisions, without meaning for others
 *
 * Source: RFC 9110 sections 7.6.1 and 8.6.
 */
export function buildClientResponse(
  decision: AnsweringDecision,
  upstream: UpstreamResponseHead | undefined,
  _view?: RequestView,
): ClientResponseHead {
  if (decision.kind !== "forward") return ownResponse(decision);
  const { status, headers: record } = upstream ?? { status: 502, headers: {} };
  const headers: string[] = [];
  copyResponseHeaders(record, status, headers);
  if (decision.responseRewrite !== undefined)
    rewriteResponse(headers, decision.responseRewrite, decision);
  for (const cookie of decision.setCookies) headers.push("set-cookie", cookie);
  if (decision.responseHeaders.length > 0) applyHeaderChanges(headers, decision.responseHeaders);
  return { status, headers };
}

function ownResponse(
  decision: RedirectDecision | RespondDecision | RejectDecision,
): ClientResponseHead {
  const headers: string[] = [];
  if (decision.kind === "redirect") headers.push("location", fieldText(decision.location));
  for (const name of Object.keys(decision.headers))
    pushLines(headers, name, decision.headers[name]);
  return { status: decision.status, headers };
}

// What becomes of a field of an instance.
const KEEP = 0;
const DROP = 1;
const LENGTH = 2;

// Usual names are looked up: to look at the letters of each one costs more than the rest of the loop.
const COMMON: ReadonlyMap<string, number> = new Map(
  [
    ...["age", "cache-control", "connection", "content-encoding", "content-length"],
    ...["content-type", "date", "etag", "expires", "keep-alive", "last-modified", "link"],
    ...["location", "server", "set-cookie", "transfer-encoding", "vary", "x-request-id"],
    ...["accept-ranges", "access-control-allow-origin", "content-language", "x-powered-by"],
  ].map((name) => [name, classify(name)]),
);

function classify(name: string): number {
  const lowerName = name.toLowerCase();
  if (lowerName === "content-length") return LENGTH;
  return isHopByHop(lowerName) || !isToken(name) ? DROP : KEEP;
}

function copyResponseHeaders(record: HeaderRecord, status: number, headers: string[]): void {
  const connection = record["connection"];
  const nominated = nominatedNames(
    typeof connection === "object" ? connection.join(",") : connection,
  );
  for (const name in record) {
    const kind = COMMON.get(name) ?? classify(name);
    if (kind === DROP || nominated?.has(name.toLowerCase()) === true) continue;
    // 204 has no body, so a length would announce bytes that never come (RFC 9110 section 8.6).
    if (status === 204 && kind === LENGTH) continue;
    pushLines(headers, name, record[name]);
  }
}

function pushLines(
  headers: string[],
  name: string,
  value: string | readonly string[] | undefined,
): void {
  if (typeof value === "string") headers.push(name, fieldText(value));
  else if (value !== undefined) for (const line of value) headers.push(name, fieldText(line));
}
