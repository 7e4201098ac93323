import { actionOf } from "../config/plan.js";
import { takesHost } from "../match/host.js";
import type { CompiledPath } from "../match/pattern.js";
import { comparePrecedence, type Precedence } from "../match/precedence.js";
import type { Alternative } from "../match/table.js";
import { groupBy, type Scope } from "./analyze.js";
import type { RouteFinding } from "./finding.js";
import type { Part } from "./parts.js";

/** Pairs of routes that are looked at before a search is given up. */
const MAX_PAIRS = 20_000;

/** Routes that only the order in which they are listed keeps apart, although both can hold for one request. */
export function findTies(scope: Scope): RouteFinding[] {
  const findings: RouteFinding[] = [];
  const seen = new Set<string>();
  const budget = { pairs: MAX_PAIRS };
  for (const group of equalRuns(scope.plan.table.alternatives)) {
    for (const [first, second] of pairsOf(group, budget)) {
      const key = `${first.precedence.route} ${second.precedence.route}`;
      if (first.precedence.route === second.precedence.route || seen.has(key)) continue;
      if (scope.reach.get(second)?.kind !== "reached") continue;
      const witness = sharedWitness(scope, first, second);
      if (witness === undefined) continue;
      seen.add(key);
      findings.push({
        kind: "tie",
        pointer: scope.pointerTo(second, true),
        route: second.id,
        by: [first.id],
        message: `routes "${first.id}" and "${second.id}" have equal precedence and can both hold: the one that is listed first wins`,
        witness,
      });
    }
  }
  return findings;
}

/** Routes that lack a policy of another route and take requests that it would have taken. */
export function findPolicyGaps(scope: Scope): RouteFinding[] {
  const { plan } = scope;
  const { alternatives } = plan.table;
  const findings: RouteFinding[] = [];
  const seen = new Set<string>();
  const budget = { pairs: MAX_PAIRS };
  for (const [index, guarded] of alternatives.entries()) {
    const { policies } = actionOf(plan, guarded);
    if (policies.length === 0) continue;
    for (const taker of alternatives.slice(0, index)) {
      const lacking = policies.filter((name) => !actionOf(plan, taker).policies.includes(name));
      const key = `${taker.precedence.route} ${guarded.precedence.route}`;
      if (lacking.length === 0 || seen.has(key) || areApart(scope, taker, guarded)) continue;
      if (budget.pairs-- <= 0) return findings;
      const witness = sharedWitness(scope, taker, guarded);
      if (witness === undefined) continue;
      seen.add(key);
      const names = lacking.map((name) => `"${name}"`).join(", ");
      findings.push({
        kind: "policy-gap",
        pointer: scope.pointerTo(taker, true),
        route: taker.id,
        by: [guarded.id],
        message: `route "${taker.id}" is without the policy ${names} and takes requests that "${guarded.id}" would take with it`,
        witness,
      });
    }
  }
  return findings;
}

// A request for which both hold and that the first takes.
function sharedWitness(
  { search }: Scope,
  first: Alternative,
  second: Alternative,
): RouteFinding["witness"] | undefined {
  const reached = search.reach(first, search.partsOf(second));
  return reached.kind === "reached" ? reached.view : undefined;
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
        if (budget.pairs-- <= 0) return;
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
