/** Something with a response head that was written but may not have gone out. */
interface Flushable {
  flush(): void;
}

/** So many replies that have ended go out before the end of the turn: one with thousands of events is a long one. */
const MOST_ENDED = 64;

/**
 * Responses whose heads came in this turn of the event loop. At its end those go out of which all has come, and the heads of
 * the others. One callback a turn serves all, where one for each response would cost as much as deciding it.
 */
export class PendingHeads {
  #waiting: Flushable[] = [];
  #ended = 0;

  push(head: Flushable): void {
    if (this.#waiting.length === 0) setImmediate(this.#flush);
    this.#waiting.push(head);
  }

  /** All of one of them has come. */
  ended(): void {
    if (++this.#ended === MOST_ENDED) this.#flush();
  }

  readonly #flush = (): void => {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#ended = 0;
    for (const head of waiting) head.flush();
  };
}
