import findMyWay from "find-my-way";
import { treeText, type CompiledPath } from "./pattern.js";

/** What the tree leads to: alternatives in the order of their rank, best first. */
export interface Ranked {
  readonly rank: number;
}

/** What a pattern leads to: one alternative, or several in the order of their rank. */
type Slot<T extends Ranked> = T | readonly T[];

/**
 * One search of one request. The tree calls `consider` for the alternatives of every pattern that takes the
 * path, but for those that cannot win any more.
 */
export abstract class Search<T extends Ranked> {
  /** Rank of the best alternative so far. */
  best = Number.POSITIVE_INFINITY;
  /** Where the tree is: what the patterns of its current router lead to. */
  slots: readonly Slot<T>[] = NO_SLOTS;
  /** The search is what find-my-way derives from a request: it finds itself under the constraint's name. */
  readonly slot = this;

  abstract consider(alternative: T): void;

  /** Considers what a pattern leads to. */
  considerSlot(slot: Slot<T>): void {
    if (!isList(slot)) {
      if (slot.rank < this.best) this.consider(slot);
      return;
    }
    for (let i = 0; i < slot.length; i++) {
      const alternative = slot[i] as T;
      if (alternative.rank >= this.best) return;
      this.consider(alternative);
    }
  }
}

const NO_SLOTS: readonly never[] = [];

function isList<T extends Ranked>(slot: Slot<T>): slot is readonly T[] {
  return Array.isArray(slot);
}

/** A path in the tree with its alternatives. */
export interface TreeEntry<T extends Ranked> {
  readonly path: Extract<CompiledPath, { kind: "tree" }>;
  readonly alternative: T;
}

/** The radix tree over path patterns. It finds every pattern that takes a path, not only the first. */
export interface PathTree<T extends Ranked> {
  /** Best rank in the tree. */
  readonly best: number;
  /** `path` is canonical and in the form of `treeText`. */
  find(path: string, search: Search<T>): void;
}

/**
 * Builds trees. A tree branches on static segments by maps, and ends in small find-my-way routers for the rest
 * of the patterns. Groups of patterns that look alike behind their static head share one router, whose handlers
 * are slot numbers into the lists of each group. This keeps tables of 100,000 routes in the processor's caches.
 */
export class TreeBuilder<T extends Ranked> {
  readonly #planned: { readonly root: Root<T>; readonly entries: readonly TreeEntry<T>[] }[] = [];
  #routers = new Map<string, SlotRouter<T>>();

  /** Plans a tree of entries in the order of their rank. It may be searched once the builder has finished. */
  plan(entries: readonly [TreeEntry<T>, ...TreeEntry<T>[]]): PathTree<T> {
    const root = new Root<T>(entries[0].alternative.rank);
    this.#planned.push({ root, entries });
    return root;
  }

