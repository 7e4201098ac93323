import { assertConfig } from "../config/check.js";
import { compileConfig } from "../config/compile.js";
import type { ConfigInput } from "../config/config.js";
import type { Plan } from "../config/plan.js";
import { pointerOf } from "../config/problem.js";
import type { Alternative } from "../match/table.js";
import { findIdleBackends } from "./backends.js";
import type { RouteFinding } from "./finding.js";
import { findPolicyGaps, findTies } from "./overlaps.js";
import { WitnessSearch, type Reach } from "./witness.js";

/** What all findings are made from. */
export interface Scope {
  readonly plan: Plan;
  readonly search: WitnessSearch;
  readonly reach: ReadonlyMap<Alternative, Reach>;
  pointerTo(alternative: Alternative, within?: boolean): string;
}

/**
 * What is odd about a route table, proved: routes that can never be reached, ties, gaps in policies, instances without
 * traffic, shares that lead nowhere. Each finding comes with a request that shows it. What could not be worked out
 * within bounds (some regexes, very many overlaps) is not reported, so that no finding is a false alarm.
 *
 * @throws GatewayConfigError when the configuration does not pass its check
 *
 * @example
 * const [finding] = analyzeRoutes({
 *   routes: [
 *     { id: "all", match: { path: "/*" }, order: -1, to: "http://a" },
 *     { id: "users", match: { path: "/users/:id" }, to: "http://b" },
 *   ],
 * });
 * finding?.message; // 'no request reaches route "users": "all" takes them all'
 */
export function analyzeRoutes(input: ConfigInput): readonly RouteFinding[] {
  const config = assertConfig(input);
  const plan = compileConfig(config);
  const search = new WitnessSearch(config, plan);
  const root = Array.isArray(input) ? [] : ["routes"];
  const scope: Scope = {
    plan,
    search,
    reach: new Map(plan.table.alternatives.map((one) => [one, search.reach(one)] as const)),
    pointerTo: ({ precedence: { route, alternative } }, within = false) =>
      pointerOf([
        ...root,
        route,
        ...(within && Array.isArray(config.routes[route]?.match) ? ["match", alternative] : []),
      ]),
  };
  return Object.freeze(
    [
      ...findUnreachable(scope),
      ...findTies(scope),
      ...findPolicyGaps(scope),
      ...findIdleBackends(scope, config),
    ].map((finding) => Object.freeze(finding)),
  );
}

function findUnreachable(scope: Scope): RouteFinding[] {
  const { alternatives } = scope.plan.table;
  const routes = groupBy(alternatives, ({ precedence }) => precedence.route);
  return [...routes.values()].flatMap((own) => {
    const choices = [...groupBy(own, ({ precedence }) => precedence.alternative).values()];
    const hidden = choices.filter((choice) => choice.every((one) => isOut(scope, one)));
    if (hidden.length === choices.length) return [unreachable(scope, own, false)];
    return hidden
      .filter((choice) => !hidesItself(scope, choice))
      .map((choice) => unreachable(scope, choice, true));
  });
}

function isOut({ reach }: Scope, alternative: Alternative): boolean {
  const { kind } = reach.get(alternative) as Reach;
  return kind === "hidden" || kind === "contradiction";
}

// An alternative that others of its own route stand in for is superfluous, not lost.
function hidesItself(scope: Scope, choice: readonly Alternative[]): boolean {
  const route = choice[0]?.precedence.route;
  return hidersOf(scope, choice).some(({ precedence }) => precedence.route === route);
}

function hidersOf({ reach }: Scope, hidden: readonly Alternative[]): Alternative[] {
  return hidden.flatMap((alternative) => {
    const found = reach.get(alternative) as Reach;
    return found.kind === "hidden" ? found.by : [];
  });
}

function unreachable(scope: Scope, own: readonly Alternative[], isPart: boolean): RouteFinding {
  const [first] = own as [Alternative, ...Alternative[]];
  const by = [...new Set(hidersOf(scope, own).map(({ id }) => id))].filter((id) => id !== first.id);
  const what = isPart ? `alternative ${first.precedence.alternative + 1} of route` : "route";
  const why =
    by.length === 0
      ? "its conditions cannot hold together"
      : `${by.map((id) => JSON.stringify(id)).join(", ")} ${by.length === 1 ? "takes" : "take"} them all`;
  return {
    kind: "unreachable",
    pointer: scope.pointerTo(first, isPart),
    route: first.id,
    by,
    message: `no request reaches ${what} ${JSON.stringify(first.id)}: ${why}`,
    witness: witnessFor(scope.search, own),
  };
}

// A request for which all conditions hold, or as many as can.
function witnessFor(search: WitnessSearch, own: readonly Alternative[]): RouteFinding["witness"] {
  for (const alternative of own) {
    const whole = search.satisfy(search.partsOf(alternative));
    if (whole.kind === "found") return whole.value;
  }
  const parts = search.partsOf(own[0] as Alternative);
  for (const left of [...parts.map((part) => parts.filter((one) => one !== part)), []]) {
    const some = search.satisfy(left);
    if (some.kind === "found") return some.value;
  }
  return { method: "GET", url: "/" };
}

/** Entries in groups by a key, in the order in which the keys come first. */
export function groupBy<T, K>(entries: readonly T[], keyOf: (entry: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const entry of entries) {
    const key = keyOf(entry);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [entry]);
    else group.push(entry);
  }
  return groups;
}
