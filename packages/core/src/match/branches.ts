import { considerSlot, type Slot } from "./crowd.js";
import { hashStep, type EdgeEnd, type Edges } from "./edges.js";
import type { Search } from "./search.js";
import type { TailSlots } from "./trie.js";

/** Finds what goes on behind a parameter, and considers it by the numbers of its slots from `first` on. */
export interface FurtherRouter {
  find(path: string, place: Place, first: number, search: Search): void;
}

/** What stands at a branch, for all branches that look alike: numbers of slots, and a router for the rest. */
export class Shape implements EdgeEnd {
  readonly best = -1;
  readonly shape = this;
  hasBelow = false;
  readonly atEnd: number;
  readonly afterParam: number;
  readonly open: number;
  readonly further: number;
  /** Whether more than its end and what is below it can take a path. */
  readonly hasTail: boolean;

  constructor(
    readonly above: Shape | undefined,
    readonly segment: string,
    readonly seed: number,
    { atEnd, afterParam, open, further }: TailSlots,
    readonly router: FurtherRouter | undefined,
  ) {
    this.atEnd = atEnd;
    this.afterParam = afterParam;
    this.open = open;
    this.further = further;
    this.hasTail = afterParam !== -1 || open !== -1 || router !== undefined;
  }
}

/** A branch with slots of its own. There are as many as branches, so each is kept small. */
export class Place implements EdgeEnd {
  /** The first slot stands apart: most places have one, and it saves them two objects. */
  readonly first: Slot | undefined;
  readonly others: readonly Slot[];
  /** Whether it has edges of its own; those of its shape count otherwise. */
  hasBelow = false;

  constructor(
    readonly above: Place | undefined,
    readonly segment: string,
    readonly seed: number,
    /** Best rank here and below. */
    readonly best: number,
    readonly shape: Shape,
    slots: readonly Slot[],
  ) {
    this.first = slots[0];
    this.others = slots.length > 1 ? slots.slice(1) : NO_SLOTS;
  }
}

const NO_SLOTS: readonly Slot[] = [];

/**
 * Considers what takes the path between `from` and `length`, from a branch on. It goes on in place as long as
 * nothing but what is below can take the path, and calls itself where something else may.
 */
export function walk(
  place: Place,
  shape: Shape,
  text: string,
  length: number,
  from: number,
  search: Search,
  edges: Edges<Place | Shape>,
): void {
  for (;;) {
    if (from === length) {
      if (shape.atEnd !== -1) considerNumber(place, shape.atEnd, search);
      return;
    }
    const above = place.hasBelow ? place : shape;
    let to = -1;
    let below: Place | Shape | undefined;
    if (above.hasBelow) {
      let hash = above.seed | 0;
      for (to = from + 1; to < length; to++) {
        const code = text.charCodeAt(to);
        if (code === 47) break;
        hash = hashStep(hash, code);
      }
      below = edges.find(above, hash, text, from + 1, to);
      if (below !== undefined && below.best >= search.best) below = undefined;
    }
    if (shape.hasTail) {
      if (below !== undefined) {
        const at = below instanceof Place ? below : place;
        walk(at, below.shape, text, length, to, search, edges);
      }
      considerTail(place, shape, text, length, from, search);
      return;
    }
    if (below === undefined) return;
    if (below instanceof Place) place = below;
    shape = below.shape;
    from = to;
  }
}

function considerTail(
  place: Place,
  shape: Shape,
  text: string,
  length: number,
  from: number,
  search: Search,
): void {
  const { afterParam, open, router } = shape;
  if (afterParam !== -1) {
    const slash = text.indexOf("/", from + 1);
    if (slash === -1 || slash >= length) considerNumber(place, afterParam, search);
  }
  if (router !== undefined) router.find(text.slice(from, length), place, shape.further, search);
  if (open !== -1) considerNumber(place, open, search);
}

/** Considers a slot of a place by its number. */
export function considerNumber(place: Place, number: number, search: Search): void {
  considerSlot((number === 0 ? place.first : place.others[number - 1]) as Slot, search);
}
