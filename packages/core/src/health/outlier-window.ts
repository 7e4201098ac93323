import type { EjectionReason } from "./ejection-reason.js";
import { poolsInUse, type PoolMember, type PoolUse } from "./in-use.js";
import { failureRatioOf, failuresOf, latencyLogOf, type WindowCounts } from "./window-counts.js";

/** When a rule has seen enough to judge. */
interface Minimums {
  /** Instances with enough answers that a service must have. */
  readonly minimumInstances: number;
  /** Answers that an instance must have given in the interval. */
  readonly minimumAnswers: number;
}

/** Ejects an instance that fails nearly always, while the best quarter of all fails less than chance explains. */
interface FailureRatioRule extends Minimums {
  /** Share of gateway failures from which on it is ejected, in [0, 1]. */
  readonly threshold: number;
}

/** Ejects an instance that fails more often than the others. */
export interface SuccessRateRule extends Minimums {
  /** How many standard deviations below the mean. Below 5 instances one alone can never be 1.9 of them away. */
  readonly factor: number;
  /**
   * How much more often than the others an instance must fail at least, in [0, 1]: where traffic is high, chance explains next to
   * nothing, and any trifle would eject.
   */
  readonly minimumDifference: number;
  /** Whether 500 and the like are failures beside 502, 503 and 504. */
  readonly countServerErrors: boolean;
}

/** Ejects an instance that is far slower than the others. */
export interface LatencyRule extends Minimums {
  /** How many times the median of all instances. */
  readonly factor: number;
  /** Faster instances are never ejected. */
  readonly minimumMs: number;
}

/** How instances are judged at the end of each interval, besides failures in a row. Undefined switches a rule off. */
export interface WindowRule {
  readonly intervalMs: number;
  readonly failureRatio: FailureRatioRule | undefined;
  readonly successRate: SuccessRateRule | undefined;
  readonly latency: LatencyRule | undefined;
}

/** The latency rule where it is switched on and nothing else is said. */
export const LATENCY_DEFAULTS: LatencyRule = Object.freeze({
  // Balancers that look at load give a slow instance little: few answers have to do.
  minimumInstances: 3,
  minimumAnswers: 20,
  factor: 5,
  minimumMs: 100,
});

/**
 * The rules where nothing else is said. The figures are Envoy's. Envoy only watches the failure ratio and does not eject by it;
 * here it does, because it counts gateway failures alone and 85 % of them leave no doubt. Success rates eject in both; only here
 * must the difference be more than chance, and matter: without that, ten equal instances that fail one time in a hundred lose one
 * in every second interval of 100 answers each. Latency is off: how slow is too slow is for the user to say.
 */
export const WINDOW_DEFAULTS: WindowRule = Object.freeze({
  intervalMs: 10_000,
  failureRatio: Object.freeze({ minimumInstances: 5, minimumAnswers: 50, threshold: 0.85 }),
  successRate: Object.freeze({
    minimumInstances: 5,
    minimumAnswers: 100,
    factor: 1.9,
    minimumDifference: 0.05,
    countServerErrors: false,
  }),
  latency: undefined,
});

/** What is judged of an instance. */
export interface WindowJudged extends PoolMember {
  readonly counts: WindowCounts;
  /** Unit: milliseconds of the gateway's clock. */
  readonly ejectedUntil: number;
}

/** An instance that should be ejected. */
export interface Verdict<T> {
  readonly instance: T;
  readonly reason: EjectionReason;
}

/** Standard errors from which on a difference is more than chance. */
const CHANCE = 4;
/** Scaled median deviations from which on a value is an outlier, and their scale to standard deviations. */
const ROBUST_LIMIT = 3.5 * 1.4826;

/** Whether the interval that began then is over. */
export function isWindowOver(
  { intervalMs }: Pick<WindowRule, "intervalMs">,
  startedAt: number,
  now: number,
): boolean {
  return now - startedAt >= intervalMs;
}

