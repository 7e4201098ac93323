/** Told when a time is up. */
export interface DeadlineOwner {
  onDeadline(deadline: Deadline): void;
}

/** One limit of time of one owner, as a link of a list. It is set, moved and cleared without an allocation. */
export class Deadline {
  at = 0;
  list: DeadlineList | undefined = undefined;
  previous: Deadline | undefined = undefined;
  next: Deadline | undefined = undefined;

  constructor(readonly owner: DeadlineOwner) {}
}

/**
 * Limits of time, most of which never pass. All of one length stand in one list in their order, behind one timer:
 * a timer for each of them would cost as much as deciding the request.
 */
export class Deadlines {
  readonly #lists = new Map<number, DeadlineList>();

  /** @param from when the time began, on the clock of `performance`. Default: now */
  set(deadline: Deadline, ms: number, from = performance.now()): void {
    this.clear(deadline);
    let list = this.#lists.get(ms);
    if (list === undefined) {
      list = new DeadlineList(() => void this.#lists.delete(ms));
      this.#lists.set(ms, list);
    }
    deadline.at = from + ms;
    list.add(deadline);
  }

  /** One that is not set stays so. */
  clear(deadline: Deadline): void {
    deadline.list?.remove(deadline);
  }

  /** Number of timers that wait; for tests. */
  get size(): number {
    return this.#lists.size;
  }

  /** Clears the timers. What is set is never told of. */
  close(): void {
    for (const list of this.#lists.values()) list.close();
    this.#lists.clear();
  }
}

/** The deadlines of one length, the next to pass first. */
class DeadlineList {
  #first: Deadline | undefined;
  #last: Deadline | undefined;
  #timer: NodeJS.Timeout | undefined;
  readonly #onEmpty: () => void;

  constructor(onEmpty: () => void) {
    this.#onEmpty = onEmpty;
  }

  add(deadline: Deadline): void {
    // Nearly always the last: only a time that began earlier goes further to the front.
    let before = this.#last;
    while (before !== undefined && before.at > deadline.at) before = before.previous;
    const after = before === undefined ? this.#first : before.next;
    deadline.list = this;
    deadline.previous = before;
    deadline.next = after;
    if (before === undefined) this.#first = deadline;
    else before.next = deadline;
    if (after === undefined) this.#last = deadline;
    else after.previous = deadline;
    if (this.#timer === undefined || before === undefined) this.#arm(deadline.at);
  }

  remove(deadline: Deadline): void {
    const { previous, next } = deadline;
    if (previous === undefined) this.#first = next;
    else previous.next = next;
    if (next === undefined) this.#last = previous;
    else next.previous = previous;
    deadline.list = undefined;
    deadline.previous = undefined;
    deadline.next = undefined;
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  // The timer of one that was cleared stays: it finds nothing to tell, and waits for the next.
  #arm(at: number): void {
    const wait = Math.max(1, Math.ceil(at - performance.now()));
    if (this.#timer !== undefined) {
      if (this.#armedFor <= at) return;
      clearTimeout(this.#timer);
    }
    this.#armedFor = at;
    this.#timer = setTimeout(this.#onTimer, wait);
    // What a deadline bounds has a socket that keeps the process alive.
    this.#timer.unref();
  }

  #armedFor = 0;

  readonly #onTimer = (): void => {
    this.#timer = undefined;
    const now = performance.now();
    for (let due = this.#first; due !== undefined && due.at <= now; due = this.#first) {
      this.remove(due);
      due.owner.onDeadline(due);
    }
    if (this.#first !== undefined) this.#arm(this.#first.at);
    else if (this.#timer === undefined) this.#onEmpty();
  };
}