  /**
   * Builds all planned trees. A router for each group is fastest as long as there are few of them. Where
   * groups have words of their own, trees branch on every static segment instead, until what is left looks
   * alike again.
   */
  finish(): void {
    if (!this.#build(LEAF_PATTERNS, MAX_ROUTERS)) this.#build(0, Number.POSITIVE_INFINITY);
    const isCompiled = this.#routers.size <= MAX_ROUTERS;
    for (const router of this.#routers.values()) router.build(isCompiled);
  }

  /** Builds with leaves of at most so many patterns; false when that takes more than so many routers. */
  #build(leafPatterns: number, maxRouters: number): boolean {
    this.#routers = new Map();
    for (const { root, entries } of this.#planned) {
      root.node = this.#node(entries, 0, leafPatterns);
      if (this.#routers.size > maxRouters) return false;
    }
    return true;
  }

  #node(entries: readonly TreeEntry<T>[], depth: number, leafPatterns: number): Node<T> {
    const groups = new Map<string, TreeEntry<T>[]>();
    const rest: TreeEntry<T>[] = [];
    for (const entry of entries) {
      const segment = entry.path.segments[depth];
      if (segment === undefined) rest.push(entry);
      else (groups.get(segment) ?? setIn(groups, segment, [])).push(entry);
    }
    const isSmall = depth > 0 && countPatterns(entries, depth, leafPatterns) <= leafPatterns;
    if (groups.size === 0 || isSmall) return this.#leaf(entries, depth);
    const children = new Map<string, Node<T>>();
    for (const [segment, group] of groups) {
      children.set(treeText(segment), this.#node(group, depth + 1, leafPatterns));
    }
    return new Branch(children, rest.length === 0 ? undefined : this.#leaf(rest, depth));
  }

  #leaf(entries: readonly TreeEntry<T>[], depth: number): Leaf<T> {
    const byPattern = new Map<string, T[]>();
    for (const { path, alternative } of entries) {
      for (const pattern of restPatterns(path, depth))
        (byPattern.get(pattern) ?? setIn(byPattern, pattern, [])).push(alternative);
    }
    for (const list of byPattern.values()) list.sort((a, b) => a.rank - b.rank);
    const atEnd = byPattern.get("");
    byPattern.delete("");
    const patterns = [...byPattern.keys()].sort();
    const slots = patterns.map((pattern) => slotOf(byPattern.get(pattern) as readonly T[]));
    const router = patterns.length === 0 ? undefined : this.#router(patterns);
    return new Leaf(router, slots, atEnd === undefined ? undefined : slotOf(atEnd));
  }

  #router(patterns: readonly string[]): SlotRouter<T> {
    const key = patterns.join("\n");
    return this.#routers.get(key) ?? setIn(this.#routers, key, new SlotRouter(patterns));
  }
}

/** A group of at most this many patterns is one router; a larger one branches on its next static segment. */
const LEAF_PATTERNS = 24;

/** Generated code pays as long as it stays in the processor's caches, and costs most of a millisecond a router. */
const MAX_ROUTERS = 48;

/** Above this size the tree walks faster than the code that is generated for it. */
const MAX_COMPILED = 64;

/** Longest segment that a parameter takes: more than the longest request target that servers accept. */
const MAX_SEGMENT = 1_048_576;

interface Node<T extends Ranked> {
  readonly best: number;
  find(path: string, from: number, search: Search<T>): void;
}

class Root<T extends Ranked> implements PathTree<T> {
  readonly best: number;
  node: Node<T> | undefined = undefined;

  constructor(best: number) {
    this.best = best;
  }

  find(path: string, search: Search<T>): void {
    this.node?.find(path, 0, search);
  }
}

class Branch<T extends Ranked> implements Node<T> {
  readonly best: number;
  readonly #children: ReadonlyMap<string, Node<T>>;
  readonly #rest: Leaf<T> | undefined;

  constructor(children: ReadonlyMap<string, Node<T>>, rest: Leaf<T> | undefined) {
    this.#children = children;
    this.#rest = rest;
    let best = rest === undefined ? Number.POSITIVE_INFINITY : rest.best;
    for (const child of children.values()) best = Math.min(best, child.best);
    this.best = best;
  }

  find(path: string, from: number, search: Search<T>): void {
    if (from < path.length) {
      let end = path.indexOf("/", from + 1);
      if (end === -1) end = path.length;
      const child = this.#children.get(path.slice(from + 1, end));
      if (child !== undefined && child.best < search.best) child.find(path, end, search);
    }
    const rest = this.#rest;
    if (rest !== undefined && rest.best < search.best) rest.find(path, from, search);
  }
}

class Leaf<T extends Ranked> implements Node<T> {
  readonly best: number;
  readonly #router: SlotRouter<T> | undefined;
  readonly #slots: readonly Slot<T>[];
  readonly #atEnd: Slot<T> | undefined;

