import type { ParsedRequest } from "../request.js";
import type { PathOptions } from "./path.js";
import { comparePrecedence } from "./precedence.js";
import type { Search } from "./search.js";
import {
  CompiledTable,
  draftsOf,
  SearchableTable,
  type Alternative,
  type Draft,
  type PlacedRoute,
} from "./table.js";

/** What differs from a table before. */
export interface TablePatch {
  /** Slots of routes that are gone. */
  readonly removed: ReadonlySet<number>;
  readonly added: readonly PlacedRoute[];
  readonly options: PathOptions;
}

/** A patch of this many alternatives is always worth more than a table built anew, and so is one of a smaller share. */
const SMALL_PATCH = 64;
const SMALL_SHARE = 1 / 16;

/**
 * A table with a few routes changed, without building it anew: what is gone is passed over, what came stands in a
 * small table beside the large one, with ranks between those of the large one. Undefined where a new table is worth
 * more: when much has changed, now or by and by.
 */
export function patchTable(
  before: SearchableTable,
  { removed, added, options }: TablePatch,
): SearchableTable | undefined {
  const base = before instanceof PatchedTable ? before.base : before;
  const gone = new Set(before instanceof PatchedTable ? before.gone : []);
  const kept = before instanceof PatchedTable ? before.extra.alternatives : [];
  for (const alternative of base.alternatives)
    if (removed.has(alternative.route)) gone.add(alternative);
  const fresh = draftsOf(added, options);
  const extra = [...kept.filter(({ route }) => !removed.has(route)), ...fresh];
  const size = gone.size + extra.length;
  if (size > SMALL_PATCH && size > base.alternatives.length * SMALL_SHARE) return undefined;
  const ranked = withRanks(base.alternatives, extra);
  return ranked && new PatchedTable(base, gone, new CompiledTable(ranked));
}

class PatchedTable extends SearchableTable {
  #alternatives: readonly Alternative[] | undefined = undefined;

  constructor(
    readonly base: SearchableTable,
    /** Alternatives of the base that do not count any more. */
    readonly gone: ReadonlySet<Alternative>,
    readonly extra: SearchableTable,
  ) {
    super();
  }

  get alternatives(): readonly Alternative[] {
    this.#alternatives ??= Object.freeze(
      [
        ...this.base.alternatives.filter((one) => !this.gone.has(one)),
        ...this.extra.alternatives,
      ].sort((a, b) => a.rank - b.rank),
    );
    return this.#alternatives;
  }

  visit(request: ParsedRequest, search: Search): void {
    this.extra.visit(request, search);
    search.without = this.gone;
    this.base.visit(request, search);
    search.without = undefined;
  }
}

// Gives each its rank between those of the base around it; undefined when there is no room left.
function withRanks(
  base: readonly Alternative[],
  extra: readonly (Alternative | Draft)[],
): Draft[] | undefined {
  const sorted = extra
    .map((one): Draft => ({ ...one }))
    .sort((a, b) => comparePrecedence(a.precedence, b.precedence));
  for (let from = 0; from < sorted.length;) {
    const above = countBefore(base, sorted[from] as Draft);
    let to = from + 1;
    while (to < sorted.length && countBefore(base, sorted[to] as Draft) === above) to++;
    const low = base[above - 1]?.rank ?? 0;
    const high = base[above]?.rank ?? low + 2 * (to - from + 1);
    const step = Math.floor((high - low) / (to - from + 1));
    if (step < 1) return undefined;
    for (let i = from; i < to; i++) (sorted[i] as Draft).rank = low + step * (i - from + 1);
    from = to;
  }
  return sorted;
}

// How many of the base go before an alternative.
function countBefore(base: readonly Alternative[], { precedence }: Draft): number {
  let low = 0;
  let high = base.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (comparePrecedence((base[middle] as Alternative).precedence, precedence) < 0)
      low = middle + 1;
    else high = middle;
  }
  return low;
}
