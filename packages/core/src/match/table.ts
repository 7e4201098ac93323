import type { MatchConfig } from "../config/match-config.js";
import type { RouteConfig } from "../config/route-config.js";
import type { ParsedRequest, RequestView } from "../request.js";
import { ConditionsCompiler, listOf, type CompiledConditions } from "./conditions.js";
import { canonicalHost, wildcardSuffixes } from "./host.js";
import { OtherPaths } from "./other-paths.js";
import type { PathOptions } from "./path.js";
import {
  compilePath,
  headOf,
  isPatternProblem,
  PathShapes,
  readParams,
  treeText,
  type CompiledPath,
} from "./pattern.js";
import { comparePrecedence, countConditions, type Precedence } from "./precedence.js";
import { NO_RANK, Search } from "./search.js";
import { isBad, parseRequest, type ParseOptions } from "./target.js";
import { TreeBuilder, type PathTree } from "./tree.js";
import type { TreeEntry } from "./trie.js";

/** One way for a route to match: its conditions, and its place in the one total order. */
export interface Alternative {
  /** Its place in the total order of all alternatives; lower goes first. */
  readonly rank: number;
  /** Id of the route. */
  readonly id: string;
  /** Number by which what the route does is found. */
  readonly route: number;
  /** A path whose parameters stand where those of this one do; one object for all that look alike. */
  readonly shape: CompiledPath;
  /** Where its first parameter begins in a path that it takes. */
  readonly head: number;
  /** One object for all that are equal. */
  readonly conditions: CompiledConditions;
  /** Whether it takes a preflight by the method that it asks for. */
  readonly takesPreflight: boolean;
  readonly precedence: Precedence;
}

/** Routes in the form in which requests are matched. Made by `compileRoutes`; frozen. */
export interface RouteTable {
  /** All alternatives in their total order. */
  readonly alternatives: readonly Alternative[];
  /** The best alternative that holds. */
  find(request: ParsedRequest): Alternative | undefined;
  /** All alternatives whose host and path take a request, in their order, whether or not the other conditions hold. */
  reached(request: ParsedRequest): readonly Alternative[];
  /** Methods of the alternatives that would hold but for their method, for `Allow`. */
  allowedMethods(request: ParsedRequest): readonly string[];
}

/** What `matchRoute` found. */
export type RouteMatch =
  | {
      readonly kind: "match";
      readonly route: string;
      readonly params: { readonly [name: string]: string };
    }
  | { readonly kind: "none" }
  | { readonly kind: "bad-request"; readonly problem: string };

/**
 * Compiles the `match` parts of routes. Ids are taken as they are, or the number of the route.
 *
 * @param options those by which the paths of requests are brought into their canonical form; `matchRoute` needs the same
 * @throws RangeError when a path is malformed; `checkConfig` says so for all of them at once.
 *
 * @example
 * const table = compileRoutes([{ id: "order", match: { path: "/orders/:id" }, to: "orders" }]);
 * matchRoute(table, { method: "GET", url: "/orders/7" }); // { kind: "match", route: "order", params: { id: "7" } }
 */
export function compileRoutes(
  routes: readonly RoutableConfig[],
  options: PathOptions = {},
): RouteTable {
  const placed = routes.map((route, index) => ({ route, slot: index, position: index }));
  return compileTable(placed, options);
}

/** Compiles routes that stand at places of their own. */
export function compileTable(
  routes: readonly PlacedRoute[],
  options: PathOptions,
): SearchableTable {
  const drafts = draftsOf(routes, options);
  const gap = Math.max(1, Math.min(MAX_GAP, Math.floor(NO_RANK / (drafts.length + 2))));
  for (const [index, draft] of drafts.entries()) draft.rank = (index + 1) * gap;
  return new CompiledTable(drafts);
}

/** Room that is left between ranks, for alternatives that come later. */
const MAX_GAP = 4_096;

/** The alternatives of routes in the order of precedence, before they have a rank. */
export function draftsOf(routes: readonly PlacedRoute[], options: PathOptions): Draft[] {
  const shared: Shared = {
    shapes: new PathShapes(),
    conditions: new ConditionsCompiler(),
    options,
  };
  const drafts: Draft[] = [];
  for (const placed of routes) addDrafts(drafts, placed, shared);
  return drafts.sort((a, b) => comparePrecedence(a.precedence, b.precedence));
}

/** Matches a request against compiled routes. Changes nothing. */
export function matchRoute(
  table: RouteTable,
  view: RequestView,
  options: ParseOptions = {},
): RouteMatch {
  const request = parseRequest(view, options);
  if (isBad(request)) return { kind: "bad-request", problem: request.problem };
  const found = table.find(request);
  if (found === undefined) return { kind: "none" };
  return {
    kind: "match",
    route: found.id,
    params: readParams(found.shape, request.path, found.head),
  };
}

/** What matching needs to know of a route. */
export type RoutableConfig = Pick<RouteConfig, "id" | "match" | "order" | "cors">;

/** A route and where it stands. */
export interface PlacedRoute {
  readonly route: RoutableConfig;
  /** The number by which what it does is found. */
  readonly slot: number;
  /** Its place in the order in which routes are listed. Not always a whole number. */
  readonly position: number;
}

