/** Something that happens at a time. */
export type Action = () => void;

/**
 * What is still to happen in a simulation, in the order of its times; of one time, in the order in which it was planned.
 * O(log n) to plan and to take.
 */
export class EventQueue {
  // A binary heap, in columns.
  readonly #times: number[] = [];
  readonly #turns: number[] = [];
  readonly #actions: Action[] = [];
  #planned = 0;

  /** When the next thing happens; `Infinity` when nothing does. */
  get nextAt(): number {
    return this.#times[0] ?? Number.POSITIVE_INFINITY;
  }

  plan(at: number, action: Action): void {
    let place = this.#times.length;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      // What was planned before goes first where the times are equal.
      if (this.#timeAt(parent) <= at) break;
      this.#move(parent, place);
      place = parent;
    }
    this.#put(place, at, this.#planned++, action);
  }

  /** Takes what happens next; undefined when nothing does. */
  take(): Action | undefined {
    const first = this.#actions[0];
    const at = this.#times.pop();
    const turn = this.#turns.pop();
    const action = this.#actions.pop();
    if (at === undefined || turn === undefined || action === undefined) return undefined;
    if (this.#times.length > 0) this.#sink(at, turn, action);
    return first;
  }

  /** Fills the place of the first with what was the last. */
  #sink(at: number, turn: number, action: Action): void {
    const length = this.#times.length;
    let place = 0;
    for (let child = 1; child < length; child = 2 * place + 1) {
      const other = child + 1;
      if (other < length && !this.#isBefore(this.#timeAt(child), this.#turnAt(child), other))
        child = other;
      if (this.#isBefore(at, turn, child)) break;
      this.#move(child, place);
      place = child;
    }
    this.#put(place, at, turn, action);
  }

  #isBefore(at: number, turn: number, other: number): boolean {
    const otherAt = this.#timeAt(other);
    return at < otherAt || (at === otherAt && turn < this.#turnAt(other));
  }

  #timeAt(place: number): number {
    return this.#times[place] as number;
  }

  #turnAt(place: number): number {
    return this.#turns[place] as number;
  }

  #move(from: number, to: number): void {
    this.#put(to, this.#timeAt(from), this.#turnAt(from), this.#actions[from] as Action);
  }

  #put(place: number, at: number, turn: number, action: Action): void {
    this.#times[place] = at;
    this.#turns[place] = turn;
    this.#actions[place] = action;
  }
}
