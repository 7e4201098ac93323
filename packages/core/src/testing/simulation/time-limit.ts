/** Told when a time is up. */
export interface LimitOwner {
  onLimit(limit: TimeLimit): void;
}

/** One limit of time of one owner, as a link of a list. Most are cleared before they pass. */
export class TimeLimit {
  at = 0;
  list: LimitList | undefined = undefined;
  previous: TimeLimit | undefined = undefined;
  next: TimeLimit | undefined = undefined;

  constructor(readonly owner: LimitOwner) {}

  /** One that is not set stays so. */
  clear(): void {
    this.list?.remove(this);
  }
}

/**
 * The limits of one length, the next to pass first. They need one event together: with one each, those that were cleared would
 * fill the queue.
 */
export class LimitList {
  readonly #plan: (at: number, action: () => void) => void;
  #first: TimeLimit | undefined;
  #last: TimeLimit | undefined;
  #isPlanned = false;

  constructor(plan: (at: number, action: () => void) => void) {
    this.#plan = plan;
  }

  /** @param at not before that of any in the list */
  add(limit: TimeLimit, at: number): void {
    limit.at = at;
    limit.list = this;
    limit.previous = this.#last;
    if (this.#last === undefined) this.#first = limit;
    else this.#last.next = limit;
    this.#last = limit;
    this.#planNext();
  }

  remove(limit: TimeLimit): void {
    const { previous, next } = limit;
    if (previous === undefined) this.#first = next;
    else previous.next = next;
    if (next === undefined) this.#last = previous;
    else next.previous = previous;
    limit.list = undefined;
    limit.previous = undefined;
    limit.next = undefined;
  }

  // The event of one that was cleared stays: it finds nothing to tell, and plans that of the next.
  #planNext(): void {
    if (this.#isPlanned || this.#first === undefined) return;
    this.#isPlanned = true;
    const plannedAt = this.#first.at;
    this.#plan(plannedAt, () => {
      this.#isPlanned = false;
      for (let due = this.#first; due !== undefined && due.at <= plannedAt; due = this.#first) {
        this.remove(due);
        due.owner.onLimit(due);
      }
      this.#planNext();
    });
  }
}
