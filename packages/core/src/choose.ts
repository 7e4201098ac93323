import type { Balancer, PickInput } from "./balance/balancer.js";
import { levelAt } from "./health/levels.js";
import { murmur3 } from "./murmur3.js";
import { freshen, isTimeless } from "./pool-levels.js";
import type { Target } from "./runtime.js";
import type { InstanceState, LevelState } from "./state.js";

/** Chance and time, as far as a decision needs them: the next numbers by what they are for, and the clock. */
export interface Draws {
  readonly split: () => number;
  readonly balance: () => number;
  /** Among tiers and zones, where there are several. */
  readonly level: () => number;
  readonly mirror: () => number;
  readonly mirrorBalance: () => number;
  readonly retry: () => number;
  readonly requestId: () => string;
  /** Read only when something depends on it: it is a tenth of the cost of a decision. */
  readonly now: () => number;
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
  draw = draws.balance,
  mayTryAll = true,
): InstanceState | undefined {
  if (target === undefined) return undefined;
  const { pool, plan } = target;
  const now = plan.balancer.usesTime === false && isTimeless(pool, plan) ? 0 : draws.now();
  freshen(pool, plan, now);
  if (pool.isPanic && !(mayTryAll && plan.tryAll)) return undefined;
  const level = levelFor(pool.levels, key, draws);
  if (level === undefined) return undefined;
  const { candidates, prepared } = level;
  const { cursor } = pool;
  // Of a part of the members the balancer sums up itself, if it has to know.
  const inFlight = candidates.length === pool.members.length ? pool.inFlight : undefined;
  const input: Input = { candidates, draw, now, cursor, key, inFlight, prepared };
  // A balancer of the user's own may throw or answer no index: then nothing is chosen.
  try {
    if (tried.length > 0) return pickUntried(plan.balancer, input, tried, pool.levels);
    const picked = candidates[plan.balancer.pick(input)];
    const { perInstance } = plan.limits;
    if (perInstance === 0 || picked === undefined || picked.inFlight < perInstance) return picked;
    return pickWithRoom(plan.balancer, input, perInstance);
  } catch {
    return undefined;
  }
}

// What has a key stays in its level as long as the levels stay.
function levelFor(
  levels: readonly LevelState[],
  key: number | undefined,
  { level }: Draws,
): LevelState | undefined {
  if (levels.length < 2) return levels[0];
  const point = key === undefined ? level() : key / 2 ** 32;
  return levels[levelAt(levels, point)];
}

// Where an instance is full, others take its requests.
function pickWithRoom(
  balancer: Balancer,
  { candidates, draw, now, cursor = 0, key }: Input,
  most: number,
): InstanceState | undefined {
  const left = candidates.filter(({ inFlight }) => inFlight < most);
  if (left.length === 0) return undefined;
  return left[balancer.pick({ candidates: left, draw, now, cursor, key })];
}

interface Input extends PickInput {
  readonly candidates: readonly InstanceState[];
}

function pickUntried(
  balancer: Balancer,
  input: Input,
  tried: readonly string[],
  levels: readonly LevelState[],
): InstanceState | undefined {
  const isUntried = ({ id }: InstanceState): boolean => !tried.includes(id);
  const { candidates, draw, now, cursor = 0, key } = input;
  if (key !== undefined && balancer.usesKey === true) {
    const again = pickByOtherKeys(balancer, input, key, isUntried);
    if (again !== undefined) return again;
  }
  const left = untriedOf(candidates, levels, isUntried);
  if (left === undefined) return candidates[balancer.pick(input)];
  return left[balancer.pick({ candidates: left, draw, now, cursor, key })];
}

// Those of its own level first, then those of the first level that has some; undefined where all were tried.
function untriedOf(
  candidates: readonly InstanceState[],
  levels: readonly LevelState[],
  isUntried: (instance: InstanceState) => boolean,
): readonly InstanceState[] | undefined {
  const own = candidates.filter(isUntried);
  if (own.length > 0) return own;
  for (const level of levels) {
    const untried = level.candidates.filter(isUntried);
    if (untried.length > 0) return untried;
  }
  return undefined;
}

/** What is prepared is for all candidates: preparing it for fewer would cost more than the request. */
const OTHER_KEYS = 8;

// The same key comes to the same second instance, and so on. Source: Envoy, which draws Maglev again by another hash.
function pickByOtherKeys(
  balancer: Balancer,
  input: Input,
  key: number,
  isUntried: (instance: InstanceState) => boolean,
): InstanceState | undefined {
  for (let times = 0; times < OTHER_KEYS; times++) {
    const other = times === 0 ? key : murmur3(String(key), times);
    const picked = input.candidates[balancer.pick({ ...input, key: other })];
    if (picked !== undefined && isUntried(picked)) return picked;
  }
  return undefined;
}
