import { slotOf, type Slot } from "./crowd.js";
import { treeText, type CompiledPath } from "./pattern.js";
import type { Alternative } from "./table.js";

/** A path in the tree with its alternative. */
export interface TreeEntry {
  readonly path: Extract<CompiledPath, { kind: "tree" }>;
  readonly alternative: Alternative;
}

/** Where patterns are gathered by their static segments while a tree is built. Most nodes have few of its parts. */
export class TrieNode {
  below: Map<string, TrieNode> | undefined = undefined;
  /** Patterns that end here, behind one parameter, and in an open end. */
  atEnd: Alternative[] | undefined = undefined;
  afterParam: Alternative[] | undefined = undefined;
  open: Alternative[] | undefined = undefined;
  /** The rest, which goes on behind a parameter, by its pattern for find-my-way. */
  further: Map<string, Alternative[]> | undefined = undefined;
  /** How it looks with all below it, once that is known. */
  look: Look | undefined = undefined;

  /** @param best the best rank here and below */
  constructor(readonly best: number) {}
}

/** How nodes look that look alike with all below them. */
export class Look {
  /** How many there are. */
  count = 0;
  constructor(readonly number: number) {}
}

/** Adds an entry that no entry before it is worse than. */
export function addEntry(root: TrieNode, { path, alternative }: TreeEntry): void {
  let node = root;
  let depth = 0;
  for (const segment of path.segments) {
    if (segment === undefined) break;
    const text = treeText(segment);
    const below = (node.below ??= new Map<string, TrieNode>());
    node = below.get(text) ?? setIn(below, text, new TrieNode(alternative.rank));
    depth++;
  }
  const left = path.segments.length - depth;
  if (left === 0 && path.open) (node.open ??= []).push(alternative);
  if (left === 0 && !path.open) (node.atEnd ??= []).push(alternative);
  if (left === 1) (node.afterParam ??= []).push(alternative);
  if (left === 0 || (left === 1 && !path.open)) return;
  const further = furtherPattern(path, depth);
  const lists = (node.further ??= new Map<string, Alternative[]>());
  for (const pattern of path.open && left > 1 ? [further.slice(0, -2), further] : [further])
    (lists.get(pattern) ?? setIn(lists, pattern, [])).push(alternative);
}

// Parameters are named by position: different names on one node would make two lists.
function furtherPattern(path: TreeEntry["path"], depth: number): string {
  let pattern = "";
  for (let i = depth; i < path.segments.length; i++) {
    const segment = path.segments[i];
    pattern +=
      segment === undefined ? `/:p${i - depth}` : `/${treeText(segment).replaceAll(":", "::")}`;
  }
  return path.open ? `${pattern}/*` : pattern;
}

/** What hangs at one node, as text that is the same for all nodes whose patterns look alike. */
export function tailText({ atEnd, afterParam, open, further }: TrieNode): string {
  const marks = `${atEnd ? "." : ""}${afterParam ? ":" : ""}${open ? "*" : ""}`;
  return further === undefined ? marks : `${marks}\n${sortedKeys(further).join("\n")}`;
}

/** Keys in ascending order. */
export function sortedKeys(map: ReadonlyMap<string, unknown> | undefined): string[] {
  return map === undefined ? [] : [...map.keys()].sort();
}

/** Numbers of slots. -1 where there is none. */
export interface TailSlots {
  readonly atEnd: number;
  readonly afterParam: number;
  readonly open: number;
  /** Of the first pattern for find-my-way; the others follow in the order of their text. */
  readonly further: number;
}

/** Puts what hangs at a node behind the slots that there are. Nodes of one `tailText` put alike. */
export function putSlots(node: TrieNode, slots: Slot[]): TailSlots {
  const put = (list: readonly Alternative[] | undefined): number =>
    list === undefined ? -1 : slots.push(slotOf(list)) - 1;
  const open = put(node.open);
  // An open end takes the bare path too.
  const atEnd =
    node.atEnd && node.open ? put(byRank([...node.atEnd, ...node.open])) : put(node.atEnd);
  const afterParam = put(node.afterParam);
  const further = slots.length;
  for (const pattern of sortedKeys(node.further)) put(node.further?.get(pattern));
  return { atEnd: atEnd === -1 ? open : atEnd, afterParam, open, further };
}

/** Puts what hangs at a node and below it. Nodes of one look put alike. */
export function putAllSlots(node: TrieNode, slots: Slot[]): void {
  putSlots(node, slots);
  for (const segment of sortedKeys(node.below))
    putAllSlots(node.below?.get(segment) as TrieNode, slots);
}

function byRank(list: Alternative[]): Alternative[] {
  return list.sort((a, b) => a.rank - b.rank);
}

function setIn<K, V>(map: Map<K, V>, key: K, value: V): V {
  map.set(key, value);
  return value;
}
