import {
  buildUpstreamRequest,
  type ForwardDecision,
  type Gateway,
  type Outcome,
  type RequestView,
} from "@signalbox/core";
import type { RequestBody } from "./body.js";
import { failureOf, stageOf, type Failure } from "./failure.js";
import type { AttemptController, AttemptHandler, InstancePool, Slot, SlotWaiter } from "./pool.js";

type Headers = Record<string, string | string[] | undefined>;

/** The exchange that an attempt belongs to. */
export interface AttemptOwner {
  readonly gateway: Gateway;
  readonly view: RequestView;
  readonly body: RequestBody | null;
  continueBody(): void;
  onInterim(status: number, headers: Headers): void;
  /** Starts the next attempt instead of this response; undefined when the response is to be delivered. */
  retryAfter(status: number, retryAfter: string | undefined): (() => void) | undefined;
  onHead(status: number, headers: Headers): void;
  /** False when the client has to catch up first. */
  onData(chunk: Buffer): boolean;
  onEnd(): void;
  onFailure(failure: Failure, outcome: Outcome, reusedConnection: boolean): void;
  onOverflow(): void;
}

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
export class Attempt implements SlotWaiter, AttemptHandler {
  readonly #owner: AttemptOwner;
  readonly #decision: ForwardDecision;
  readonly #startedAt: number;
  #pool: InstancePool | undefined;
  #slot: Slot | undefined;
  #controller: AttemptController | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isReused = false;
  #isSent = false;
  #status = 0;
  #interim = 0;
  #discarded = -1;
  /** Reported, and of no more interest to the exchange. */
  #isSettled = false;

  /** @param startedAt when it begins, on the clock of `performance` */
  constructor(owner: AttemptOwner, decision: ForwardDecision, startedAt: number) {
    this.#owner = owner;
    this.#startedAt = startedAt;
    this.#decision = decision;
    const { attemptMs } = decision.timeouts;
    if (attemptMs > 0) this.#timer = setTimeout(() => this.#onTimeout(), attemptMs);
  }

  begin(pool: InstancePool): void {
    this.#pool = pool;
    const slot = pool.take(this);
    if (typeof slot === "object") {
      this.onSlot(slot);
    } else if (slot === "full") {
      this.#settle({ kind: "cancelled", stage: "connect" });
      this.#owner.onOverflow();
    }
  }

  onSlot(slot: Slot): void {
    this.#slot = slot;
    const { view, body } = this.#owner;
    const { method, path, headers } = buildUpstreamRequest(view, this.#decision);
    slot.send({ method, path, headers, body, idleMs: this.#decision.timeouts.idleMs }, this);
  }

  onPoolClosed(): void {
    this.#end({ side: "instance", cause: "closed" }, { kind: "cancelled", stage: "connect" });
  }

  /** Reports the head of a response whose body is still to come, so that health learns of it at once. */
  reportHead(): void {
    if (this.#isSettled) return;
    const headMs = performance.now() - this.#startedAt;
    this.#owner.gateway.report(this.#decision, { kind: "head", status: this.#status, headMs });
  }

  /** The client left, or sent nonsense: nobody is to blame. */
  cancel(): void {
    this.#stop({ kind: "cancelled", stage: this.#stage() });
  }

  /** The time of the whole request is up. */
  timeOut(): void {
    this.#stop(this.#timeoutOutcome());
  }

  // An attempt that still stood in our own queue is no fault of the instance.
  #timeoutOutcome(): Outcome {
    const stage = this.#stage();
    if (this.#slot === undefined) return { kind: "cancelled", stage };
    return { kind: "failure", stage, cause: "timeout" };
  }

  resume(): void {
    this.#controller?.resume();
  }

  #onTimeout(): void {
    const outcome = this.#timeoutOutcome();
    if (this.#stop(outcome))
      this.#owner.onFailure({ side: "instance", cause: "timeout" }, outcome, false);
  }

  // --- what undici calls ---

  onRequestStart(controller: AttemptController): void {
    // The client left while the connection was made. A throw, unlike an abort, keeps the connection.
    if (this.#isSettled) throw new Error("not wanted any more");
    this.#controller = controller;
    this.#isReused = this.#slot?.countRequest() === true;
    if (this.#owner.body !== null) this.#owner.continueBody();
  }

  onRequestSent(): void {
    this.#isSent = true;
  }

  onResponseStart(controller: AttemptController, status: number, headers: Headers): void {
    if (this.#isSettled) return;
    if (status < 200) {
      // Nobody asked to switch protocols, and 101 has no meaning else (RFC 9110 section 15.2.2).
      if (status <= 101 || ++this.#interim > MAX_INTERIM)
        controller.abort(new ProtocolError(`unexpected ${status}`));
      else this.#owner.onInterim(status, headers);
      return;
    }
    if (status > 999) {
      controller.abort(new ProtocolError(`unexpected ${status}`));
      return;
    }
    this.#status = status;
    if (status >= 400 && this.#tryAgain(status, headers)) return;
    this.#owner.onHead(status, headers);
  }

  onResponseData(controller: AttemptController, chunk: Buffer): void {
    if (this.#discarded >= 0) {
      this.#discarded += chunk.length;
      if (this.#discarded > MAX_DISCARD) controller.abort(new Error("not wanted"));
      return;
    }
    if (this.#isSettled || chunk.length === 0) return;
    if (!this.#owner.onData(chunk)) controller.pause();
  }

  onResponseEnd(): void {
    const isBroken = this.#slot?.isBroken === true;
    this.#giveBack();
    if (this.#isSettled) return;
    if (isBroken) {
      // The body ended because the connection died: only an orderly close ends a body without a length.
      this.#end(
        { side: "instance", cause: "truncated" },
        { kind: "failure", stage: "body", cause: "truncated" },
      );
      return;
    }
    this.#settle({
      kind: "response",
      status: this.#status,
      totalMs: performance.now() - this.#startedAt,
    });
    this.#owner.onEnd();
  }

  onResponseError(controller: AttemptController | null | undefined, error: Error): void {
    this.#controller ??= controller ?? undefined;
    const stage = this.#stage();
    this.#giveBack();
    if (this.#isSettled) return;
    const failure = failureOf(error);
    this.#end(
      failure,
      failure.side === "instance"
        ? { kind: "failure", stage, cause: failure.cause }
        : { kind: "cancelled", stage },
    );
  }

  // --- ends ---

  #tryAgain(status: number, headers: Headers): boolean {
    const header = headers["retry-after"];
    const next = this.#owner.retryAfter(status, typeof header === "string" ? header : undefined);
    if (next === undefined) return false;
    this.#discarded = 0;
    this.#settle({ kind: "response", status, totalMs: performance.now() - this.#startedAt });
    this.#timer = setTimeout(() => this.#controller?.abort(new Error("not wanted")), DISCARD_MS);
    next();
    return true;
  }

  #stage() {
    return stageOf({
      isStarted: this.#controller !== undefined,
      isSent: this.#isSent || this.#owner.body === null,
      hasHead: this.#status > 0,
    });
  }

  #end(failure: Failure, outcome: Outcome): void {
    if (this.#settle(outcome)) this.#owner.onFailure(failure, outcome, this.#isReused);
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
    clearTimeout(this.#timer);
    this.#owner.gateway.report(this.#decision, outcome);
    return true;
  }

  #giveBack(): void {
    clearTimeout(this.#timer);
    const slot = this.#slot;
    this.#slot = undefined;
    if (slot !== undefined) this.#pool?.give(slot);
  }
}

/** An answer that breaks the protocol. */
class ProtocolError extends Error {
  override readonly name = "HTTPParserError";
}
