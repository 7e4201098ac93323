/** How the share of an instance grows. */
export interface WarmUpOptions {
  /** Above 1 it grows fast at first, below 1 slowly. Default: 1, which is a straight line. */
  readonly aggression?: number;
  /** The share that it begins with, in (0, 1]. Default: 0.1. */
  readonly minimumShare?: number;
}

/** How long new and returning instances warm up; 0 switches it off. Unit: milliseconds. */
export interface SlowStartRule extends WarmUpOptions {
  readonly slowStartMs: number;
  /** For those that return from an ejection. Who returns from a drain or from failed probes takes the longer of the two times. */
  readonly returnMs: number;
  /**
   * Into how many pieces the longer of the two times is cut, on the clock: shares change only there, for all instances at once.
   * For balancers whose preparation costs much. Default: 0, shares change in steps of their own.
   */
  readonly sharedSteps?: number;
}

/** Since when an instance gets traffic, on the gateway's clock. Unit: milliseconds. */
export interface WarmingInstance {
  /** 0 for one that was there from the beginning, and needs no warm-up. */
  readonly joinedAt: number;
  /** 0 when it was never ejected. */
  readonly ejectedUntil: number;
  /** When it came back from a drain or from failed probes; 0 when it never did. */
  readonly resumedAt: number;
}

/** Steps that a share grows in: what balancers prepared for the weights holds for a twentieth of the window. */
const STEPS = 20;

/**
 * The share of its weight that an instance gets at an age, in (0, 1]: `max(minimumShare, (age / window)^(1 / aggression))`, and 1
 * from the end of the window on. It grows in twenty equal steps of time; within a step it stays as at the beginning.
 *
 * @example
 * warmUp(15_000, 30_000); // 0.5
 *
 * Source: Envoy, slow start mode.
 */
export function warmUp(
  ageMs: number,
  windowMs: number,
  { aggression = 1, minimumShare = 0.1 }: WarmUpOptions = {},
): number {
  // Written so that a window of 0 has no steps.
  if (!(ageMs < windowMs)) return 1;
  // As in Envoy nothing is younger than a millisecond: a share of 0 would be none.
  const reachedMs = Math.max((stepOf(ageMs, windowMs) / STEPS) * windowMs, 1);
  const share = (reachedMs / windowMs) ** (1 / aggression);
  return Math.min(Math.max(share, minimumShare), 1);
}

/** The age at which `warmUp` answers another share; `Infinity` when it never does again. Unit: milliseconds. */
export function nextStep(ageMs: number, windowMs: number): number {
  if (!(ageMs < windowMs)) return Number.POSITIVE_INFINITY;
  return ((stepOf(ageMs, windowMs) + 1) / STEPS) * windowMs;
}

/** The share of its weight that an instance gets now, in (0, 1]: the smallest where it joined, returned or resumed lately. */
export function shareNow(rule: SlowStartRule, instance: WarmingInstance, at: number): number {
  const pieceMs = pieceOf(rule);
  const now = pieceMs === 0 ? at : Math.floor(at / pieceMs) * pieceMs;
  const { joinedAt, ejectedUntil, resumedAt } = instance;
  return Math.min(
    joinedAt === 0 ? 1 : warmUp(now - joinedAt, rule.slowStartMs, rule),
    ejectedUntil === 0 ? 1 : warmUp(now - ejectedUntil, rule.returnMs, rule),
    resumedAt === 0 ? 1 : warmUp(now - resumedAt, resumeMsOf(rule), rule),
  );
}

/** When the share of an instance changes next; `Infinity` when time alone changes it no more. Unit: milliseconds of the gateway's clock. */
export function nextShareAt(rule: SlowStartRule, instance: WarmingInstance, now: number): number {
  const { joinedAt, ejectedUntil, resumedAt } = instance;
  const pieceMs = pieceOf(rule);
  if (pieceMs !== 0) {
    const isWhole = shareNow(rule, instance, now) === 1;
    return isWhole ? Number.POSITIVE_INFINITY : (Math.floor(now / pieceMs) + 1) * pieceMs;
  }
  return Math.min(
    nextStepAt(joinedAt, rule.slowStartMs, now),
    nextStepAt(ejectedUntil, rule.returnMs, now),
    nextStepAt(resumedAt, resumeMsOf(rule), now),
  );
}

function pieceOf(rule: SlowStartRule): number {
  const { sharedSteps = 0 } = rule;
  return sharedSteps === 0 ? 0 : resumeMsOf(rule) / sharedSteps;
}

function nextStepAt(since: number, windowMs: number, now: number): number {
  return since === 0 ? Number.POSITIVE_INFINITY : since + nextStep(now - since, windowMs);
}

// Whoever was away may have been started anew, and is as cold as a new one.
function resumeMsOf({ slowStartMs, returnMs }: SlowStartRule): number {
  return Math.max(slowStartMs, returnMs);
}

// Whole steps that lie behind; an age before the beginning has none. Rounding must not leave the next one behind as well.
function stepOf(ageMs: number, windowMs: number): number {
  const step = Math.max(Math.floor((ageMs / windowMs) * STEPS), 0);
  return ((step + 1) / STEPS) * windowMs > ageMs ? step : step + 1;
}
