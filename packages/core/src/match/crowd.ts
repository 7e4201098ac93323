import { preflightMethod, type RequestView } from "../request.js";
import { textOf, type Condition } from "./conditions.js";
import type { Search } from "./search.js";
import type { Alternative } from "./table.js";

/** What a pattern leads to: one alternative, or several. */
export type Slot = Alternative | Crowd;

/** Makes a slot of alternatives in the order of their rank. */
export function slotOf(list: readonly Alternative[]): Slot {
  return list.length === 1 ? (list[0] as Alternative) : new Crowd(list);
}

/** Considers what a pattern leads to, as far as it can still win. */
export function considerSlot(slot: Slot, search: Search): void {
  if (slot.rank >= search.best) return;
  if (slot instanceof Crowd) slot.visit(search);
  else search.consider(slot);
}

/**
 * Several alternatives behind one pattern. Where many of them ask for different texts in the same place (a header,
 * a method, …), those that ask for another text than the request has are passed over together: one of 5,000 is
 * found in 0.6 µs instead of 84.
 */
class Crowd {
  /** The best of them. */
  readonly rank: number;
  readonly #list: readonly Alternative[];
  readonly #index: Index | undefined;

  /** @param list in the order of rank, never empty */
  constructor(list: readonly Alternative[]) {
    this.rank = (list[0] as Alternative).rank;
    this.#list = list;
    this.#index = list.length < MIN_INDEXED ? undefined : indexOf(list);
  }

  visit(search: Search): void {
    // What gathers wants the others too.
    if (this.#index === undefined || search.gather !== undefined) visitList(this.#list, search);
    else visitIndex(this.#index, search);
  }
}

/** A shorter list is gone through as fast. */
const MIN_INDEXED = 8;

/** An index must leave out this share of the alternatives at least, or it is not worth its look-up. */
const MIN_LEFT_OUT = 0.25;

/** An alternative that takes more texts than this in one place is not indexed by them. */
const MAX_TEXTS = 16;

/** Alternatives by the text that they ask for in one place. */
interface Index {
  readonly place: Place;
  readonly byText: ReadonlyMap<string, Slot>;
  /** Those that ask for nothing there, or for what is no single text. */
  readonly rest: Slot | undefined;
}

/** Where a text is looked for. */
type Place = Condition | "method";

function visitList(list: readonly Alternative[], search: Search): void {
  for (let i = 0; i < list.length; i++) {
    const alternative = list[i] as Alternative;
    if (alternative.rank >= search.best) return;
    search.consider(alternative);
  }
}

function visitIndex({ place, byText, rest }: Index, search: Search): void {
  if (place === "method") {
    visitMethods(byText, search);
  } else {
    const { request } = search;
    const text = textOf(place, request, undefined);
    const slot = text === undefined ? undefined : byText.get(text);
    // The better first: it may make the other one needless.
    if (rest !== undefined && slot !== undefined && rest.rank < slot.rank) {
      considerSlot(rest, search);
      considerSlot(slot, search);
      return;
    }
    if (slot !== undefined) considerSlot(slot, search);
  }
  if (rest !== undefined) considerSlot(rest, search);
}

function visitMethods(byMethod: ReadonlyMap<string, Slot>, search: Search): void {
  for (const method of methodsOf(search.request.view)) {
    const slot = byMethod.get(method);
    if (slot !== undefined) considerSlot(slot, search);
  }
}

// A preflight may be taken by its own method and by the one that it asks for.
function methodsOf(view: RequestView): readonly string[] {
  const asked = preflightMethod(view);
  return asked === undefined || asked === view.method ? [view.method] : [view.method, asked];
}

/** The best index over a list; undefined when none is worth it. */
function indexOf(list: readonly Alternative[]): Index | undefined {
  let best: Spread | undefined;
  for (const spread of spreadsOf(list).values())
    if (best === undefined || leftOver(spread, list) < leftOver(best, list)) best = spread;
  if (best === undefined || leftOver(best, list) > list.length * (1 - MIN_LEFT_OUT))
    return undefined;
  const { key, place } = best;
  const byText = new Map<string, Alternative[]>();
  const rest: Alternative[] = [];
  for (const alternative of list) {
    const texts = textsAt(alternative, key);
    if (texts === undefined) rest.push(alternative);
    for (const text of texts ?? []) {
      const group = byText.get(text);
      if (group === undefined) byText.set(text, [alternative]);
      else group.push(alternative);
    }
  }
  return {
    place,
    byText: new Map([...byText].map(([text, group]) => [text, slotOf(group)])),
    rest: rest.length === 0 ? undefined : slotOf(rest),
  };
}

/** How the alternatives of a list spread over the texts of one place. */
interface Spread {
  readonly key: string;
  readonly place: Place;
  /** How many ask for some text there. */
  asking: number;
  readonly byText: Map<string, number>;
  largest: number;
}

// How many alternatives may be left to go through after a look at one place.
function leftOver(spread: Spread, list: readonly Alternative[]): number {
  return list.length - spread.asking + spread.largest;
}

function spreadsOf(list: readonly Alternative[]): Map<string, Spread> {
  const spreads = new Map<string, Spread>();
  for (const alternative of list) {
    const { methods, list: conditions } = alternative.conditions;
    const places: Place[] = methods === undefined ? [...conditions] : ["method", ...conditions];
    for (const key of new Set(places.map(keyOf))) {
      const texts = textsAt(alternative, key);
      if (texts === undefined) continue;
      let spread = spreads.get(key);
      if (spread === undefined) {
        const place = places.find((each) => keyOf(each) === key) as Place;
        spread = { key, place, asking: 0, byText: new Map(), largest: 0 };
        spreads.set(key, spread);
      }
      spread.asking++;
      for (const text of texts) {
        const count = (spread.byText.get(text) ?? 0) + 1;
        spread.byText.set(text, count);
        spread.largest = Math.max(spread.largest, count);
      }
    }
  }
  return spreads;
}

function keyOf(place: Place): string {
  return place === "method" ? place : `${place.on} ${place.name}`;
}

// The texts of which a request must have one at a place; undefined when more than these may do.
function textsAt({ conditions }: Alternative, key: string): readonly string[] | undefined {
  const texts =
    key === "method"
      ? conditions.methods
      : conditions.list.find((condition) => keyOf(condition) === key)?.texts;
  return texts === undefined || texts.length > MAX_TEXTS ? undefined : [...new Set(texts)];
}
