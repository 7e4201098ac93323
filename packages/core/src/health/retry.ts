import type { RetryRule } from "../decision.js";
import type { FailureOutcome, Outcome } from "../outcome.js";

/** What the forwarder knows of an attempt and core does not. */
export interface RetryFacts {
  /** Whether the body can be sent again: there is none, or all of it is kept. */
  readonly replayable: boolean;
  /** Whether the attempt went out on a connection that had served before. Default: false. */
  readonly reusedConnection?: boolean;
  /** Whether a byte of the response has gone to the client. Default: false. */
  readonly responseStarted?: boolean;
  /** What is left of `requestMs`. Default: no limit. */
  readonly remainingMs?: number;
  /** What the instance asked for by `Retry-After`. Default: nothing. */
  readonly retryAfterMs?: number;
}

/** Why there is no further attempt. */
export type StopReason =
  | "delivered"
  | "cancelled"
  | "response-started"
  | "attempts"
  | "not-retriable"
  | "method"
  | "body"
  | "budget"
  | "time"
  | "no-instance"
  | "circuit-open"
  | "overloaded"
  | "switched-off"
  | "internal";

/** Methods that may be sent twice with the effect of one. Source: RFC 9110 section 9.2.2. */
const IDEMPOTENT_METHODS: readonly string[] = ["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"];

/** The rule where neither route nor defaults give one: a failed connection, or a stale one, once more. */
export const DEFAULT_RETRY: RetryRule = {
  attempts: 1,
  asked: false,
  statuses: [],
  methods: IDEMPOTENT_METHODS,
  baseMs: 25,
  maxMs: 250,
};

/**
 * The fact that refuses another attempt, or undefined when none does. Budget and instances are not looked at.
 * A failure to connect may be tried again for any method, because the instance has seen nothing of it.
 */
export function refusalOf(
  rule: RetryRule,
  attempt: number,
  method: string,
  outcome: Outcome,
  facts: RetryFacts,
): StopReason | undefined {
  if (outcome.kind === "cancelled") return "cancelled";
  if (facts.responseStarted === true) return "response-started";
  if (outcome.kind !== "failure" && !rule.statuses.includes(outcome.status)) return "delivered";
  if (rule.attempts === 0) return "switched-off";
  if (attempt > rule.attempts) return "attempts";
  if (outcome.kind === "failure" && !isRetriable(rule, outcome, facts)) return "not-retriable";
  const unsent = outcome.kind === "failure" && outcome.stage === "connect";
  if (!unsent && !rule.methods.includes(method)) return "method";
  return facts.replayable ? undefined : "body";
}

function isRetriable(rule: RetryRule, outcome: FailureOutcome, facts: RetryFacts): boolean {
  if (outcome.stage === "connect") return true;
  if (outcome.stage === "body" || outcome.stage === "upgrade") return false;
  const lost = outcome.cause === "reset" || outcome.cause === "closed";
  if (rule.asked) return lost || outcome.cause === "timeout";
  return lost && facts.reusedConnection === true;
}

/**
 * The pause before the next attempt: uniform in [0, bound), the bound doubling from `baseMs` to `maxMs`, but
 * at least what the instance asked for. A first retry of the rule that nobody asked for does not wait.
 *
 * Source: Envoy, jittered exponential back-off.
 */
export function pauseOf(
  rule: RetryRule,
  attempt: number,
  draw: () => number,
  facts: RetryFacts,
): number {
  if (!rule.asked) return 0;
  const bound = Math.min(rule.baseMs * 2 ** (attempt - 1), rule.maxMs);
  return Math.max(draw() * bound, facts.retryAfterMs ?? 0);
}

/**
 * Longest pause that an instance may ask for where the request has no limit of its own: a client is not held for hours.
 * Unit: milliseconds.
 */
export const MAX_PAUSE_MS = 30_000;
