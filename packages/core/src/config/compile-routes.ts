import type { Trail } from "../decision.js";
import { patchTable } from "../match/patched-table.js";
import { compileTable, matchesOf, type PlacedRoute, type SearchableTable } from "../match/table.js";
import type { Earlier } from "./checked-routes.js";
import { ActionsCompiler } from "./compile-action.js";
import type { PathOptions } from "../match/path.js";
import type { GatewayConfig } from "./config.js";
import type { RouteConfig } from "./route-config.js";
import type { ActionPlan, TargetPlan } from "./plan.js";
import { describeMatch } from "./short-form.js";

/** The routes of a configuration, compiled. */
export interface RoutesPlan {
  readonly table: SearchableTable;
  /** By the slots of routes. Equal ones are one object. */
  readonly actions: readonly ActionPlan[];
  readonly targets: readonly TargetPlan[];
  /** Of each route of the configuration, in its order. */
  readonly places: readonly RoutePlace[];
}

/** Where a route of the configuration is in what was compiled. */
interface RoutePlace {
  readonly id: string;
  readonly slot: number;
  /** Its place in the order in which routes are listed. Not always a whole number. */
  readonly position: number;
}

/** Compiles all routes. */
export function compileAllRoutes(config: GatewayConfig): RoutesPlan {
  const { routes, defaults = {} } = config;
  const options = pathOptionsOf(config);
  const compiler = new ActionsCompiler(defaults, options, trailOf(config));
  const places = routeIds(routes).map((id, index): RoutePlace => ({
    id,
    slot: index,
    position: index,
  }));
  const actions = routes.map((route, index) =>
    compiler.compile(route, (places[index] as RoutePlace).id),
  );
  const placed = routes.map((route, index) => placedRoute(route, places[index] as RoutePlace));
  const table = compileTable(placed, options);
  return { table, actions, targets: compiler.targets.list, places };
}

/**
 * Compiles the routes that are new, and takes the others from before. Undefined where it is as cheap to compile all.
 *
 * @param earlier where each route stood before
 */
export function patchRoutes(
  before: RoutesPlan,
  config: GatewayConfig,
  earlier: Earlier,
): RoutesPlan | undefined {
  const { routes, defaults = {} } = config;
  const options = pathOptionsOf(config);
  const ids = routeIds(routes);
  const places: (RoutePlace | undefined)[] = [];
  const kept = new Uint8Array(before.places.length);
  let last = -1;
  for (let index = 0; index < routes.length; index++) {
    const old = earlier[index] as number;
    const place = before.places[old];
    // What moved up in the list has another place in the order of all, as if it were new.
    if (place === undefined || old < last || place.id !== ids[index]) continue;
    places[index] = place;
    kept[old] = 1;
    last = old;
  }
  places.length = routes.length;
  const removed = new Set(
    before.places.flatMap(({ slot }, old) => (kept[old] === 1 ? [] : [slot])),
  );
  const compiler = new ActionsCompiler(defaults, options, trailOf(config), before.targets);
  const actions = [...before.actions];
  const added: PlacedRoute[] = [];
  const positions = newPositions(places);
  if (positions === undefined) return undefined;
  for (const { index, position } of positions) {
    const route = routes[index] as RouteConfig;
    const id = ids[index] as string;
    const slot = actions.push(compiler.compile(route, id)) - 1;
    const place = { id, slot, position };
    places[index] = place;
    added.push(placedRoute(route, place));
  }
  // Slots of routes that are gone stay empty until all is compiled anew.
  if (actions.length > 2 * routes.length + MAX_EMPTY_SLOTS) return undefined;
  const table = patchTable(before.table, { removed, added, options });
  return (
    table && { table, actions, targets: compiler.targets.list, places: places as RoutePlace[] }
  );
}

// Of the steps that may be changed only this one tells two paths of a configuration apart.
function pathOptionsOf({ path }: GatewayConfig): PathOptions {
  return { mergeSlashes: path?.mergeSlashes ?? true };
}

function trailOf({ forwarded = false, via }: GatewayConfig): Trail | undefined {
  return forwarded || via !== undefined ? Object.freeze({ forwarded, via }) : undefined;
}

function placedRoute(route: RouteConfig, { id, slot, position }: RoutePlace): PlacedRoute {
  return { route: { ...route, id }, slot, position };
}

const MAX_EMPTY_SLOTS = 64;

// Positions of the routes that have no place yet, evenly between those of their neighbours; undefined when there is no
// number left between two.
function newPositions(
  places: readonly (RoutePlace | undefined)[],
): { readonly index: number; readonly position: number }[] | undefined {
  const positions: { index: number; position: number }[] = [];
  for (let from = 0; from < places.length;) {
    if (places[from] !== undefined) {
      from++;
      continue;
    }
    let to = from;
    while (to < places.length && places[to] === undefined) to++;
    const low = places[from - 1]?.position ?? (places[to]?.position ?? 0) - (to - from + 1);
    const high = places[to]?.position ?? low + (to - from + 1);
    const step = (high - low) / (to - from + 1);
    if (low + step === low || high - step === high) return undefined;
    for (let i = from; i < to; i++)
      positions.push({ index: i, position: low + step * (i - from + 1) });
    from = to;
  }
  return positions;
}

/** Ids of all routes: those that are given, else the match in words, numbered when taken. */
function routeIds(routes: readonly RouteConfig[]): string[] {
  const taken = new Set(routes.map(({ id }) => id).filter((id) => id !== undefined));
  return routes.map((route) => {
    if (route.id !== undefined) return route.id;
    const words = describeMatch(matchesOf(route.match)[0] ?? {});
    let id = words;
    for (let number = 2; taken.has(id); number++) id = `${words} (${number})`;
    taken.add(id);
    return id;
  });
}
