import { considerSlot, slotOf, type Slot } from "./crowd.js";
import { compileRegex } from "./regex.js";
import type { Search } from "./search.js";
import type { Alternative } from "./table.js";

/** Paths that no tree can hold: those known by their first characters, and those that a regex takes. */
export class OtherPaths {
  /** First characters in ascending order, and what each leads to. */
  readonly #starts: readonly string[];
  readonly #slots: readonly Slot[];
  /** For each start the longest other one that it begins with; -1 when there is none. */
  readonly #wider: Int32Array;
  /** By their best rank. */
  readonly #regexes: readonly { readonly takes: (path: string) => boolean; readonly slot: Slot }[];

  /** @param alternatives in the order of their rank */
  constructor(alternatives: readonly Alternative[]) {
    const starts = new Map<string, Alternative[]>();
    const regexes = new Map<string, Alternative[]>();
    for (const alternative of alternatives) {
      const path = alternative.precedence.path;
      if (path.kind === "startsWith") push(starts, path.text, alternative);
      if (path.kind === "regex") push(regexes, path.source, alternative);
    }
    this.#starts = [...starts.keys()].sort();
    this.#slots = this.#starts.map((start) => slotOf(starts.get(start) as Alternative[]));
    this.#wider = widerOf(this.#starts);
    this.#regexes = [...regexes].map(([source, list]) => ({
      takes: compileRegex(source, false),
      slot: slotOf(list),
    }));
  }

  visit(path: string, search: Search): void {
    if (this.#starts.length > 0) this.#visitStarts(path, search);
    for (const { takes, slot } of this.#regexes) {
      if (slot.rank >= search.best) return;
      if (takes(path)) considerSlot(slot, search);
    }
  }

  // Whatever stands between a start of the path and the path itself, in ascending order, begins with that start:
  // so all starts of the path are met from the last one before it by way of the wider ones. O(log n): one of
  // 5,000 is found in 0.4 µs instead of 35.
  #visitStarts(path: string, search: Search): void {
    const starts = this.#starts;
    for (let at = lastUpTo(starts, path); at !== -1; at = this.#wider[at] as number)
      if (path.startsWith(starts[at] as string)) considerSlot(this.#slots[at] as Slot, search);
  }
}

function push(groups: Map<string, Alternative[]>, key: string, alternative: Alternative): void {
  const group = groups.get(key);
  if (group === undefined) groups.set(key, [alternative]);
  else group.push(alternative);
}

function widerOf(ascending: readonly string[]): Int32Array {
  const wider = new Int32Array(ascending.length);
  for (const [at, text] of ascending.entries()) {
    let candidate = at - 1;
    while (candidate !== -1 && !text.startsWith(ascending[candidate] as string))
      candidate = wider[candidate] as number;
    wider[at] = candidate;
  }
  return wider;
}

// Index of the last of the texts that is not above a path; -1 when all are.
function lastUpTo(ascending: readonly string[], path: string): number {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ascending[middle] as string) <= path) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
