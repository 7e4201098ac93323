/** How far an attempt had come when it failed or was cancelled. */
export type OutcomeStage = "connect" | "send" | "head" | "body" | "upgrade";

/** Why an attempt failed, always on the side of the instance. */
export type FailureCause =
  | "refused"
  | "unreachable"
  | "dns"
  | "tls"
  | "timeout"
  | "reset"
  | "closed"
  | "protocol"
  | "truncated"
  | "overflow";

/** The response head has arrived; the body is still to come. May be reported once, before the final outcome. */
export interface HeadOutcome {
  readonly kind: "head";
  readonly status: number;
  /** From the start of the attempt to the response head. Unit: milliseconds. */
  readonly headMs: number;
}

/** The response came whole, whatever its status. */
export interface ResponseOutcome {
  readonly kind: "response";
  readonly status: number;
  /** From the start of the attempt to the last byte. Unit: milliseconds. */
  readonly totalMs: number;
}

/** The instance failed to give a whole response. */
export interface FailureOutcome {
  readonly kind: "failure";
  readonly stage: OutcomeStage;
  readonly cause: FailureCause;
}

/** The client left first, or sent nonsense: counts against nobody. */
export interface CancelledOutcome {
  readonly kind: "cancelled";
  readonly stage: OutcomeStage;
}

/** What an attempt came to, as it is told to `gateway.report`. */
export type Outcome = HeadOutcome | ResponseOutcome | FailureOutcome | CancelledOutcome;
