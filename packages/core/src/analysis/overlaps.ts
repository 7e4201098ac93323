import { actionOf } from "../config/plan.js";
import { takesHost } from "../match/host.js";
import type { CompiledPath } from "../match/pattern.js";
import { comparePrecedence, type Precedence } from "../match/precedence.js";
import type { Alternative } from "../match/table.js";
import { preflightMethod } from "../request.js";
import { groupBy, type Scope } from "./analyze.js";
import type { RouteFinding } from "./finding.js";
import type { Part } from "./parts.js";

/** Pairs of routes that are looked at before a search is given up. */
const MAX_PAIRS = 20_000;

/** Automata of two paths cost as much as so many other pairs. */
const REGEX_COST = 20;

/** Routes that only the order in which they are listed keeps apart, although both can hold for one request. */
export function findTies(scope: Scope): RouteFinding[] {
  const ties = new Map<number, Tie>();
  const budget = { pairs: MAX_PAIRS };
  for (const group of equalRuns(scope.plan.table.alternatives)) {
    for (const [first, second] of pairsOf(group, budget)) {
      const tie = ties.get(second.precedence.route);
      if (first.precedence.route === second.precedence.route || tie?.by.has(first.id)) continue;
      if (scope.reach.get(second)?.kind !== "reached") continue;
      const witness = sharedWitness(scope, first, second);
      if (witness === undefined) continue;
      if (tie !== undefined) tie.by.add(first.id);
      else ties.set(second.precedence.route, { second, by: new Set([first.id]), witness });
    }
  }
  return [...ties.values()].map((tie) => tieFinding(scope, tie));
}

interface Tie {
  readonly second: Alternative;
  readonly by: Set<string>;
  readonly witness: RouteFinding["witness"];
}

function tieFinding(scope: Scope, { second, by, witness }: Tie): RouteFinding {
  const [first, ...others] = [...by] as [string, ...string[]];
  const more = others.length === 0 ? "" : ` (and ${others.length} more)`;
  return {
    kind: "tie",
    pointer: scope.pointerTo(second, true),
    route: second.id,
    by: [first, ...others],
    message: `routes "${first}"${more} and "${second.id}" have equal precedence and can both hold: the one that is listed first wins`,
    witness,
  };
}

/** Routes that lack a policy of another route and take requests that it would have taken. */
export function findPolicyGaps(scope: Scope): RouteFinding[] {
  const { alternatives } = scope.plan.table;
  const takers = new TakersByPlace(alternatives);
  const gaps = new Map<string, Gap>();
  const budget = { pairs: MAX_PAIRS };
  for (const guarded of alternatives) {
    const { policies } = actionOf(scope.plan, guarded);
    if (policies.length === 0) continue;
    for (const taker of takers.before(guarded)) {
      const lacking = policies.filter(
        (name) => !actionOf(scope.plan, taker).policies.includes(name),
      );
      const key = JSON.stringify([taker.precedence.route, lacking]);
      const gap = gaps.get(key);
      if (lacking.length === 0 || gap?.by.has(guarded.id) || areApart(scope, taker, guarded))
        continue;
      if (budget.pairs-- <= 0) return [...gaps.values()].map((found) => gapFinding(scope, found));
      const witness = sharedWitness(scope, taker, guarded);
      // Preflights are answered before any policy, so that none of them is passed by.
      if (witness === undefined || (guarded.takesPreflight && isPreflight(witness))) continue;
      if (gap !== undefined) gap.by.add(guarded.id);
      else gaps.set(key, { taker, lacking, by: new Set([guarded.id]), witness });
    }
  }
  return [...gaps.values()].map((gap) => gapFinding(scope, gap));
}

interface Gap {
  readonly taker: Alternative;
  readonly lacking: readonly string[];
  readonly by: Set<string>;
  readonly witness: RouteFinding["witness"];
}

function gapFinding(scope: Scope, { taker, lacking, by, witness }: Gap): RouteFinding {
  const [first, ...others] = [...by] as [string, ...string[]];
  const names = lacking.map((name) => `"${name}"`).join(", ");
  const more = others.length === 0 ? "" : ` (and ${others.length} more)`;
  return {
    kind: "policy-gap",
    pointer: scope.pointerTo(taker, true),
    route: taker.id,
    by: [first, ...others],
    message: `route "${taker.id}" is without the policy ${names} and takes requests that "${first}"${more} would take with it`,
    witness,
  };
}

/** Alternatives by the first static segment of their path: those with another one cannot meet. */
class TakersByPlace {
  readonly #bySegment: ReadonlyMap<string | undefined, readonly Alternative[]>;
  readonly #all: readonly Alternative[];

