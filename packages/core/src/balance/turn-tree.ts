/** Candidates as leaves of a tree whose nodes hand turns on. Leaves are numbered as in the list, the root is the last node. */
export interface TurnTree {
  readonly leaves: number;
  /** Turns of a cycle for each node: of a leaf its own, else those of the two below together. */
  readonly weights: Float64Array;
  /** The two below each node that is no leaf. */
  readonly lighter: Uint32Array;
  readonly heavier: Uint32Array;
}

/**
 * Puts candidates into a tree by joining the two lightest nodes until one is left. Takes time in proportion to n * log(n).
 *
 * @param weights whole numbers, two or more
 *
 * Source: D. Huffman, "A method for the construction of minimum-redundancy codes", 1952.
 */
export function turnTree(leafWeights: readonly number[]): TurnTree {
  const leaves = leafWeights.length;
  const weights = new Float64Array(2 * leaves - 1);
  weights.set(leafWeights);
  const lighter = new Uint32Array(leaves - 1);
  const heavier = new Uint32Array(leaves - 1);
  const byWeight = Uint32Array.from(leafWeights.keys()).sort(
    (a, b) => (weights[a] as number) - (weights[b] as number) || a - b,
  );
  // Joined nodes come in the order of their weights: the lightest is the first of the leaves or of the joined that are left.
  const left = { leaf: 0, joined: leaves };
  for (let node = leaves; node < weights.length; node++) {
    const first = takeLightest(weights, byWeight, left, node);
    const second = takeLightest(weights, byWeight, left, node);
    lighter[node - leaves] = first;
    heavier[node - leaves] = second;
    weights[node] = (weights[first] as number) + (weights[second] as number);
  }
  return { leaves, weights, lighter, heavier };
}

function takeLightest(
  weights: Float64Array,
  byWeight: Uint32Array,
  left: { leaf: number; joined: number },
  end: number,
): number {
  const leaf = byWeight[left.leaf];
  if (leaf === undefined) return left.joined++;
  const isLeaf =
    left.joined === end || (weights[leaf] as number) <= (weights[left.joined] as number);
  if (!isLeaf) return left.joined++;
  left.leaf++;
  return leaf;
}

/**
 * Who has a turn, for cycles that are too long for a table. Of the first m turns of a node the lighter one below it has had
 * m * lighter / node, rounded, and the heavier the rest: at the end of a cycle that is exact.
 *
 * Each level rounds by half a turn, and hands at most half of what was rounded two levels above on. So after any number of
 * turns each has had its share to less than two turns, in any window of turns to less than four. Takes log(1 / share) steps.
 *
 * Source: C. Waldspurger, W. Weihl, "Stride scheduling: deterministic proportional-share resource management", 1995, on
 * hierarchies.
 */
export function turnAt({ leaves, weights, lighter, heavier }: TurnTree, cursor: number): number {
  let node = weights.length - 1;
  let turn = cursor % (weights[node] as number);
  while (node >= leaves) {
    const whole = weights[node] as number;
    const light = lighter[node - leaves] as number;
    const weight = weights[light] as number;
    // Rounded to the nearest, in halves: whole numbers below 2^53, so that nothing is lost.
    const halves = 2 * turn * weight + whole;
    const had = Math.floor(halves / (2 * whole));
    const hasIt = halves - had * 2 * whole + 2 * weight >= 2 * whole;
    node = hasIt ? light : (heavier[node - leaves] as number);
    turn = hasIt ? had : turn - had;
  }
  return node;
}
