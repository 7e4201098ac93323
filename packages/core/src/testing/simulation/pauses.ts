/** A piece of time. Its end does not belong to it. Unit: milliseconds. */
export interface Pause {
  readonly fromMs: number;
  /** Default: it never ends. */
  readonly toMs?: number;
}

/** Times in which a process stands still, and goes on with what it did. */
export class Pauses {
  readonly #from: readonly number[];
  readonly #to: readonly number[];

  /** @param pauses in any order; they may overlap */
  constructor(pauses: readonly Pause[]) {
    const from: number[] = [];
    const to: number[] = [];
    for (const pause of pauses.toSorted((a, b) => a.fromMs - b.fromMs)) {
      const end = pause.toMs ?? Number.POSITIVE_INFINITY;
      const last = to.length - 1;
      if (last >= 0 && pause.fromMs <= (to[last] as number)) {
        to[last] = Math.max(to[last] as number, end);
        continue;
      }
      from.push(pause.fromMs);
      to.push(end);
    }
    this.#from = from;
    this.#to = to;
  }

  /** When something is done that takes so long; `Infinity` when it never is. */
  endOf(from: number, ms: number): number {
    let end = from + ms;
    for (let index = 0; index < this.#from.length; index++) {
      const begin = this.#from[index] as number;
      const until = this.#to[index] as number;
      if (until <= from) continue;
      if (begin >= end) break;
      end += until - Math.max(begin, from);
    }
    return end;
  }

  /** How much of a piece of time is no pause. */
  workedIn(from: number, to: number): number {
    let worked = to - from;
    for (let index = 0; index < this.#from.length; index++) {
      const begin = Math.max(this.#from[index] as number, from);
      const until = Math.min(this.#to[index] as number, to);
      if (until > begin) worked -= until - begin;
    }
    return worked;
  }
}
