import type {
  ForwardDecision,
  Gateway,
  Outcome,
  OutcomeStage,
  RetryDecision,
  RetryFacts,
} from "@signalbox/core";
import { Attempt } from "./attempt.js";
import type { AttemptOwner } from "./attempt-owner.js";
import type { RequestBody } from "./body.js";
import { Deadline, type DeadlineOwner } from "./deadlines.js";
import type { FailedAttempt } from "./exchange-end.js";
import type { Headers } from "./head-record.js";
import type { Pools } from "./pools.js";
import { retryAfterOf } from "./retry-after.js";

/** The exchange that attempts belong to. */
export interface AttemptsOwner extends AttemptOwner {
  readonly pools: Pools;
  readonly body: RequestBody | null;
  /** What is left of the time of the whole request; undefined for no limit. Unit: milliseconds. */
  readonly remainingMs: number | undefined;
  /** An attempt is about to begin. */
  onAttempt(now: number): void;
  /** The instance of the next attempt has left, and there is no other. */
  onNoInstance(): void;
}

const NOTHING: readonly never[] = [];

/** The attempts of one exchange: one after another where they fail, side by side where its route hedges. */
export class Attempts implements DeadlineOwner {
  readonly #owner: AttemptsOwner;
  readonly #startedAt: number;
  /** The one whose response is taken, or that was first of those that are waited for. */
  #current: Attempt | undefined;
  /** The latest of those that were sent one after another. */
  #sender: Attempt | undefined;
  #beside: readonly Attempt[] = NOTHING;
  #decision: ForwardDecision;
  #started = 0;
  #failed: readonly FailedAttempt[] = NOTHING;
  #isTaken = false;
  #isOver = false;
  #hedgeDeadline: Deadline | undefined;
  #pause: NodeJS.Timeout | undefined;

  constructor(owner: AttemptsOwner, decision: ForwardDecision, startedAt: number) {
    this.#owner = owner;
    this.#decision = decision;
    this.#startedAt = startedAt;
  }

  /** Attempts that were started. */
  get started(): number {
    return this.#started;
  }

  get failed(): readonly FailedAttempt[] {
    return this.#failed;
  }

  /** That of the attempt whose response was taken, or of the last one. */
  get decision(): ForwardDecision {
    return this.#decision;
  }

  /** Whether the response of one of them goes to the client. */
  get isTaken(): boolean {
    return this.#isTaken;
  }

  get current(): Attempt | undefined {
    return this.#current;
  }

  /** How far the current one has come. */
  get stage(): OutcomeStage {
    return this.#current?.stage ?? (this.#isTaken ? "body" : "connect");
  }

  /** Whether an instance is waited for. A queue, a pause and the making of a connection have limits of their own. */
  get isWaitedFor(): boolean {
    return this.#current?.hasSlot === true && this.#current.stage !== "connect";
  }

  /** Starts an attempt; false when its instance is gone. */
  send(decision: ForwardDecision): boolean {
    const attempt = this.#open(decision);
    if (attempt === undefined) return false;
    if (this.#started > 1) this.#owner.body?.rewind();
    this.#current = attempt;
    this.#sender = attempt;
    this.#begin(attempt);
    return true;
  }

  get #gateway(): Gateway {
    return this.#owner.gateway;
  }

  #open(decision: ForwardDecision): Attempt | undefined {
    if (!this.#gateway.start(decision)) return undefined;
    if (this.#owner.pools.of(decision) === undefined) {
      this.#gateway.report(decision, { kind: "cancelled", stage: "connect" });
      return undefined;
    }
    this.#decision = decision;
    this.#started++;
    const startedAt = this.#started === 1 ? this.#startedAt : performance.now();
    this.#owner.onAttempt(startedAt);
    return new Attempt(this.#owner, decision, startedAt);
  }

  #begin(attempt: Attempt): void {
    const { decision } = attempt;
    if (decision.hedge !== undefined) {
      this.#hedgeDeadline ??= new Deadline(this);
      this.#owner.deadlines.set(this.#hedgeDeadline, decision.hedge.delayMs);
    }
    const pool = this.#owner.pools.of(decision);
    const queueMs = this.#gateway.connectOf(decision.service)?.queueMs ?? 0;
    if (pool !== undefined) attempt.begin(pool, queueMs);
  }

  /** Whether an attempt sends the body of the client itself. One beside it sends what is kept. */
  isFirst(attempt: Attempt): boolean {
    return attempt === this.#sender;
  }

