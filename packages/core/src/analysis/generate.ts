import { assertConfig } from "../config/check.js";
import { compileConfig } from "../config/compile.js";
import type { ConfigInput } from "../config/config.js";
import { actionOf, type Plan } from "../config/plan.js";
import type { Alternative } from "../match/table.js";
import { isBad, parseRequest } from "../match/target.js";
import type { RequestView } from "../request.js";
import { readSplit } from "../split/read-split.js";
import { WitnessSearch } from "./witness.js";

/** Sticky keys that are tried until every share of a split is met. */
const MAX_KEYS = 1_000;

/**
 * Requests that reach every route and both sides of every condition: for each alternative one that it takes, one for
 * each of its conditions in which that alone fails, and one for each share of a sticky split. None twice. What no
 * request can reach, and what cannot be worked out within bounds, is left out.
 *
 * @throws GatewayConfigError when the configuration does not pass its check
 *
 * @example
 * generateRequests([{ path: "/a", method: "GET", to: "http://a" }]).map(({ method, url }) => `${method} ${url}`);
 * // ["GET /a", "ZQ7 /a", "GET /"]
 */
export function generateRequests(input: ConfigInput): readonly RequestView[] {
  const config = assertConfig(input);
  const plan = compileConfig(config);
  const search = new WitnessSearch(config, plan);
  const found = new Map<string, RequestView>();
  const add = (view: RequestView): void => void found.set(JSON.stringify(view), view);
  for (const alternative of plan.table.alternatives) {
    for (const view of viewsFor(search, alternative)) add(view);
    for (const view of stickyViews(plan, search, alternative)) add(view);
  }
  return Object.freeze([...found.values()]);
}

function viewsFor(search: WitnessSearch, alternative: Alternative): RequestView[] {
  const parts = search.partsOf(alternative);
  const reached = search.reach(alternative);
  const held =
    reached.kind === "reached"
      ? { kind: "found" as const, value: reached.view }
      : search.satisfy(parts);
  const broken = parts.map((part) =>
    search.satisfy(
      parts.filter((other) => other !== part),
      [part],
    ),
  );
  return [held, ...broken].flatMap((solution) =>
    solution.kind === "found" ? [solution.value] : [],
  );
}

// Requests with keys whose points fall to each of the shares.
function stickyViews(plan: Plan, search: WitnessSearch, alternative: Alternative): RequestView[] {
  const action = actionOf(plan, alternative);
  if (action.kind !== "forward" || action.split.sticky === undefined) return [];
  const { sticky, weights } = action.split;
  const missing = new Set(weights.flatMap((weight, index) => (weight > 0 ? [index] : [])));
  const views: RequestView[] = [];
  for (let number = 0; number < MAX_KEYS && missing.size > 0; number++) {
    const key = sticky === "clientAddress" ? addressOf(number) : keyOf(number);
    const found = search.reach(alternative, [keyPart(sticky, key)]);
    if (found.kind !== "reached") continue;
    const request = parseRequest(found.view, plan.parse);
    if (isBad(request)) return views;
    const { index } = readSplit(action.split, request, () => 0);
    if (missing.delete(index)) views.push(found.view);
  }
  return views;
}

type Sticky = NonNullable<
  Extract<ReturnType<typeof actionOf>, { kind: "forward" }>["split"]["sticky"]
>;

function keyPart(sticky: Sticky, key: string): Parameters<WitnessSearch["satisfy"]>[0][number] {
  if (sticky === "clientAddress") return { on: "clientAddress", ranges: [key] };
  if ("cookie" in sticky) return { on: "cookie", name: sticky.cookie, condition: key };
  if ("header" in sticky)
    return { on: "header", name: sticky.header.toLowerCase(), condition: key };
  if ("query" in sticky) return { on: "query", name: sticky.query, condition: key };
  return { on: "fact", name: sticky.fact, condition: key };
}

function addressOf(number: number): string {
  return `198.18.${number >> 8}.${number & 255}`;
}

// Conditions may ask for numbers or for words.
function keyOf(number: number): string {
  return number % 2 === 0 ? `key-${number}` : String(number);
}
