/** Something with a response head that was written but may not have gone out. */
interface Flushable {
  flush(): void;
}

/**
 * Response heads of this turn of the event loop. At its end those go out alone of whose body nothing has come. One
 * callback a turn serves all, where one for each response would cost as much as deciding it.
 */
export class PendingHeads {
  #waiting: Flushable[] = [];

  push(head: Flushable): void {
    if (this.#waiting.length === 0) setImmediate(this.#flush);
    this.#waiting.push(head);
  }

  readonly #flush = (): void => {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const head of waiting) head.flush();
  };
}
