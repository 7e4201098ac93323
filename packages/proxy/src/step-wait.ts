import { Deadline, type DeadlineOwner, type Deadlines } from "./deadlines.js";

/** Waits for one step of a policy at a time: one that never ends must not hold its request for ever. */
export class StepWait implements DeadlineOwner {
  readonly #deadlines: Deadlines;
  readonly #limitMs: number;
  readonly #deadline = new Deadline(this);
  /** Takes what the step that is waited for came to. */
  #settle: ((settled: unknown) => void) | undefined;

  /** @param limitMs 0 for no limit */
  constructor(deadlines: Deadlines, limitMs: number) {
    this.#deadlines = deadlines;
    this.#limitMs = limitMs;
  }

  /** Calls back once, with the value of the step or with its error; not at all after `cancel`. */
  for<Value>(step: PromiseLike<Value>, then: (settled: Value | Error) => void): void {
    const settle = (settled: unknown): void => {
      if (this.#settle !== settle) return;
      this.cancel();
      then(settled as Value | Error);
    };
    this.#settle = settle;
    if (this.#limitMs > 0) this.#deadlines.set(this.#deadline, this.#limitMs);
    // What goes for a promise may throw where one does not.
    Promise.resolve(step).then(settle, (error: unknown) => settle(errorOf(error)));
  }

  /** Nothing is waited for any more. */
  cancel(): void {
    this.#settle = undefined;
    this.#deadlines.clear(this.#deadline);
  }

  onDeadline(): void {
    this.#settle?.(new Error(`a policy did not come to its end in ${this.#limitMs} ms`));
  }
}

/** Whatever was thrown, as an error. */
export function errorOf(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