  constructor(
    router: SlotRouter<T> | undefined,
    slots: readonly Slot<T>[],
    atEnd: Slot<T> | undefined,
  ) {
    this.#router = router;
    this.#slots = slots;
    this.#atEnd = atEnd;
    let best = atEnd === undefined ? Number.POSITIVE_INFINITY : bestOf(atEnd);
    for (const slot of slots) best = Math.min(best, bestOf(slot));
    this.best = best;
  }

  find(path: string, from: number, search: Search<T>): void {
    if (from === path.length) {
      if (this.#atEnd !== undefined) search.considerSlot(this.#atEnd);
    } else if (this.#router !== undefined) {
      this.#router.find(from === 0 ? path : path.slice(from), this.#slots, search);
    }
  }
}

function slotOf<T extends Ranked>(list: readonly T[]): Slot<T> {
  return list.length === 1 ? (list[0] as T) : list;
}

function bestOf<T extends Ranked>(slot: Slot<T>): number {
  return isList(slot) ? (slot[0] as T).rank : slot.rank;
}

/** A find-my-way router whose handlers are slot numbers. */
class SlotRouter<T extends Ranked> {
  readonly #patterns: readonly string[];
  #router: ReturnType<typeof findMyWay> | undefined = undefined;

  constructor(patterns: readonly string[]) {
    this.#patterns = patterns;
  }

  /** Makes it ready to be searched. */
  build(isCompiled: boolean): void {
    const router = findMyWay({
      maxParamLength: MAX_SEGMENT,
      querystringParser: noQuery,
      constraints: { slot: { name: "slot", storage: slotStorage, deriveConstraint: noQuery } },
    } as unknown as findMyWay.Config<findMyWay.HTTPVersion.V1>);
    for (const [slot, pattern] of this.#patterns.entries()) {
      router.on("GET", pattern, { constraints: { slot } }, noHandler);
    }
    if (isCompiled && this.#patterns.length <= MAX_COMPILED) {
      (router as unknown as { compile(): void }).compile();
    }
    this.#router = router;
  }

  find(path: string, slots: readonly Slot<T>[], search: Search<T>): void {
    search.slots = slots;
    this.#router?.find("GET", path, search as unknown as { [key: string]: string });
  }
}

/**
 * The constraint that makes find-my-way visit every node that takes the path: it has the search
 * consider the node's slot, and always answers "no handler". While the tree is built it is asked with
 * the slot itself, before that is set.
 */
function slotStorage() {
  let slot = 0;
  return {
    get(asked: Search<Ranked> | number): null {
      if (typeof asked !== "number") asked.considerSlot(asked.slots[slot] as Slot<Ranked>);
      return null;
    },
    set(value: number): void {
      slot = value;
    },
  };
}

function noQuery(): undefined {
  return undefined;
}

function noHandler(): void {}

// The number of different patterns, or one more than `most` where there are more.
function countPatterns(entries: readonly TreeEntry<Ranked>[], depth: number, most: number): number {
  if (entries.length <= most) return entries.length;
  const seen = new Set<string>();
  for (const { path } of entries) {
    seen.add(restPattern(path, depth));
    if (seen.size > most) break;
  }
  return seen.size;
}

// Patterns of what follows the first `depth` segments. An open end takes the bare prefix too.
function restPatterns(path: TreeEntry<Ranked>["path"], depth: number): readonly string[] {
  const rest = restPattern(path, depth);
  if (!path.open) return [rest];
  const bare = rest.slice(0, -2);
  return bare === "" && depth === 0 ? [rest] : [bare, rest];
}

// Parameters are named by position: different names on one node would make two lists.
function restPattern(path: TreeEntry<Ranked>["path"], depth: number): string {
  let pattern = "";
  for (let i = depth; i < path.segments.length; i++) {
    const segment = path.segments[i];
    pattern +=
      segment === undefined ? `/:p${i - depth}` : `/${treeText(segment).replaceAll(":", "::")}`;
  }
  return path.open ? `${pattern}/*` : pattern;
}

function setIn<K, V>(map: Map<K, V>, key: K, value: V): V {
  map.set(key, value);
  return value;
}
