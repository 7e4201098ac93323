import type { Balancer, PickInput } from "./balance/balancer.js";
import { freshen } from "./pool-levels.js";
import type { Target } from "./runtime.js";
import type { InstanceState } from "./state.js";

/** Chance and time, as far as a decision needs them: the next numbers by what they are for, and the clock. */
export interface Draws {
  readonly split: () => number;
  readonly balance: () => number;
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
 * @param tried those that are used again only when there is no other
 */
export function choose(
  target: Target | undefined,
  draws: Draws,
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
  const level = pool.levels[0];
  if (level === undefined) return undefined;
  const input: Input = {
    candidates: level.candidates,
    draw,
    now,
    cursor: pool.cursor,
    inFlight: pool.inFlight,
    prepared: level.prepared,
  };
  // A balancer of the user's own may throw or answer no index: then nothing is chosen.
  try {
    if (tried.length > 0) return pickUntried(plan.balancer, input, tried);
    return level.candidates[plan.balancer.pick(input)];
  } catch {
    return undefined;
  }
}

interface Input extends PickInput {
  readonly candidates: readonly InstanceState[];
}

function pickUntried(
  balancer: Balancer,
  { candidates, draw, now, cursor = 0 }: Input,
  tried: readonly string[],
): InstanceState | undefined {
  const untried = candidates.filter(({ id }) => !tried.includes(id));
  const left = untried.length > 0 ? untried : candidates;
  return left[balancer.pick({ candidates: left, draw, now, cursor })];
}
