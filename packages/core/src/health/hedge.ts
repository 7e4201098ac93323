import type { HedgeRule, RetryRule } from "../decision.js";
import type { StopReason } from "./retry.js";

/** What the forwarder knows of a request that it waits for, and core does not. */
export interface HedgeFacts {
  /** Whether the body can be sent again while the first attempt goes on: there is none, or all of it is kept. */
  readonly replayable: boolean;
  /** What is left of `requestMs`. Default: no limit. Unit: milliseconds. */
  readonly remainingMs?: number;
}

/** What of a decision hedging looks at. */
interface Hedged {
  readonly hedge: HedgeRule | undefined;
  readonly attempt: number;
  readonly request: { readonly method: string };
}

/**
 * The fact that refuses a second attempt beside one that is under way, or undefined. Budget and instances are not looked at.
 *
 * Sources: J. Dean and L. Barroso, "The tail at scale", 2013 (hedged requests); gRPC, proposal A6 (hedging policy).
 */
export function hedgeRefusalOf(
  { hedge, attempt, request }: Hedged,
  rule: RetryRule,
  facts: HedgeFacts,
): StopReason | undefined {
  if (hedge === undefined) return "switched-off";
  if (attempt > hedge.attempts) return "attempts";
  if (!rule.methods.includes(request.method)) return "method";
  if (!facts.replayable) return "body";
  return facts.remainingMs !== undefined && facts.remainingMs <= 0 ? "time" : undefined;
}
