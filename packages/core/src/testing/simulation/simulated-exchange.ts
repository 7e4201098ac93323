import type { ForwardDecision } from "../../decision.js";
import type { Outcome } from "../../outcome.js";
import type { RequestView } from "../../request.js";
import type { Served } from "./simulated-instance.js";
import type { SimulatedWorld } from "./simulate.js";

/** One request of a client, from its decision over all its attempts to its answer. */
export class SimulatedExchange {
  readonly #world: SimulatedWorld;
  readonly #view: RequestView;
  readonly #beganAt: number;
  readonly #done: (status: number) => void;
  #isOver = false;
  /** The attempt that is waited for. */
  #current: ForwardDecision | undefined;

  constructor(world: SimulatedWorld, view: RequestView, done: (status: number) => void) {
    this.#world = world;
    this.#view = view;
    this.#beganAt = world.now;
    this.#done = done;
  }

  begin(): void {
    const decision = this.#world.gateway.decide(this.#view);
    if (decision.kind === "forward") {
      const { requestMs } = decision.timeouts;
      if (requestMs > 0) this.#world.after(requestMs, () => this.#endAttempt("timeout", 504));
      this.#attempt(decision);
      return;
    }
    if (decision.kind === "reject") this.#world.onRefused(decision.reason);
    this.#end(decision.kind === "none" ? 404 : decision.status);
  }

  /** The client leaves. */
  leave(): void {
    this.#endAttempt("cancelled", 499);
  }

  #endAttempt(kind: "timeout" | "cancelled", status: number): void {
    if (this.#isOver) return;
    const current = this.#current;
    this.#current = undefined;
    if (current !== undefined)
      this.#world.gateway.report(
        current,
        kind === "timeout"
          ? { kind: "failure", stage: "head", cause: "timeout" }
          : { kind: "cancelled", stage: "head" },
      );
    this.#end(status);
  }

  #attempt(decision: ForwardDecision): void {
    const { world, startedAt } = { world: this.#world, startedAt: this.#world.now };
    const instance = world.instanceAt(decision.instance.id);
    if (!world.gateway.start(decision) || instance === undefined) {
      this.#end(503);
      return;
    }
    this.#current = decision;
    world.onAttempt(decision.attempt);
    const isWaitedFor = () => this.#current === decision;
    const { attemptMs, idleMs } = decision.timeouts;
    const limit = attemptMs > 0 ? attemptMs : idleMs;
    if (limit > 0)
      world.after(limit, () => {
        if (isWaitedFor()) this.#settle(decision, TIMEOUT, 504);
      });
    const done = (served: Served): void => {
      const ms = world.now - startedAt;
      if (!isWaitedFor()) world.onWasted(served.kind === "response" ? ms : 0);
      else if (served.kind === "response")
        this.#settle(
          decision,
          { kind: "response", status: served.status, totalMs: ms },
          served.status,
        );
      else this.#settle(decision, served, 502);
    };
    instance.serve({ done }, world.now);
  }

  #settle(decision: ForwardDecision, outcome: Outcome, status: number): void {
    const { gateway } = this.#world;
    this.#current = undefined;
    gateway.report(decision, outcome);
    const { requestMs } = decision.timeouts;
    const remainingMs = requestMs > 0 ? this.#beganAt + requestMs - this.#world.now : undefined;
    const facts = {
      replayable: true,
      ...(remainingMs === undefined ? {} : { remainingMs }),
    };
    const next = gateway.retry(decision, outcome, facts);
    if (next.kind === "stop") this.#end(status);
    else
      this.#world.after(next.delayMs, () => {
        if (!this.#isOver) this.#attempt(next.decision);
      });
  }

  #end(status: number): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#done(status);
  }
}

const TIMEOUT: Outcome = { kind: "failure", stage: "head", cause: "timeout" };