/**
 * The instances of a service that should be ejected for what they did in the interval that has ended, the worst first: those that
 * failed most, then the slowest. Ejected ones are neither judged nor compared with. Nothing is due while the interval lasts, nor
 * for one that nobody looked at for as long again: its counts say nothing about now. Writes nothing; whoever asks clears the
 * counts and lets the next interval begin `now`. O(n log n) for n instances, once an interval.
 *
 * Sources: Envoy, outlier detection, failure percentage and success rate; for latency B. Iglewicz and D. Hoaglin, "How to detect
 * and handle outliers", 1993 (median and median deviation), and J. Dean and L. Barroso, "The tail at scale", 2013 (probation of
 * slow instances).
 */
export function judgeWindow<T extends WindowJudged>(
  rule: WindowRule,
  instances: Iterable<T>,
  startedAt: number,
  now: number,
): readonly Verdict<T>[] {
  if (!isWindowOver(rule, startedAt, now) || now - startedAt >= 2 * rule.intervalMs) return [];
  const judged: T[] = [];
  for (const instance of instances) if (instance.ejectedUntil <= now) judged.push(instance);
  const reasons = new Map<T, EjectionReason>();
  // What is there first stays: the plainest reason is the one that is told.
  if (rule.failureRatio !== undefined) judgeFailureRatio(rule.failureRatio, judged, reasons);
  if (rule.successRate !== undefined) judgeSuccessRate(rule.successRate, judged, reasons);
  if (rule.latency !== undefined) judgeLatency(rule.latency, judged, reasons);
  return Array.from(reasons, ([instance, reason]) => ({ instance, reason })).sort(worstFirst);
}

type Reasons<T> = Map<T, EjectionReason>;

function judgeFailureRatio<T extends WindowJudged>(
  { threshold, minimumAnswers, minimumInstances }: FailureRatioRule,
  judged: readonly T[],
  reasons: Reasons<T>,
): void {
  const compared = judged.filter(({ counts }) => counts.answers >= minimumAnswers);
  if (compared.length < minimumInstances) return;
  const ratios = compared.map(({ counts }) => failureRatioOf(counts, false));
  const bestFor = bestQuarters(compared, ratios);
  for (const [index, instance] of compared.entries()) {
    const failureRatio = ratios[index] as number;
    if (failureRatio < threshold) continue;
    const { answers, gatewayFailures: failures } = instance.counts;
    // What all suffer from is no outlier.
    if (!isBeyondChance(failureRatio, bestFor(instance), answers)) continue;
    reasons.set(instance, { kind: "failure-ratio", failures, answers, failureRatio, threshold });
  }
}

function judgeSuccessRate<T extends WindowJudged>(
  rule: SuccessRateRule,
  judged: readonly T[],
  reasons: Reasons<T>,
): void {
  const { factor, minimumDifference, countServerErrors } = rule;
  const compared = judged.filter(({ counts }) => counts.answers >= rule.minimumAnswers);
  if (compared.length < rule.minimumInstances) return;
  const ratios = compared.map(({ counts }) => 1 - failureRatioOf(counts, countServerErrors));
  const bestFor = bestQuarters(
    compared,
    ratios.map((ratio) => 1 - ratio),
  );
  const meanRatio = meanOf(ratios);
  const deviation = Math.sqrt(meanOf(ratios.map((ratio) => (ratio - meanRatio) ** 2)));
  const threshold = meanRatio - factor * deviation;
  for (const [index, instance] of compared.entries()) {
    const successRatio = ratios[index] as number;
    const { counts } = instance;
    const { answers } = counts;
    if (successRatio >= threshold || reasons.has(instance)) continue;
    const ofOthers = (meanRatio * compared.length - successRatio) / (compared.length - 1);
    if (ofOthers - successRatio < minimumDifference) continue;
    if (!isBeyondChance(1 - successRatio, 1 - ofOthers, answers)) continue;
    if (!isBeyondChance(1 - successRatio, bestFor(instance), answers)) continue;
    const failures = failuresOf(counts, countServerErrors);
    const figures = { failures, answers, successRatio, meanRatio, deviation, threshold };
    reasons.set(instance, { kind: "success-rate", ...figures });
  }
}

