/** Who wants to probe. */
export interface InLine {
  /** Its turn has come: it has a place until it leaves. */
  start(): void;
}

/** Lets so many probes be under way at once; the others wait in the order in which they came. */
export class ProbeLine {
  readonly #most: number;
  readonly #waiting = new Set<InLine>();
  readonly #started = new Set<InLine>();
  #isStarting = false;
  #isClosed = false;

  constructor(most: number) {
    this.#most = most;
  }

  enter(one: InLine): void {
    this.#waiting.add(one);
    this.#startNext();
  }

  /** Gives a place back, or up the wait for one. */
  leave(one: InLine): void {
    this.#waiting.delete(one);
    if (this.#started.delete(one)) this.#startNext();
  }

  /** Nothing starts any more. */
  close(): void {
    this.#isClosed = true;
  }

  // One that leaves while it is started is seen by the loop that started it.
  #startNext(): void {
    if (this.#isStarting || this.#isClosed) return;
    this.#isStarting = true;
    for (const one of this.#waiting) {
      if (this.#started.size >= this.#most) break;
      this.#waiting.delete(one);
      this.#started.add(one);
      one.start();
    }
    this.#isStarting = false;
  }
}