/** A table whatever it is made of: it says how a search goes through it. */
export abstract class SearchableTable implements RouteTable {
  abstract readonly alternatives: readonly Alternative[];

  /** Has a search consider what takes its request. */
  abstract visit(request: ParsedRequest, search: Search): void;

  find(request: ParsedRequest): Alternative | undefined {
    const search = new Search(request, undefined);
    this.visit(request, search);
    return search.found;
  }

  reached(request: ParsedRequest): readonly Alternative[] {
    const found: Alternative[] = [];
    this.visit(request, new Search(request, (alternative) => void found.push(alternative)));
    return found.sort((a, b) => a.rank - b.rank);
  }

  allowedMethods(request: ParsedRequest): readonly string[] {
    const methods = new Set<string>();
    const search: Search = new Search(request, (alternative) => {
      if (!search.conditionsHold(alternative)) return;
      for (const method of alternative.conditions.methods ?? []) methods.add(method);
    });
    this.visit(request, search);
    return [...methods].sort();
  }
}

/** An alternative before it has a rank. */
export type Draft = { -readonly [Field in keyof Alternative]: Alternative[Field] };

/** What alternatives have in common. */
interface Shared {
  readonly shapes: PathShapes;
  readonly conditions: ConditionsCompiler;
  readonly options: PathOptions;
}

function addDrafts(drafts: Draft[], { route, slot, position }: PlacedRoute, shared: Shared): void {
  const id = route.id ?? String(slot);
  const order = route.order ?? 0;
  const takesPreflight = route.cors !== undefined;
  for (const [alternative, match] of matchesOf(route.match).entries()) {
    const path = compilePath(match.path, shared.options);
    if (isPatternProblem(path)) throw new RangeError(`/routes/${slot}/match/path: ${path.problem}`);
    const shape = shared.shapes.of(path);
    const head = headOf(path);
    const conditions = shared.conditions.compile(match);
    const counts = countConditions(match);
    for (const host of match.host === undefined ? [""] : listOf(match.host).map(canonicalHost)) {
      const precedence = { order, host, path, ...counts, route: position, alternative };
      drafts.push({
        rank: 0,
        id,
        route: slot,
        shape,
        head,
        conditions,
        takesPreflight,
        precedence,
      });
    }
  }
}

/** The alternatives of a route as a list. */
export function matchesOf(match: RouteConfig["match"]): readonly MatchConfig[] {
  if (match === undefined) return [{}];
  return Array.isArray(match) ? (match as readonly MatchConfig[]) : [match as MatchConfig];
}

interface HostTable {
  readonly best: number;
  readonly tree: PathTree | undefined;
  readonly others: OtherPaths | undefined;
}

/** A table as a whole. */
export class CompiledTable extends SearchableTable {
  readonly #exact = new Map<string, HostTable>();
  readonly #wildcards = new Map<string, HostTable>();
  readonly #any: HostTable | undefined;

  constructor(readonly alternatives: readonly Alternative[]) {
    super();
    const byHost = new Map<string, Alternative[]>();
    for (const alternative of alternatives) {
      const host = alternative.precedence.host;
      const group = byHost.get(host);
      if (group === undefined) byHost.set(host, [alternative]);
      else group.push(alternative);
    }
    const trees = new TreeBuilder();
    for (const [host, group] of byHost) {
      if (host.startsWith("*.")) this.#wildcards.set(host.slice(2), hostTable(group, trees));
      else if (host !== "") this.#exact.set(host, hostTable(group, trees));
    }
    const any = byHost.get("");
    this.#any = any === undefined ? undefined : hostTable(any, trees);
    trees.finish();
    Object.freeze(this.alternatives);
    Object.freeze(this);
  }

  // Every table whose host takes the request is asked, the most specific first; one whose best rank cannot
  // win any more is left out. `order` may let a less specific host win.
  visit(request: ParsedRequest, search: Search): void {
    if (request.path === "*") return;
    const path = request.oddPath ? treeText(request.path) : request.target;
    if (this.#exact.size > 0 && request.host !== "")
      visitHost(this.#exact.get(request.host), request.path, path, search);
    if (this.#wildcards.size > 0 && request.host !== "") {
      for (const suffix of wildcardSuffixes(request.host))
        visitHost(this.#wildcards.get(suffix), request.path, path, search);
    }
    visitHost(this.#any, request.path, path, search);
  }
}

function visitHost(
  table: HostTable | undefined,
  path: string,
  inTree: string,
  search: Search,
): void {
  if (table === undefined || table.best >= search.best) return;
  if (table.tree !== undefined) table.tree.find(inTree, path.length, search);
  if (table.others !== undefined) table.others.visit(path, search);
}

function hostTable(group: readonly Alternative[], trees: TreeBuilder): HostTable {
  const entries: TreeEntry[] = [];
  const others: Alternative[] = [];
  for (const alternative of group) {
    const path = alternative.precedence.path;
    if (path.kind === "tree") entries.push({ path, alternative });
    else others.push(alternative);
  }
  return {
    best: (group[0] as Alternative).rank,
    tree: isFilled(entries) ? trees.plan(entries) : undefined,
    others: others.length === 0 ? undefined : new OtherPaths(others),
  };
}

function isFilled<T>(list: readonly T[]): list is readonly [T, ...T[]] {
  return list.length > 0;
}
