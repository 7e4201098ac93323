import type { Timers } from "../src/timers.js";

/** A clock that is moved by hand. */
export class FakeTimers implements Timers {
  #now = 1000;
  readonly #waiting = new Set<{ readonly at: number; readonly callback: () => void }>();

  now(): number {
    return this.#now;
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer = { at: this.#now + delayMs, callback };
    this.#waiting.add(timer);
    return () => this.#waiting.delete(timer);
  }

  /** How long each timer still has, shortest first. */
  delays(): readonly number[] {
    return [...this.#waiting].map(({ at }) => at - this.#now).toSorted((a, b) => a - b);
  }

  /** Moves the clock, and calls back whose time comes on the way. */
  advance(byMs: number): void {
    const end = this.#now + byMs;
    for (;;) {
      const due = [...this.#waiting].filter(({ at }) => at <= end).toSorted((a, b) => a.at - b.at);
      const [next] = due;
      if (next === undefined) break;
      this.#waiting.delete(next);
      this.#now = next.at;
      next.callback();
    }
    this.#now = end;
  }
}
