import { EventQueue, type Action } from "./event-queue.js";
import { LimitList, type TimeLimit } from "./time-limit.js";

/** The time of a simulation, and what happens in it. Unit: milliseconds since the start. */
export class VirtualClock {
  readonly #events = new EventQueue();
  readonly #limits = new Map<number, LimitList>();
  readonly #plan = (at: number, action: Action): void => this.#events.plan(at, action);
  #now = 0;

  get now(): number {
    return this.#now;
  }

  /** Plans what happens at a time. What never happens need not be planned. */
  at(at: number, action: Action): void {
    if (at < Number.POSITIVE_INFINITY) this.#events.plan(at, action);
  }

  after(ms: number, action: Action): void {
    this.at(this.#now + ms, action);
  }

  /** Sets a limit of time, from now on. */
  limit(limit: TimeLimit, ms: number): void {
    limit.clear();
    let list = this.#limits.get(ms);
    if (list === undefined) {
      list = new LimitList(this.#plan);
      this.#limits.set(ms, list);
    }
    list.add(limit, this.#now + ms);
  }

  /** Lets everything happen that is planned, and that comes of it. */
  run(): void {
    for (;;) {
      const at = this.#events.nextAt;
      const action = this.#events.take();
      if (action === undefined) return;
      this.#now = at;
      action();
    }
  }
}
