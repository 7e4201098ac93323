import { keptBackend } from "./affinity/kept-backend.js";
import { readPin } from "./affinity/read-pin.js";
import { choose, type Draws } from "./choose.js";
import { clientPin, pinCookies, pinnedIn } from "./client-pin.js";
import type { BackendPlan, SplitPlan } from "./config/plan.js";
import type { KnownClient, Origin } from "./decision.js";
import { takesMore } from "./protection.js";
import { requestKey } from "./request-key.js";
import type { MatchedPath } from "./rewrite/rewrite.js";
import type { Runtime, Target } from "./runtime.js";
import type { SplitReading } from "./split/read-split.js";
import type { InstanceState } from "./state.js";

const NOTHING: readonly never[] = Object.freeze([]);

/** Where a request goes, and what its service knows the client by. */
export interface InstancePlace {
  readonly instance: InstanceState;
  readonly origin: Origin;
  readonly setCookies: readonly string[];
  readonly known: KnownClient | undefined;
}

/** The share that a pin keeps while that has a weight: then nothing is drawn. */
export function keptSplit(
  { targets }: Runtime,
  split: SplitPlan,
  { request }: MatchedPath,
  draws: Draws,
): SplitReading | undefined {
  if (split.backends.length < 2 || split.sticky !== undefined) return undefined;
  for (const { target } of split.backends) {
    const { plan, pool } = targets[target] ?? {};
    if (pool === undefined || plan?.affinity === undefined) continue;
    const pin = readPin(request.view, plan.affinity);
    const { instance } = pinnedIn(pool.service, pin, draws.now());
    const index = instance === undefined ? -1 : keptBackend(split, instance);
    if (index !== -1) return { index, point: undefined, key: undefined };
  }
  return undefined;
}

/** Where a share goes. A fallback is better than an instance that is ejected; that is better than nothing. */
export function placeFor(
  runtime: Runtime,
  { target, origin, fallback }: BackendPlan,
  priority: number,
  matched: MatchedPath,
  draws: Draws,
): InstancePlace | undefined {
  const main = openTarget(runtime, target, priority, draws);
  if (fallback === undefined) return placeIn(main, origin, matched, draws);
  const spare = openTarget(runtime, fallback.target, priority, draws);
  return (
    placeIn(main, origin, matched, draws, false) ??
    placeIn(spare, fallback.origin, matched, draws, false) ??
    placeIn(main, origin, matched, draws) ??
    placeIn(spare, fallback.origin, matched, draws)
  );
}

// What is full or shut off gets nothing, whatever its instances could take.
function openTarget(
  { plan, targets }: Runtime,
  number: number,
  priority: number,
  { now }: Draws,
): Target | undefined {
  const target = targets[number];
  return takesMore(plan, target, priority, now) ? target : undefined;
}

function placeIn(
  target: Target | undefined,
  origin: Origin,
  matched: MatchedPath,
  draws: Draws,
  mayTryAll?: boolean,
): InstancePlace | undefined {
  const key = keyFor(target, matched);
  const pin = clientPin(target, matched.request.view, draws.now, mayTryAll);
  if (pin === undefined || target === undefined) {
    const instance = choose(target, draws, key, NOTHING, draws, mayTryAll);
    const known = key === undefined ? undefined : { key, session: undefined, isPinned: false };
    return instance && { instance, origin, setCookies: NOTHING, known };
  }
  const { session, renews } = pin;
  const instance = pin.instance ?? choose(target, draws, key, NOTHING, draws, mayTryAll);
  if (instance === undefined) return undefined;
  const { pool, plan } = target;
  const isSecure = matched.request.protocol === "https";
  const setCookies = renews ? pinCookies(pool.service, plan.affinity, instance, isSecure) : NOTHING;
  return {
    instance,
    origin,
    setCookies,
    known: { key, session, isPinned: pin.instance !== undefined },
  };
}

/** What the balancer of a target knows a request by. */
export function keyFor(
  target: Target | undefined,
  { request, params }: MatchedPath,
): number | undefined {
  if (target?.plan.balancer.usesKey !== true) return undefined;
  return requestKey(target.plan.keys, request, params);
}
