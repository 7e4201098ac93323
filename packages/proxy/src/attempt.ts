import type { ForwardDecision, Outcome, OutcomeStage } from "@signalbox/core";
import type { AttemptOwner } from "./attempt-owner.js";
import { Deadline, type DeadlineOwner } from "./deadlines.js";
import { failureOf, stageOf, type Failure } from "./failure.js";
import type { Headers } from "./head-record.js";
import { LentBody } from "./lent-body.js";
import type { InstancePool } from "./pool.js";
import { isChunkedAlone } from "./view.js";
import {
  UnprocessedError,
  type AttemptController,
  type AttemptHandler,
  type Slot,
  type SlotWaiter,
} from "./slot.js";

/** Interim responses past this number end the attempt: an instance that never comes to the point is broken. */
const MAX_INTERIM = 50;

/** A response that is thrown away is read to its end up to this size; then its connection is given up. */
const MAX_DISCARD = 65_536;

/** How long the end of a response that is thrown away is waited for. */
const DISCARD_MS = 1_000;

/**
 * One attempt at one instance: waits for a connection, sends, and passes on what comes back. It reports to the
 * gateway exactly once, and gives its connection back exactly once, whatever happens.
 */
export class Attempt implements SlotWaiter, AttemptHandler, DeadlineOwner {
  readonly #owner: AttemptOwner;
  readonly decision: ForwardDecision;
  readonly #startedAt: number;
  #pool: InstancePool | undefined;
  #slot: Slot | undefined;
  #controller: AttemptController | undefined;
  /** Of the whole attempt, or of a response that is thrown away. */
  #deadline: Deadline | undefined;
  /** Of the wait for a connection. */
  #queueDeadline: Deadline | undefined;
  #isReused = false;
  #isSent = false;
  #body: LentBody | null = null;
  #status = 0;
  #interim = 0;
  #discarded = -1;
  /** Reported, and of no more interest to its owner. */
  #isSettled = false;

  /** @param startedAt when it begins, on the clock of `performance` */
  constructor(owner: AttemptOwner, decision: ForwardDecision, startedAt: number) {
    this.#owner = owner;
    this.#startedAt = startedAt;
    this.decision = decision;
    const { attemptMs } = decision.timeouts;
    if (attemptMs > 0) this.#limit(attemptMs, startedAt);
  }

  /** Whether it has a connection, or waits for one to be made. */
  get hasSlot(): boolean {
    return this.#slot !== undefined;
  }

  /** Whether nobody else ever sees the parts of the response. */
  get partsAreOurs(): boolean {
    return this.#slot?.partsAreOurs === true;
  }

  /** Since it began. Unit: milliseconds. */
  get elapsedMs(): number {
    return performance.now() - this.#startedAt;
  }

  /** Whether it went out on a connection that had served before. */
  get isReused(): boolean {
    return this.#isReused;
  }

  begin(pool: InstancePool, queueMs: number): void {
    this.#pool = pool;
    const slot = pool.take(this);
    if (typeof slot === "object") {
      this.onSlot(slot);
    } else if (slot === "full") {
      this.#endUnsent("overloaded");
    } else {
      this.#queueDeadline = new Deadline(this);
      this.#owner.deadlines.set(this.#queueDeadline, queueMs);
    }
  }

