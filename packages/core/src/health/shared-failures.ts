import type { Outcome } from "../outcome.js";
import { gradeOf } from "./grade.js";

/** Weight of one attempt: about the last ten make up the share. */
const ATTEMPT = 0.1;
/** The share of failures from which on a row has to be longer than it is configured. */
const ORDINARY = 0.05;
/** The share of failures of the best quarter from which on all suffer from the same: then nobody is ejected for a row. */
export const SHARED = 0.5;

/**
 * The share of an instance's latest attempts that failed, in [0, 1], with one more taken in. What the client did changes nothing.
 *
 * @example
 * failureShareAfter(0, { kind: "failure", stage: "connect", cause: "refused" }); // 0.1
 */
export function failureShareAfter(share: number, outcome: Outcome): number {
  const grade = gradeOf(outcome);
  if (grade === "nothing") return share;
  const failed = grade === "connect-failure" || grade === "gateway-failure" ? 1 : 0;
  return share + (failed - share) * ATTEMPT;
}

/**
 * How many times longer than configured a row of failures has to be before it ejects, at least 1; `Infinity` where the others
 * fail in half of their attempts. Where they fail in one of twenty or less it is 1. Where they fail more often, rows come by chance,
 * and the row has to be as much longer as makes it as rare: 1.3 times at a tenth, 1.9 times at a fifth, 3.3 times at two fifths. So
 * what all suffer from, an overload or a broken dependency, ejects nobody, and an instance that is dead beside others that fail
 * now and then goes all the same.
 *
 * @param othersShare what `shareOfBest` says of the others
 *
 * @example
 * rowFactor(0.1); // 1.30…
 */
export function rowFactor(othersShare: number): number {
  if (othersShare <= ORDINARY) return 1;
  return othersShare >= SHARED
    ? Number.POSITIVE_INFINITY
    : Math.log(ORDINARY) / Math.log(othersShare);
}

/** The instances of a service, counted by what ejections depend on. */
export interface Tally {
  readonly eligible: number;
  readonly ejected: number;
  /** The eligible ones by the share of their failures, in steps of a twentieth. Kept up to date in place. */
  readonly byShare: Uint32Array;
}

const STEPS = 20;

/** What is counted of an instance. */
export interface Tallied {
  readonly failureShare: number;
  /** Unit: milliseconds of the gateway's clock. */
  readonly ejectedUntil: number;
}

/** Counts instances. O(instances): whoever asks keeps it until one of them becomes eligible, or is so no more. */
export function tallyOf<T extends Tallied>(
  instances: Iterable<T>,
  isEligible: (instance: T, now: number) => boolean,
  now: number,
): Tally {
  let eligible = 0;
  let ejected = 0;
  const byShare = new Uint32Array(STEPS + 1);
  for (const instance of instances) {
    if (instance.ejectedUntil > now) ejected++;
    if (!isEligible(instance, now)) continue;
    eligible++;
    addTo(byShare, instance.failureShare, 1);
  }
  return { eligible, ejected, byShare };
}

/** The share of an eligible instance has changed. O(1). */
export function moveInTally({ byShare }: Tally, before: number, after: number): void {
  addTo(byShare, before, -1);
  addTo(byShare, after, 1);
}

/**
 * The share of failures that the best quarter of the eligible others does not exceed, rounded down to a twentieth; 0 where there is
 * nobody else. The best quarter, because an ejection helps as long as there are some that do better: where more than three
 * quarters of a service may be ejected, it is the best of what must stay. O(1).
 *
 * @param own share of the instance that is compared with them; undefined where that is not eligible
 */
export function shareOfBest(
  { eligible, byShare }: Tally,
  own: number | undefined,
  maxEjectionRatio = 0.5,
): number {
  const others = own === undefined ? eligible : eligible - 1;
  let left = Math.floor((others - 1) * Math.min(1 - maxEjectionRatio, 0.25));
  for (let step = 0; step <= STEPS; step++) {
    left -= (byShare[step] as number) - (own !== undefined && stepOf(own) === step ? 1 : 0);
    if (left < 0 && others > 0) return step / STEPS;
  }
  return 0;
}

function addTo(byShare: Uint32Array, share: number, count: 1 | -1): void {
  const step = stepOf(share);
  byShare[step] = (byShare[step] as number) + count;
}

function stepOf(share: number): number {
  return Math.min(Math.floor(share * STEPS), STEPS);
}
