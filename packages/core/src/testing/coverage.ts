import { compileConfig } from "../config/compile.js";
import type { ConfigInput } from "../config/config.js";
import { actionOf, type Plan } from "../config/plan.js";
import type { Explanation, ExplainedRoute } from "../explanation.js";
import { describePath } from "../match/describe.js";
import type { Alternative } from "../match/table.js";

/** What requests of a test have met of a route table. */
export interface RouteCoverage {
  readonly routes: readonly { readonly route: string; readonly reached: boolean }[];
  /** Backends of routes with several, but for those without weight. */
  readonly splits: readonly SplitCoverage[];
  /** Conditions of every alternative, and which of their sides were met. */
  readonly conditions: readonly ConditionCoverage[];
  /** Of all routes, shares and sides of conditions, in [0, 1]; 1 for an empty table. */
  readonly ratio: number;
}

/** A share of a route. */
export interface SplitCoverage {
  readonly route: string;
  readonly service: string;
  /** Undefined for every version. */
  readonly version: string | undefined;
  readonly reached: boolean;
}

/** A condition, and whether it was seen to hold and to fail. */
export interface ConditionCoverage {
  readonly route: string;
  /** Position among the alternatives of the match of the route. One that names several hosts has an entry for each. */
  readonly alternative: number;
  /** The host that the alternative names; undefined for every host. */
  readonly host: string | undefined;
  /** In words. */
  readonly condition: string;
  readonly held: boolean;
  readonly failed: boolean;
}

interface Side {
  readonly route: string;
  readonly alternative: number;
  readonly host: string | undefined;
  readonly condition: string;
  held: boolean;
  failed: boolean;
}

interface Share {
  readonly route: string;
  readonly service: string;
  readonly version: string | undefined;
  reached: boolean;
}

/** Notes what explained requests meet of a route table. */
export class CoverageRecorder {
  readonly #routes = new Map<string, { readonly route: string; reached: boolean }>();
  readonly #shares = new Map<string, Share>();
  /** Conditions by alternative, in the order in which they are looked at. */
  readonly #sides = new Map<string, Map<string, Side>>();

  constructor(input: ConfigInput) {
    const plan = compileConfig(input);
    for (const alternative of plan.table.alternatives) {
      this.#routes.set(alternative.id, { route: alternative.id, reached: false });
      this.#addShares(plan, alternative);
      this.#sides.set(keyOf(alternative.id, alternative.precedence), sidesOf(alternative));
    }
  }

  /** Notes a request. The explanation must list every route. */
  add({ decision, routes, split }: Explanation): void {
    if ("route" in decision && decision.route !== undefined) {
      const route = this.#routes.get(decision.route);
      if (route !== undefined) route.reached = true;
      for (const [index, { chosen }] of (split?.backends ?? []).entries()) {
        const share = this.#shares.get(shareKey(decision.route, index));
        if (chosen && share !== undefined) share.reached = true;
      }
    }
    for (const entry of routes) this.#note(entry);
  }

  /** What was met so far. */
  coverage(): RouteCoverage {
    const routes = [...this.#routes.values()].map((route) => ({ ...route }));
    const splits = [...this.#shares.values()].map((share) => ({ ...share }));
    const sides = [...this.#sides.values()].flatMap((own) => [...own.values()]);
    const conditions = sides.map((side) => ({ ...side }));
    const met = [
      ...[...routes, ...splits].map(({ reached }) => reached),
      ...conditions.flatMap(({ held, failed }) => [held, failed]),
    ];
    const ratio = met.length === 0 ? 1 : met.filter(Boolean).length / met.length;
    return Object.freeze({ routes, splits, conditions, ratio });
  }

  #addShares(plan: Plan, alternative: Alternative): void {
    const action = actionOf(plan, alternative);
    if (action.kind !== "forward" || action.split.backends.length < 2) return;
    const route = alternative.id;
    for (const [index, backend] of action.split.backends.entries()) {
      if (action.split.weights[index] === 0) continue;
      const { service } = backend;
      const version = backend.version === "" ? undefined : backend.version;
      const key = shareKey(route, index);
      this.#shares.set(key, { route, service, version, reached: false });
    }
  }

  // Conditions are looked at one after the other: those before the one that failed have held.
  #note({ route, alternative, host = "", failed }: ExplainedRoute): void {
    const sides = this.#sides.get(keyOf(route, { alternative, host }));
    if (sides === undefined) return;
    const last = failed === undefined ? undefined : placeOf(failed.on, failed.name);
    for (const [place, side] of sides) {
      if (place === last) {
        side.failed = true;
        return;
      }
      side.held = true;
    }
  }
}

function keyOf(route: string, of: { readonly alternative: number; readonly host: string }): string {
  return JSON.stringify([route, of.alternative, of.host]);
}

// The conditions of an alternative in the order in which they are looked at. Those that take everything have one side only.
function sidesOf({ id, precedence, conditions }: Alternative): Map<string, Side> {
  const { alternative, host, path } = precedence;
  const of = { route: id, alternative, host: host === "" ? undefined : host };
  const sides = new Map<string, Side>();
  const add = (on: string, name: string, wanted: string): void => {
    const condition = `${on}${name === "" ? "" : ` ${name}`}: ${wanted}`;
    sides.set(placeOf(on, name), { ...of, condition, held: false, failed: false });
  };
  if (host !== "") add("host", "", host);
  if (describePath(path) !== "/*") add("path", "", describePath(path));
  if (conditions.methods !== undefined) add("method", "", conditions.methods.join(" or "));
  for (const condition of conditions.list) add(condition.on, condition.name, condition.wanted());
  return sides;
}

function placeOf(on: string, name: string): string {
  return `${on} ${name}`;
}

function shareKey(route: string, backend: number): string {
  return JSON.stringify([route, backend]);
}

/**
 * What no request has met, as text: a line for each route, share and side of a condition.
 *
 * @example
 * console.log(formatCoverage(tester.coverage()));
 */
export function formatCoverage({ routes, splits, conditions, ratio }: RouteCoverage): string {
  const byRoute = Map.groupBy(conditions, ({ route }) => route);
  const missed = [
    ...routes
      .filter(({ reached }) => !reached)
      .map(({ route }) => `  route ${route}: never reached`),
    ...splits
      .filter(({ reached }) => !reached)
      .map(({ route, service, version }) => {
        return `  route ${route}: its share for ${service}${version === undefined ? "" : ` ${version}`} never reached`;
      }),
    ...conditions.flatMap((side) => [
      ...(side.held ? [] : [`  ${placeIn(byRoute, side)}: ${side.condition} never held`]),
      ...(side.failed ? [] : [`  ${placeIn(byRoute, side)}: ${side.condition} never failed`]),
    ]),
  ];
  return [`${Math.floor(ratio * 100)} % of routes, shares and conditions were met`, ...missed].join(
    "\n",
  );
}

// The alternative and the host are told where the route has several.
function placeIn(
  byRoute: ReadonlyMap<string, readonly ConditionCoverage[]>,
  { route, alternative, host }: ConditionCoverage,
): string {
  const ofRoute = byRoute.get(route) ?? [];
  const own = ofRoute.filter((other) => other.alternative === alternative);
  const which = ofRoute.length > own.length ? `, alternative ${alternative + 1}` : "";
  const where = own.some((other) => other.host !== host) ? ` at ${host}` : "";
  return `route ${route}${which}${where}`;
}