  constructor(alternatives: readonly Alternative[]) {
    this.#all = alternatives;
    this.#bySegment = groupBy(alternatives, ({ precedence: { path } }) => firstSegment(path));
  }

  /** Those that go before an alternative and may meet it. */
  before({ rank, precedence: { path } }: Alternative): Alternative[] {
    const segment = firstSegment(path);
    const lists =
      segment === undefined
        ? [this.#all]
        : [this.#bySegment.get(segment) ?? [], this.#bySegment.get(undefined) ?? []];
    return lists.flatMap((list) => list.filter((one) => one.rank < rank));
  }
}

function firstSegment(path: CompiledPath): string | undefined {
  return path.kind === "tree" ? path.segments[0] : undefined;
}

function isPreflight(view: RouteFinding["witness"]): boolean {
  return preflightMethod(view) !== undefined;
}

// A request for which both hold and that the first takes. Conditions that look at one thing in two ways, such as the
// header `cookie` and a cookie, are not solved together, so the request is shown to the second one too.
function sharedWitness(
  { search }: Scope,
  first: Alternative,
  second: Alternative,
): RouteFinding["witness"] | undefined {
  const reached = search.reach(first, search.partsOf(second));
  if (reached.kind !== "reached" || !search.holds(second, reached.view)) return undefined;
  return reached.view;
}

// Alternatives that stand side by side in the total order and differ only in where they are listed.
function equalRuns(alternatives: readonly Alternative[]): Alternative[][] {
  const runs: Alternative[][] = [];
  for (const alternative of alternatives) {
    const run = runs.at(-1);
    const before = run?.at(-1);
    if (before !== undefined && isTie(before.precedence, alternative.precedence))
      run?.push(alternative);
    else runs.push([alternative]);
  }
  return runs.filter((run) => run.length > 1);
}

function isTie(a: Precedence, b: Precedence): boolean {
  return (
    comparePrecedence({ ...a, route: 0, alternative: 0 }, { ...b, route: 0, alternative: 0 }) === 0
  );
}

// Equal precedence says nothing of the words in paths and hosts: only those with the same can meet.
function* pairsOf(
  run: readonly Alternative[],
  budget: { pairs: number },
): Generator<[Alternative, Alternative]> {
  const groups = groupBy(run, ({ precedence: { host, path } }) => {
    return `${host} ${path.kind === "tree" ? JSON.stringify([path.segments, path.open]) : path.kind}`;
  });
  for (const group of groups.values()) {
    for (const [index, second] of group.entries()) {
      for (const first of group.slice(0, index)) {
        budget.pairs -= isRegex(first) ? REGEX_COST : 1;
        if (budget.pairs <= 0) return;
        yield [first, second];
      }
    }
  }
}

// Whether two alternatives cannot both hold, as far as that is seen at once.
function areApart({ search }: Scope, a: Alternative, b: Alternative): boolean {
  if (!hostsMeet(a.precedence.host, b.precedence.host)) return true;
  if (!pathsMeet(a.precedence.path, b.precedence.path)) return true;
  const parts = search.partsOf(b);
  return search.partsOf(a).some((part) => parts.some((other) => partsExclude(part, other)));
}

function hostsMeet(a: string, b: string): boolean {
  if (a === "" || b === "" || a === b) return true;
  if (!a.startsWith("*.") || !b.startsWith("*.")) return takesHost(a, b) || takesHost(b, a);
  return a.endsWith(b.slice(1)) || b.endsWith(a.slice(1));
}

function pathsMeet(a: CompiledPath, b: CompiledPath): boolean {
  if (a.kind !== "tree" || b.kind !== "tree") return true;
  if (!a.open && b.segments.length > a.segments.length) return false;
  if (!b.open && a.segments.length > b.segments.length) return false;
  return a.segments.every((segment, index) => {
    const other = b.segments[index];
    return segment === undefined || other === undefined || segment === other;
  });
}

function partsExclude(a: Part, b: Part): boolean {
  if (a.on === "method" && b.on === "method")
    return (
      !a.takesPreflight && !b.takesPreflight && !a.methods.some((name) => b.methods.includes(name))
    );
  if (!("name" in a) || !("name" in b) || a.on !== b.on || a.name !== b.name) return false;
  if (a.on === "param") return false;
  return (
    typeof a.condition === "string" &&
    typeof b.condition === "string" &&
    a.condition !== b.condition
  );
}

function isRegex({ precedence }: Alternative): boolean {
  return precedence.path.kind === "regex";
}