  /** From here on there is one attempt, and no other. */
  take(attempt: Attempt): void {
    this.#isTaken = true;
    this.#decision = attempt.decision;
    if (this.#hedgeDeadline !== undefined) this.#owner.deadlines.clear(this.#hedgeDeadline);
    if (this.#beside.length > 0) {
      this.#cancelAll(attempt);
      this.#current = attempt;
    }
  }

  /** The current one has come to its end. */
  done(): void {
    this.#current = undefined;
  }

  /**
   * Takes an attempt that failed out. What follows is undefined when nothing does: then its failure is the answer,
   * unless another is still waited for.
   */
  afterFailure(
    attempt: Attempt,
    outcome: Outcome,
  ): { readonly isWaiting: boolean; readonly next: (() => void) | undefined } {
    const facts = this.#facts(attempt.isReused);
    this.#drop(attempt);
    const isWaiting = this.#current !== undefined;
    return { isWaiting, next: this.#ask(attempt, outcome, facts, isWaiting) };
  }

  /** What follows instead of a response, when the route wants another one; undefined when it is to be delivered. */
  afterStatus(attempt: Attempt, status: number, headers: Headers): (() => void) | undefined {
    const outcome: Outcome = {
      kind: "response",
      status,
      totalMs: attempt.elapsedMs,
    };
    const facts = this.#facts(false);
    const retryAfterMs = retryAfterOf(headers["retry-after"]);
    const asked = retryAfterMs === undefined ? facts : { ...facts, retryAfterMs };
    const isWaiting = this.#beside.length > 0;
    const next = this.#ask(attempt, outcome, asked, isWaiting);
    if (next === undefined) return undefined;
    this.#drop(attempt);
    return isWaiting ? ignore : next;
  }

  #drop(attempt: Attempt): void {
    if (attempt !== this.#current) {
      this.#beside = this.#beside.filter((other) => other !== attempt);
      return;
    }
    this.#current = this.#beside[0];
    this.#beside = this.#beside.length > 1 ? this.#beside.slice(1) : NOTHING;
  }

  #facts(reusedConnection: boolean): RetryFacts {
    const { body, remainingMs } = this.#owner;
    const replayable = body === null || body.isReplayable;
    const facts = { replayable, reusedConnection, responseStarted: this.#isTaken };
    return remainingMs === undefined ? facts : { ...facts, remainingMs };
  }

  #ask(
    { decision }: Attempt,
    outcome: Outcome,
    facts: RetryFacts,
    isWaiting: boolean,
  ): (() => void) | undefined {
    const ask = (): RetryDecision => this.#gateway.retry(decision, outcome, facts);
    const next = ask();
    if (outcome.kind === "failure" || next.kind === "retry") {
      const said = next.kind === "stop" ? next.reason : isWaiting ? "hedged" : "retry";
      this.#failed = [...this.#failed, { decision, outcome, facts, next: said }];
    }
    if (next.kind === "stop") return undefined;
    return () => this.#sendAfter(next.delayMs, next.decision, ask);
  }

  #sendAfter(delayMs: number, decision: ForwardDecision, ask: () => RetryDecision): void {
    const send = (): void => {
      if (this.#isOver || this.send(decision)) return;
      // The instance left during the pause: another one is asked for.
      const other = ask();
      if (other.kind === "stop" || !this.send(other.decision)) this.#owner.onNoInstance();
    };
    if (delayMs > 0) this.#pause = setTimeout(send, delayMs);
    else queueMicrotask(send);
  }

  /** The time to wait for the latest attempt alone is up. */
  onDeadline(): void {
    if (this.#isTaken || this.#current === undefined) return;
    const { body, remainingMs } = this.#owner;
    const replayable = body === null || body.whole !== undefined;
    const facts = remainingMs === undefined ? { replayable } : { replayable, remainingMs };
    const next = this.#gateway.hedge(this.#decision, facts);
    const attempt = next.kind === "stop" ? undefined : this.#open(next.decision);
    if (attempt === undefined) return;
    this.#beside = [...this.#beside, attempt];
    this.#begin(attempt);
  }

  /** All that are waited for have taken too long. */
  expire(): void {
    for (const attempt of this.#beside) attempt.expire();
    this.#current?.expire();
  }

  /** The time of the whole request is up. */
  timeOut(): void {
    const current = this.#current;
    for (const attempt of this.#beside) attempt.cancel();
    this.#beside = NOTHING;
    this.#current = undefined;
    this.end();
    current?.timeOut();
  }

  /** Nothing is wanted of any of them. */
  cancel(): void {
    this.#cancelAll(undefined);
    this.#current = undefined;
    this.end();
  }

  /** No further attempt is made. */
  end(): void {
    this.#isOver = true;
    clearTimeout(this.#pause);
    if (this.#hedgeDeadline !== undefined) this.#owner.deadlines.clear(this.#hedgeDeadline);
  }

  #cancelAll(winner: Attempt | undefined): void {
    const beside = this.#beside;
    this.#beside = NOTHING;
    if (this.#current !== winner) this.#current?.cancel();
    for (const other of beside) if (other !== winner) other.cancel();
  }
}

function ignore(): void {}
