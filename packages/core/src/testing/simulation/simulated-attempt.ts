import type { ForwardDecision } from "../../decision.js";
import type { Outcome } from "../../outcome.js";
import type { Work } from "./simulated-instance.js";
import type { SimulatedWorld } from "./simulated-world.js";
import { TimeLimit, type LimitOwner } from "./time-limit.js";

/** What waits for an attempt. */
export interface AttemptOwner {
  /** @param status what the client gets if nothing follows */
  onOutcome(attempt: SimulatedAttempt, outcome: Outcome, status: number): void;
}

/** One attempt at one instance. The instance works on what it has taken whether or not somebody still waits. */
export class SimulatedAttempt implements Work, LimitOwner {
  readonly decision: ForwardDecision;
  readonly #world: SimulatedWorld;
  readonly #owner: AttemptOwner;
  readonly #startedAt: number;
  readonly #limit: TimeLimit | undefined;
  #isOver = false;

  constructor(world: SimulatedWorld, owner: AttemptOwner, decision: ForwardDecision) {
    this.#world = world;
    this.#owner = owner;
    this.decision = decision;
    this.#startedAt = world.clock.now;
    this.#limit = decision.timeouts.attemptMs > 0 ? new TimeLimit(this) : undefined;
  }

  begin(): void {
    const { decision } = this;
    if (this.#limit !== undefined)
      this.#world.clock.limit(this.#limit, decision.timeouts.attemptMs);
    this.#world.instanceAt(decision.instance.id).serve(this);
  }

  /** Reports what became of it. Nobody waits for it from now on. */
  settle(outcome: Outcome): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#limit?.clear();
    this.#world.gateway.report(this.decision, outcome);
  }

  /** It has taken too long. */
  expire(): void {
    if (!this.#isOver) this.#come(TIMEOUT, 504);
  }

  onLimit(): void {
    this.expire();
  }

  onResponse(status: number, workedMs: number): void {
    if (this.#isOver) this.#world.recorder.onWasted(workedMs);
    else {
      const totalMs = this.#world.clock.now - this.#startedAt;
      this.#come({ kind: "response", status, totalMs }, status);
    }
  }

  onFailure(stage: "connect" | "head", cause: "refused" | "reset", workedMs: number): void {
    if (this.#isOver) this.#world.recorder.onWasted(workedMs);
    else this.#come({ kind: "failure", stage, cause }, 502);
  }

  #come(outcome: Outcome, status: number): void {
    this.settle(outcome);
    this.#owner.onOutcome(this, outcome, status);
  }
}

export const TIMEOUT: Outcome = { kind: "failure", stage: "head", cause: "timeout" };
export const CANCELLED: Outcome = { kind: "cancelled", stage: "head" };
