import type {
  Decision,
  ForwardDecision,
  Outcome,
  RequestView,
  RetryFacts,
  StopReason,
} from "@signalbox/core";
import type { Failure } from "./failure.js";

/** What became of one request, told once when it is over. */
export interface ExchangeEnd {
  readonly view: RequestView;
  /** The last decision: that of the last attempt where there were several. */
  readonly decision: Decision;
  /** Status that went to the client; 499 when it left before there was one. */
  readonly status: number;
  /** Whether the response went out whole. */
  readonly isComplete: boolean;
  /** Attempts that were started. */
  readonly attempts: number;
  /** Unit: milliseconds. */
  readonly durationMs: number;
  /** Why it did not come to its end, or why the last attempt failed; for logs. Undefined when all went well. */
  readonly failure?: Failure;
  /** The attempts that failed, in their order. */
  readonly failed: readonly FailedAttempt[];
}

/** An attempt that failed, and what the gateway said to it. */
export interface FailedAttempt {
  readonly decision: ForwardDecision;
  readonly outcome: Outcome;
  readonly facts: RetryFacts;
  /** `retry`, or `hedged` when another attempt was still under way, or the fact that refused one. */
  readonly next: "retry" | "hedged" | StopReason;
}

/** Something that is over. */
export interface Over {
  end(): ExchangeEnd;
}