/**
 * Whether a ratio of failures is further above that of the others than so many answers scatter by chance. Deviations alone do not
 * tell: of five instances the one with a single failure is two of them away. Where the others fail never it takes 4 failures
 * in 100 answers, where they fail one time in ten it takes 25.
 *
 * Source: J. Cohen, "Statistical power analysis for the behavioral sciences", 1988, chapter 6 (arcsine transformation).
 */
function isBeyondChance(ratio: number, ofOthers: number, answers: number): boolean {
  // Rounding may take a ratio of 0 below it.
  const difference = Math.asin(Math.sqrt(ratio)) - Math.asin(Math.sqrt(Math.max(ofOthers, 0)));
  return 2 * Math.sqrt(answers) * difference > CHANCE;
}

function judgeLatency<T extends WindowJudged>(
  { factor, minimumMs, minimumAnswers, minimumInstances }: LatencyRule,
  judged: readonly T[],
  reasons: Reasons<T>,
): void {
  const compared = judged.filter(({ counts }) => counts.latencies >= minimumAnswers);
  if (compared.length < minimumInstances) return;
  const logs = compared.map(({ counts }) => latencyLogOf(counts));
  const median = medianOf(logs);
  const spread = medianOf(logs.map((log) => Math.abs(log - median)));
  // Where the instances differ widely by nature, many times the median is nothing strange.
  const limit = Math.max(Math.log(factor), ROBUST_LIMIT * spread);
  const bestFor = bestQuarters(compared, logs);
  const thresholdMs = Math.max(Math.exp(median + limit), minimumMs);
  for (const [index, instance] of compared.entries()) {
    const log = logs[index] as number;
    const latencyMs = Math.exp(log);
    if (latencyMs <= thresholdMs || reasons.has(instance)) continue;
    if (log - bestFor(instance) <= limit) continue;
    const { latencies: answers } = instance.counts;
    const medianMs = Math.exp(median);
    reasons.set(instance, { kind: "latency", answers, latencyMs, medianMs, thresholdMs });
  }
}

/**
 * What the best quarter does of those to whom the traffic of an instance would go: where it is judged in several pools, in the one
 * that does best. So a version that is worse as a whole loses nobody for it, unless requests that name no version do better
 * without. One that is alone in its pool has nobody there to be compared with.
 */
function bestQuarters<T extends WindowJudged>(
  compared: readonly T[],
  values: readonly number[],
): (instance: T) => number {
  const byPool = new Map<PoolUse, number[]>();
  for (const [index, instance] of compared.entries())
    for (const pool of poolsInUse(instance)) {
      const known = byPool.get(pool);
      if (known === undefined) byPool.set(pool, [values[index] as number]);
      else known.push(values[index] as number);
    }
  const best = new Map<PoolUse, number>();
  for (const [pool, own] of byPool) {
    own.sort((a, b) => a - b);
    best.set(pool, own.length < 2 ? 0 : (own[Math.floor((own.length - 1) / 4)] as number));
  }
  return (instance) => Math.min(...poolsInUse(instance).map((pool) => best.get(pool) ?? 0));
}

function worstFirst<T extends WindowJudged>(a: Verdict<T>, b: Verdict<T>): number {
  const ofA = a.instance.counts;
  const ofB = b.instance.counts;
  const byFailures = failureRatioOf(ofB, true) - failureRatioOf(ofA, true);
  return byFailures !== 0 ? byFailures : latencyLogOf(ofB) - latencyLogOf(ofA);
}

function meanOf(numbers: readonly number[]): number {
  let sum = 0;
  for (const number of numbers) sum += number;
  return sum / numbers.length;
}

function medianOf(numbers: readonly number[]): number {
  const sorted = Float64Array.from(numbers).sort();
  const middle = sorted.length >> 1;
  const upper = sorted[middle] as number;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] as number) + upper) / 2;
}
