/** Something that happens at a time. */
type Action = () => void;

/**
 * What is still to happen in a simulation, in the order of its times; of one time, in the order in which it was planned.
 * O(log n) to plan and to take.
 */
export class EventQueue {
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
    const turn = this.#planned++;
    this.#put(place, at, turn, action);
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (!this.#isBefore(at, turn, parent)) break;
      this.#move(parent, place);
      place = parent;
    }
    this.#put(place, at, turn, action);
  }

  /** Takes what happens next; undefined when nothing does. */
  take(): Action | undefined {
    const first = this.#actions[0];
    const at = this.#times.pop();
    const turn = this.#turns.pop();
    const action = this.#actions.pop();
    if (at === undefined || turn === undefined || action === undefined) return undefined;
    const length = this.#times.length;
    if (length === 0) return first;
    let place = 0;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= length) break;
      const other = child + 1;
      if (other < length && this.#isBefore(this.#timeAt(other), this.#turnAt(other), child))
        child = other;
      if (!this.#isBefore(this.#timeAt(child), this.#turnAt(child), { at, turn })) break;
      this.#move(child, place);
      place = child;
    }
    this.#put(place, at, turn, action);
    return first;
  }

  #isBefore(
    at: number,
    turn: number,
    other: number | { readonly at: number; readonly turn: number },
  ): boolean {
    const otherAt = typeof other === "number" ? this.#timeAt(other) : other.at;
    const otherTurn = typeof other === "number" ? this.#turnAt(other) : other.turn;
    return at < otherAt || (at === otherAt && turn < otherTurn);
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