  onSlot(slot: Slot): void {
    this.#slot = slot;
    this.#clearQueueDeadline();
    const request = this.#owner.outgoing(this);
    if (request.body === null) return slot.send(request, this);
    this.#body = new LentBody(request.body);
    slot.send({ ...request, body: this.#body }, this);
  }

  onPoolClosed(): void {
    this.#endUnsent("closing");
  }

  /** Reports the head of a response whose body is still to come, so that health learns of it at once. */
  reportHead(): void {
    if (this.#isSettled) return;
    const { elapsedMs: headMs } = this;
    this.#owner.gateway.report(this.decision, { kind: "head", status: this.#status, headMs });
  }

  /** The client left, or sent nonsense: nobody is to blame. */
  cancel(): void {
    this.#stop({ kind: "cancelled", stage: this.stage });
  }

  /** The time of the whole request is up. */
  timeOut(): void {
    this.#stop(this.#timeoutOutcome());
  }

  /** The time of the attempt is up: its owner is told. */
  expire(): void {
    const { stage } = this;
    const outcome = this.#timeoutOutcome();
    const failure: Failure =
      outcome.kind === "failure"
        ? { side: "instance", stage, cause: "timeout" }
        : { side: "gateway", stage, cause: "timeout" };
    if (this.#stop(outcome)) this.#owner.onFailure(this, failure, outcome);
  }

  /** A stream has begun that has no end in view: it may take as long as it likes. */
  liftLimit(): void {
    if (this.#deadline !== undefined) this.#owner.deadlines.clear(this.#deadline);
  }

  // An attempt that still stood in our own queue is no fault of the instance, nor is one that others held back.
  #timeoutOutcome(): Outcome {
    const { stage } = this;
    if (this.#slot === undefined || this.#owner.isHeldBack) return { kind: "cancelled", stage };
    return { kind: "failure", stage, cause: "timeout" };
  }

  pause(): void {
    this.#controller?.pause();
  }

  resume(): void {
    this.#controller?.resume();
  }

  onDeadline(deadline: Deadline): void {
    if (deadline === this.#queueDeadline) {
      this.#pool?.cancel(this);
      this.#endUnsent("overloaded");
    } else if (this.#discarded >= 0) {
      this.#controller?.abort(new Error("not wanted"));
    } else {
      this.expire();
    }
  }

  // --- what the connection calls ---

  onRequestStart(controller: AttemptController): void {
    // The client left while the connection was made. A throw, unlike an abort, keeps the connection.
    if (this.#isSettled) throw new Error("not wanted any more");
    this.#controller = controller;
    this.#isReused = this.#slot?.countRequest() === true;
    // Not sooner: meanwhile another attempt may have the body.
    if (this.#body !== null) this.#slot?.carries(this.#body);
    this.#owner.onReady(this);
  }

  onRequestSent(): void {
    this.#isSent = true;
    if (!this.#isSettled) this.#owner.onSent(this);
  }

  onResponseStart(controller: AttemptController, status: number, headers: Headers): void {
    if (this.#isSettled) return;
    if (status < 200) {
      // Nobody asked to switch protocols, and 101 has no meaning else (RFC 9110 section 15.2.2).
      if (status === 101 || status < 100 || ++this.#interim > MAX_INTERIM)
        controller.abort(new ProtocolError(`unexpected ${status}`));
      else if (status === 100) this.#owner.onContinue(this);
      else this.#owner.onInterim(this, status, headers);
      return;
    }
    if (status > 999) {
      controller.abort(new ProtocolError(`unexpected ${status}`));
      return;
    }
    const codings = headers["transfer-encoding"];
    // The body would go on as if it were not coded.
    if (codings !== undefined && !isChunkedAlone(codings)) {
      controller.abort(
        new ProtocolError(`a transfer coding that nobody asked for: ${String(codings)}`),
      );
      return;
    }
    this.#status = status;
    if (this.#owner.onHead(this, status, headers)) return;
    this.#discarded = 0;
    this.#settle({ kind: "response", status, totalMs: this.elapsedMs });
    this.#limit(DISCARD_MS, performance.now());
  }

  onResponseData(controller: AttemptController, chunk: Buffer): void {
    if (this.#discarded >= 0) {
      this.#discarded += chunk.length;
      if (this.#discarded > MAX_DISCARD) controller.abort(new Error("not wanted"));
      return;
    }
    if (this.#isSettled || chunk.length === 0) return;
    if (!this.#owner.onData(this, chunk)) controller.pause();
  }

  onResponseEnd(_controller: AttemptController, trailers: Headers): void {
    const isBroken = this.#slot?.isBroken === true;
    this.#giveBack();
    if (this.#isSettled) return;
    if (isBroken) {
      // The body ended because the connection died: only an orderly close ends a body without a length.
      this.#end({ side: "instance", stage: "body", cause: "truncated" });
      return;
    }
    this.#settle({
      kind: "response",
      status: this.#status,
      totalMs: this.elapsedMs,
    });
    this.#owner.onEnd(this, trailers);
  }

  onResponseError(controller: AttemptController | null | undefined, error: Error): void {
    // Also where it had a connection before: an upload that is late is taken back from it, and goes over another one.
    const isUnsent = (controller ?? undefined) === undefined || error instanceof UnprocessedError;
    const stage = isUnsent ? "connect" : this.stage;
    this.#giveBack();
    if (!this.#isSettled) this.#end(failureOf(error, stage));
  }

  // --- ends ---

  /** How far it has come. */
  get stage(): OutcomeStage {
    return stageOf({
      isStarted: this.#controller !== undefined,
      isSent: this.#isSent || this.#body === null,
      hasHead: this.#status > 0,
    });
  }

  #end(failure: Failure): void {
    const { stage } = failure;
    const outcome: Outcome =
      failure.side === "instance"
        ? { kind: "failure", stage, cause: failure.cause }
        : { kind: "cancelled", stage };
    if (this.#settle(outcome)) this.#owner.onFailure(this, failure, outcome);
  }

  #endUnsent(cause: "overloaded" | "closing"): void {
    this.#end({ side: "gateway", stage: "connect", cause });
  }

  // Ends an attempt from our side. One that waits in the queue leaves it; one that is still connecting ends when
  // that has been decided; one that is under way loses its connection.
  #stop(outcome: Outcome): boolean {
    if (!this.#settle(outcome)) return false;
    if (this.#slot === undefined) this.#pool?.cancel(this);
    else this.#controller?.abort(new Error("stopped"));
    return true;
  }

  #settle(outcome: Outcome): boolean {
    if (this.#isSettled) return false;
    this.#isSettled = true;
    this.#clearDeadlines();
    this.#body?.takeBack();
    this.#owner.gateway.report(this.decision, outcome);
    this.#owner.onReported(this);
    return true;
  }

  #giveBack(): void {
    this.#clearDeadlines();
    const slot = this.#slot;
    this.#slot = undefined;
    if (slot !== undefined) this.#pool?.give(slot);
  }

  #limit(ms: number, from: number): void {
    this.#deadline ??= new Deadline(this);
    this.#owner.deadlines.set(this.#deadline, ms, from);
  }

  #clearDeadlines(): void {
    if (this.#deadline !== undefined) this.#owner.deadlines.clear(this.#deadline);
    this.#clearQueueDeadline();
  }

  #clearQueueDeadline(): void {
    if (this.#queueDeadline !== undefined) this.#owner.deadlines.clear(this.#queueDeadline);
  }
}

/** An answer that breaks the protocol. */
class ProtocolError extends Error {
  override readonly name = "HTTPParserError";
}
