import type { Balancer, PickInput } from "./balance/balancer.js";
import { rendezvous } from "./balance/rendezvous.js";
import { levelAt } from "./health/levels.js";
import { murmur3 } from "./murmur3.js";
import { freshen, isTimeless } from "./pool-levels.js";
import type { Target } from "./runtime.js";
import type { InstanceState, LevelState, PoolState } from "./state.js";

/** Chance and time, as far as a decision needs them: the next numbers by what they are for, and the clock. */
export interface Draws {
  readonly split: () => number;
  readonly balance: () => number;
  /** Among tiers and zones, where there are several. */
  readonly level: () => number;
  readonly mirror: () => number;
  /** Of copies. */
  readonly ofMirror: Chance;
  readonly isCopy: false;
  readonly retry: () => number;
  readonly requestId: () => string;
  /** Read only when something depends on it: it is a tenth of the cost of a decision. */
  readonly now: () => number;
}

/** Where an instance is drawn from: mirrors have draws of their own, so that a copy changes nothing of the request. */
export interface Chance extends Pick<Draws, "balance" | "level"> {
  /** Whether it is for a copy. */
  readonly isCopy: boolean;
}

const NOTHING: readonly never[] = Object.freeze([]);

/**
 * The instance that the balancer of a service picks in a target; undefined when there is none.
 *
 * @param key hash of what the request is known by, for balancers that use it
 * @param tried those that are used again only when there is no other
 */
export function choose(
  target: Target | undefined,
  draws: Draws,
  key: number | undefined,
  tried: readonly string[] = NOTHING,
  { balance: draw, level: drawLevel, isCopy }: Chance = draws,
  mayTryAll = true,
): InstanceState | undefined {
  if (target === undefined) return undefined;
  const { pool, plan } = target;
  const now = plan.balancer.usesTime === false && isTimeless(pool, plan) ? 0 : draws.now();
  freshen(pool, plan, now);
  if (pool.isPanic && !(mayTryAll && plan.tryAll)) return undefined;
  const level = levelFor(pool.levels, key, drawLevel);
  if (level === undefined) return undefined;
  const { candidates, prepared } = level;
  const cursor = cursorOf(pool, tried.length > 0, isCopy);
  const { inFlight } = level;
  const input: Input = { candidates, draw, now, cursor, key, inFlight, prepared };
  const { perInstance } = plan.limits;
  // A balancer of the user's own may throw or answer no index: then nothing is chosen.
  try {
    if (tried.length > 0) return pickUntried(plan.balancer, input, tried, pool.levels, perInstance);
    const picked = candidates[plan.balancer.pick(input)];
    if (picked === undefined || hasPlace(picked, perInstance)) return picked;
    if (plan.balancer.usesKey === true) {
      const other = pickByOtherKeys(plan.balancer, input, key, (each) =>
        hasPlace(each, perInstance),
      );
      if (other !== undefined) return other;
    }
    const left = firstOf(candidates, pool.levels, (each) => hasPlace(each, perInstance));
    return left && pickFrom(plan.balancer, input, left);
  } catch {
    return undefined;
  }
}

function cursorOf(pool: PoolState, isLater: boolean, isCopy: boolean): number {
  if (isCopy) return pool.copyCursor;
  return isLater ? pool.laterCursor : pool.cursor;
}

/** Whether an instance may get one request more. 0 is no limit. */
export function hasPlace({ inFlight }: InstanceState, perInstance: number): boolean {
  return perInstance === 0 || inFlight < perInstance;
}

// What has a key stays in its level as long as the levels stay. Nothing is drawn where the first has all traffic.
function levelFor(
  levels: readonly LevelState[],
  key: number | undefined,
  draw: () => number,
): LevelState | undefined {
  if ((levels[0]?.upTo ?? 1) >= 1) return levels[0];
  return levels[levelAt(levels, key === undefined ? draw() : key / 2 ** 32)];
}

interface Input extends PickInput {
  readonly candidates: readonly InstanceState[];
}

// What is full is none of the candidates, be it tried or not.
function pickUntried(
  balancer: Balancer,
  input: Input,
  tried: readonly string[],
  levels: readonly LevelState[],
  perInstance: number,
): InstanceState | undefined {
  const mayTake = (each: InstanceState): boolean =>
    !tried.includes(each.id) && hasPlace(each, perInstance);
  const { candidates, key } = input;
  if (balancer.usesKey === true) {
    const again = pickByOtherKeys(balancer, input, key, mayTake);
    if (again !== undefined) return again;
  }
  const left = firstOf(candidates, levels, mayTake);
  if (left !== undefined) return pickFrom(balancer, input, left);
  if (perInstance === 0) return candidates[balancer.pick(input)];
  const again = firstOf(candidates, levels, (each) => hasPlace(each, perInstance));
  return again && pickFrom(balancer, input, again);
}

function pickFrom(
  balancer: Balancer,
  { draw, now, cursor = 0, key }: Input,
  left: readonly InstanceState[],
): InstanceState | undefined {
  const by = TABLES.includes(balancer.name) ? rendezvous : balancer;
  return left[by.pick({ candidates: left, draw, now, cursor, key })];
}

/** What they prepare takes far longer than a request, for the few that are left too: those are looked at one by one. */
const TABLES: readonly string[] = ["consistent-hash", "maglev"];

// Those of its own level first, then those of the first level that has some; undefined where there are none.
function firstOf(
  candidates: readonly InstanceState[],
  levels: readonly LevelState[],
  mayTake: (instance: InstanceState) => boolean,
): readonly InstanceState[] | undefined {
  const own = candidates.filter(mayTake);
  if (own.length > 0) return own;
  for (const level of levels) {
    const left = level.candidates.filter(mayTake);
    if (left.length > 0) return left;
  }
  return undefined;
}

/** What is prepared is for all candidates: preparing it for fewer would cost more than the request. */
const OTHER_KEYS = 8;

// The same key comes to the same second instance, and so on; without one it is drawn again. Source: Envoy, which draws Maglev again by another hash.
function pickByOtherKeys(
  balancer: Balancer,
  input: Input,
  key: number | undefined,
  mayTake: (instance: InstanceState) => boolean,
): InstanceState | undefined {
  for (let times = 0; times < OTHER_KEYS; times++) {
    const other = times === 0 || key === undefined ? key : murmur3(String(key), times);
    const picked = input.candidates[balancer.pick({ ...input, key: other })];
    if (picked !== undefined && mayTake(picked)) return picked;
  }
  return undefined;
}
