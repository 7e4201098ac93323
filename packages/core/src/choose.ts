import type { Balancer, PickInput } from "./balance/balancer.js";
import { levelAt } from "./health/levels.js";
import { murmur3 } from "./murmur3.js";
import { freshen } from "./pool-levels.js";
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
  const isTimeless = pool.staleAt === Number.POSITIVE_INFINITY && plan.balancer.usesTime === false;
  const now = isTimeless ? 0 : draws.now();
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
    return candidates[plan.balancer.pick(input)];
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
  const untried = candidates.filter(isUntried);
  const elsewhere =
    untried.length === 0 && levels.length > 1
      ? levels.flatMap((level) => level.candidates).filter(isUntried)
      : untried;
  const left = elsewhere.length > 0 ? elsewhere : candidates;
  return left[balancer.pick({ candidates: left, draw, now, cursor, key })];
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
