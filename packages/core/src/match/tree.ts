import findMyWay from "find-my-way";
import { considerNumber, Place, Shape, walk, type FurtherRouter } from "./branches.js";
import type { Slot } from "./crowd.js";
import { Edges, seedOf } from "./edges.js";
import type { Search } from "./search.js";
import {
  addEntry,
  Look,
  putAllSlots,
  putSlots,
  sortedKeys,
  tailText,
  TrieNode,
  type TreeEntry,
} from "./trie.js";

/** The radix tree over path patterns. It finds every pattern that takes a path, not only the first. */
export interface PathTree {
  /** The path is what stands before `length` in the text: canonical and in the form of `treeText`. */
  find(text: string, length: number, search: Search): void;
}

/**
 * Builds the trees of a table. A tree branches on static segments. Patterns that end behind them, with or
 * without one parameter or an open end, stand at the branch itself; those that go on behind a parameter stand
 * there in a find-my-way router. Branches under which everything looks alike share one shape, which leads to
 * numbers of slots in a list of each. This keeps tables of 100,000 routes in the processor's caches.
 */
export class TreeBuilder {
  readonly #planned: { readonly tree: Tree; readonly root: TrieNode }[] = [];
  readonly #edges = new Edges<Place | Shape>();
  readonly #looks = new Map<string, Look>();
  readonly #shared = new Map<Look, Shape>();
  readonly #tails = new Map<string, Shape>();
  readonly #routers = new Map<string, SlotRouter>();
  #nodes = 0;

  /** Plans a tree of entries in the order of their rank. It may be searched once the builder has finished. */
  plan(entries: readonly [TreeEntry, ...TreeEntry[]]): PathTree {
    const root = new TrieNode(entries[0].alternative.rank);
    for (const entry of entries) addEntry(root, entry);
    const tree = new Tree(this.#edges);
    this.#planned.push({ tree, root });
    return tree;
  }

  /** Builds all planned trees. */
  finish(): void {
    for (const { root } of this.#planned) this.#look(root);
    for (const { tree, root } of this.#planned) tree.root = this.#place(root, undefined, "");
    const isCompiled = this.#routers.size <= MAX_ROUTERS;
    for (const router of this.#routers.values()) router.build(isCompiled);
  }

  // Looks from the leaves up at which nodes are alike with all below them.
  #look(node: TrieNode): Look {
    let text = tailText(node);
    for (const segment of sortedKeys(node.below))
      text += `\n/${segment} ${this.#look(node.below?.get(segment) as TrieNode).number}`;
    let look = this.#looks.get(text);
    if (look === undefined) this.#looks.set(text, (look = new Look(this.#looks.size)));
    look.count++;
    node.look = look;
    return look;
  }

  #place(node: TrieNode, above: Place | undefined, segment: string): Place {
    const look = node.look as Look;
    const below = look.count === 1 ? node.below : undefined;
    const slots: Slot[] = [];
    const shape = below === undefined ? this.#sharedShape(node, slots) : this.#tail(node, slots);
    const place = new Place(above, segment, this.#seed(), node.best, shape, slots);
    if (above !== undefined) this.#edges.add(place);
    for (const [text, child] of below ?? []) {
      place.hasBelow = true;
      this.#place(child, place, text);
    }
    return place;
  }

  // The shape of a node with all below it.
  #sharedShape(node: TrieNode, slots: Slot[]): Shape {
    if (node.below === undefined) return this.#tail(node, slots);
    const look = node.look as Look;
    let shape = this.#shared.get(look);
    if (shape === undefined)
      this.#shared.set(look, (shape = this.#shapeBelow(node, slots, undefined, "")));
    else putAllSlots(node, slots);
    return shape;
  }

  // In the order of `putAllSlots`.
  #shapeBelow(node: TrieNode, slots: Slot[], above: Shape | undefined, segment: string): Shape {
    const shape = this.#newShape(node, slots, above, segment);
    if (above !== undefined) this.#edges.add(shape);
    for (const text of sortedKeys(node.below)) {
      this.#shapeBelow(node.below?.get(text) as TrieNode, slots, shape, text);
      shape.hasBelow = true;
    }
    return shape;
  }

  // The shape of what hangs at a node itself.
  #tail(node: TrieNode, slots: Slot[]): Shape {
    const key = tailText(node);
    const known = this.#tails.get(key);
    if (known !== undefined) {
      putSlots(node, slots);
      return known;
    }
    const shape = this.#newShape(node, slots, undefined, "");
    this.#tails.set(key, shape);
    return shape;
  }

  #newShape(node: TrieNode, slots: Slot[], above: Shape | undefined, segment: string): Shape {
    const router = node.further === undefined ? undefined : this.#router(sortedKeys(node.further));
    return new Shape(above, segment, this.#seed(), putSlots(node, slots), router);
  }

  #seed(): number {
    return seedOf(this.#nodes++);
  }

  #router(patterns: readonly string[]): SlotRouter {
    const key = patterns.join("\n");
    let router = this.#routers.get(key);
    if (router === undefined) this.#routers.set(key, (router = new SlotRouter(patterns)));
    return router;
  }
}

/** Generated code pays as long as it stays in the processor's caches, and costs most of a millisecond a router. */
const MAX_ROUTERS = 48;

/** Above this size find-my-way walks faster than the code that it generates. */
const MAX_COMPILED = 64;

/** Longest segment that a parameter takes: more than the longest request target that servers accept. */
const MAX_SEGMENT = 1_048_576;

class Tree implements PathTree {
  root: Place | undefined = undefined;
  readonly #edges: Edges<Place | Shape>;

  constructor(edges: Edges<Place | Shape>) {
    this.#edges = edges;
  }

  find(text: string, length: number, search: Search): void {
    const root = this.root;
    if (root !== undefined && root.best < search.best)
      walk(root, root.shape, text, length, 0, search, this.#edges);
  }
}

/** A find-my-way router whose handlers are slot numbers. */
class SlotRouter implements FurtherRouter {
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

  find(path: string, place: Place, first: number, search: Search): void {
    const asked = new Asked(place, first, search);
    this.#router?.find("GET", path, asked as unknown as { [key: string]: string });
  }
}

/** What find-my-way derives from a request: it finds itself under the constraint's name. */
class Asked {
  readonly slot = this;
  constructor(
    readonly place: Place,
    readonly first: number,
    readonly search: Search,
  ) {}
}

/**
 * The constraint that makes find-my-way visit every node that takes the path: it considers the node's slot, and
 * always answers "no handler". While the tree is built it is asked with the slot itself, before that is set.
 */
function slotStorage() {
  let slot = 0;
  return {
    get(asked: Asked | number): null {
      if (typeof asked !== "number") considerNumber(asked.place, asked.first + slot, asked.search);
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
