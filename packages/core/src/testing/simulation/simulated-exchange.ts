import type { ForwardDecision } from "../../decision.js";
import type { Outcome } from "../../outcome.js";
import type { RetryDecision } from "../../next-attempt.js";
import type { RequestView } from "../../request.js";
import { CANCELLED, SimulatedAttempt, TIMEOUT, type AttemptOwner } from "./simulated-attempt.js";
import type { SimulatedWorld } from "./simulated-world.js";
import { TimeLimit, type LimitOwner } from "./time-limit.js";

/** Whoever asked. */
export interface ExchangeOwner {
  /** Told once. @param status 499 when the client left */
  onAnswer(status: number): void;
}

const NOTHING: readonly never[] = [];

/**
 * One request, from its decision over all its attempts to its answer: one after another where they fail, side by side where the
 * route hedges, as a proxy makes them.
 */
export class SimulatedExchange implements AttemptOwner, LimitOwner {
  readonly #world: SimulatedWorld;
  readonly #view: RequestView;
  readonly #owner: ExchangeOwner;
  readonly #beganAt: number;
  #isOver = false;
  /** The first of those that are waited for. */
  #current: SimulatedAttempt | undefined;
  #beside: readonly SimulatedAttempt[] = NOTHING;
  #latest: ForwardDecision | undefined;
  #patience: TimeLimit | undefined;
  #request: TimeLimit | undefined;
  #silence: TimeLimit | undefined;
  #hedge: TimeLimit | undefined;

  constructor(world: SimulatedWorld, view: RequestView, owner: ExchangeOwner) {
    this.#world = world;
    this.#view = view;
    this.#owner = owner;
    this.#beganAt = world.clock.now;
  }

  /** @param patienceMs how long the client waits; `Infinity` for ever */
  begin(patienceMs: number): void {
    const { gateway, clock, recorder } = this.#world;
    const decision = gateway.decide(this.#view);
    if (decision.kind !== "forward") {
      if (decision.kind === "reject") recorder.onRefused(decision.reason);
      this.#end(decision.kind === "none" ? 404 : decision.status);
      return;
    }
    if (patienceMs < Number.POSITIVE_INFINITY)
      clock.limit((this.#patience = new TimeLimit(this)), patienceMs);
    const { requestMs } = decision.timeouts;
    if (requestMs > 0) clock.limit((this.#request = new TimeLimit(this)), requestMs);
    this.#current = this.#open(decision);
    this.#current?.begin();
  }

  /** Takes the place of an attempt; undefined when its instance is gone. */
  #open(decision: ForwardDecision): SimulatedAttempt | undefined {
    const { gateway, clock, recorder } = this.#world;
    if (!gateway.start(decision)) return undefined;
    recorder.onAttempt(decision.attempt);
    this.#latest = decision;
    const { headMs, idleMs } = decision.timeouts;
    const silenceMs = Math.min(
      headMs || Number.POSITIVE_INFINITY,
      idleMs || Number.POSITIVE_INFINITY,
    );
    if (silenceMs < Number.POSITIVE_INFINITY)
      clock.limit((this.#silence ??= new TimeLimit(this)), silenceMs);
    if (decision.hedge !== undefined)
      clock.limit((this.#hedge ??= new TimeLimit(this)), decision.hedge.delayMs);
    return new SimulatedAttempt(this.#world, this, decision);
  }

  onLimit(limit: TimeLimit): void {
    if (limit === this.#patience) this.#give(CANCELLED, 499);
    else if (limit === this.#request) this.#give(TIMEOUT, 504);
    else if (limit === this.#hedge) this.#addBeside();
    else {
      for (const attempt of this.#beside) attempt.expire();
      this.#current?.expire();
    }
  }

  /** Gives the request up, whatever is under way. */
  #give(outcome: Outcome, status: number): void {
    this.#current?.settle(outcome);
    for (const attempt of this.#beside) attempt.settle(CANCELLED);
    this.#end(status);
  }

  #addBeside(): void {
    if (this.#current === undefined || this.#latest === undefined) return;
    const next = this.#world.gateway.hedge(this.#latest, this.#facts());
    const attempt = next.kind === "stop" ? undefined : this.#open(next.decision);
    if (attempt === undefined) return;
    this.#beside = [...this.#beside, attempt];
    attempt.begin();
  }

  onOutcome(attempt: SimulatedAttempt, outcome: Outcome, status: number): void {
    if (status < 400) {
      this.#take(attempt, status);
      return;
    }
    const { decision } = attempt;
    const next = this.#ask(decision, outcome);
    // A response that nothing follows goes to the client, also while others are waited for.
    if (next.kind === "stop" && outcome.kind === "response") {
      this.#take(attempt, status);
      return;
    }
    this.#drop(attempt);
    if (this.#current !== undefined) return;
    this.#silence?.clear();
    this.#hedge?.clear();
    if (next.kind === "stop") this.#end(status);
    else this.#world.clock.after(next.delayMs, () => this.#again(next, decision, outcome));
  }

  #ask(decision: ForwardDecision, outcome: Outcome): RetryDecision {
    return this.#world.gateway.retry(decision, outcome, this.#facts());
  }

  #facts(): { readonly replayable: boolean; readonly remainingMs?: number } {
    if (this.#request === undefined) return REPLAYABLE;
    return { replayable: true, remainingMs: this.#request.at - this.#world.clock.now };
  }

  #again(next: RetryDecision, before: ForwardDecision, outcome: Outcome): void {
    if (this.#isOver || next.kind === "stop") return;
    this.#current = this.#open(next.decision);
    if (this.#current === undefined) {
      // The instance left during the pause: another one is asked for.
      const other = this.#ask(before, outcome);
      this.#current = other.kind === "stop" ? undefined : this.#open(other.decision);
    }
    if (this.#current === undefined) this.#end(503);
    else this.#current.begin();
  }

  #drop(attempt: SimulatedAttempt): void {
    if (attempt === this.#current) {
      this.#current = this.#beside[0];
      this.#beside = this.#beside.length > 1 ? this.#beside.slice(1) : NOTHING;
    } else this.#beside = this.#beside.filter((other) => other !== attempt);
  }

  #take(winner: SimulatedAttempt, status: number): void {
    if (this.#beside.length > 0) {
      if (this.#current !== winner) this.#current?.settle(CANCELLED);
      for (const other of this.#beside) if (other !== winner) other.settle(CANCELLED);
    }
    this.#end(status);
  }

  #end(status: number): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#current = undefined;
    this.#beside = NOTHING;
    this.#patience?.clear();
    this.#request?.clear();
    this.#silence?.clear();
    this.#hedge?.clear();
    const { clock, recorder } = this.#world;
    recorder.onAnswer(status, clock.now - this.#beganAt);
    this.#owner.onAnswer(status);
  }
}

const REPLAYABLE = { replayable: true };
