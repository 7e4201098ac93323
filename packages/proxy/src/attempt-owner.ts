import type { Gateway, Outcome } from "@signalbox/core";
import type { Attempt } from "./attempt.js";
import type { Deadlines } from "./deadlines.js";
import type { Failure } from "./failure.js";
import type { Headers } from "./head-record.js";
import type { OutgoingRequest } from "./slot.js";

/** What an attempt belongs to: an exchange, or a copy of its request. */
export interface AttemptOwner {
  readonly gateway: Gateway;
  readonly deadlines: Deadlines;
  /** Whether somebody else keeps the instance waiting: its time is not counted against it. */
  readonly isHeldBack: boolean;
  /** The request as it goes to the instance of an attempt. */
  outgoing(attempt: Attempt): OutgoingRequest;
  /** The instance has a connection and takes the body. */
  onReady(attempt: Attempt): void;
  onSent(attempt: Attempt): void;
  /** The instance wants the body that it was asked about. */
  onContinue(attempt: Attempt): void;
  onInterim(attempt: Attempt, status: number, headers: Headers): void;
  /** True to take the response, false to throw it away. */
  onHead(attempt: Attempt, status: number, headers: Headers): boolean;
  /** False when the client has to catch up first. */
  onData(attempt: Attempt, chunk: Buffer): boolean;
  onEnd(attempt: Attempt, trailers: Headers): void;
  onFailure(attempt: Attempt, failure: Failure, outcome: Outcome): void;
  /** The outcome has been reported. */
  onReported(attempt: Attempt): void;
}
