import fc from "fast-check";
import { expect, it } from "vitest";
import {
  breakerAnswer,
  BREAKER_DEFAULTS,
  breakerDueAt,
  cancelCall,
  countCall,
  newBreakerState,
  phaseOf,
  retryAfterOf,
  settleBreaker,
  startCall,
  type BreakerRule,
  type BreakerState,
} from "./circuit-breaker.js";

const NOW = 100_000;

const rules: fc.Arbitrary<BreakerRule> = fc.record({
  failureRatio: fc.constantFrom(0, 0.01, 0.3, 0.5, 1),
  slowRatio: fc.constantFrom(0, 0.2, 0.5, 1),
  slowMs: fc.constantFrom(0, 100),
  minimumCalls: fc.integer({ min: 1, max: 6 }),
  windowMs: fc.constantFrom(100, 10_000),
  openMs: fc.constantFrom(1, 500, 5_000),
  maxOpenMs: fc.constantFrom(1, 2_000, 60_000),
  halfOpenCalls: fc.integer({ min: 1, max: 5 }),
  trialMs: fc.constantFrom(50, 3_000),
});

/** What is listed more than once happens more often. */
const KINDS = [
  ...(["start", "start", "start", "start"] as const),
  ...(["ask", "succeed", "fail", "fail", "cancel"] as const),
];

const DURATIONS: readonly number[] = [0, 10, 100, 5_000];

/** What happens next: some time passes, then a call starts, or one of those under way ends. */
const steps = fc.array(
  fc.record({
    afterMs: fc.oneof({ weight: 9, arbitrary: fc.nat(9) }, { weight: 1, arbitrary: fc.nat(6_000) }),
    kind: fc.constantFrom(...KINDS),
    which: fc.nat(20),
    durationMs: fc.constantFrom(...DURATIONS),
  }),
  { minLength: 60, maxLength: 200 },
);
type Step = typeof steps extends fc.Arbitrary<readonly (infer S)[]> ? S : never;

/** Plays steps as a gateway would: only what the breaker lets start does start. */
function play(
  rule: BreakerRule,
  sequence: readonly Step[],
  look: (state: BreakerState, now: number, underWay: readonly number[]) => void,
  carryOver: (state: BreakerState) => BreakerState = (state) => state,
): void {
  let state = newBreakerState();
  let now = NOW;
  const underWay: number[] = [];
  for (const { afterMs, kind, which, durationMs } of sequence) {
    now += afterMs;
    if (kind === "ask") settleBreaker(state, now);
    else if (kind === "start") {
      if (breakerAnswer(rule, state, now) !== "refuse") underWay.push(startCall(rule, state, now));
    } else {
      const [period] = underWay.splice(which % Math.max(1, underWay.length), 1);
      if (period === undefined) continue;
      if (kind === "cancel") cancelCall(state, period);
      else countCall(rule, state, { period, isFailure: kind === "fail", durationMs }, now);
    }
    look(state, now, underWay);
    state = carryOver(state);
  }
}

const copyOf = (state: BreakerState) => JSON.parse(JSON.stringify(state)) as BreakerState;

const check = (property: (rule: BreakerRule, sequence: readonly Step[]) => void) =>
  fc.assert(fc.property(rules, steps, property), { seed: 5, numRuns: 300 });

it("never holds a count below zero, nor more failures or slow calls than calls", () => {
  check((rule, sequence) =>
    play(rule, sequence, ({ window, judged, trialsUnderWay, openings }) => {
      const calls = [judged.calls, ...window.calls];
      const failures = [judged.failures, ...window.failures];
      const slow = [judged.slow, ...window.slow];
      expect(Math.min(trialsUnderWay, openings, ...calls, ...failures, ...slow)).toBe(0);
      const isOdd = (of: number, i: number) => Math.max(failures[i] ?? 0, slow[i] ?? 0) > of;
      expect(calls.some(isOdd)).toBe(false);
    }),
  );
});

it("always becomes half-open when the time of the open breaker has passed, and then lets a trial start", () => {
  let opened = 0;
  check((rule, sequence) =>
    play(rule, sequence, (state, now) => {
      if (state.phase !== "open") return;
      opened++;
      const { openUntil } = state;
      expect(openUntil - now).toBeLessThanOrEqual(Math.max(rule.openMs, rule.maxOpenMs));
      expect(phaseOf(state, openUntil)).toBe("half-open");
      expect(breakerAnswer(rule, state, openUntil)).toBe("trial");
    }),
  );
  expect(opened).toBeGreaterThan(100);
});

it("never has more trials under way than decide, those left aside that have lost their places", () => {
  let most = 0;
  check((rule, sequence) =>
    play(rule, sequence, (state, _now, underWay) => {
      if (state.phase !== "half-open") return;
      const trials = underWay.filter((period) => period === state.period).length;
      expect(trials).toBe(state.trialsUnderWay);
      expect(trials).toBeLessThanOrEqual(rule.halfOpenCalls);
      most = Math.max(most, trials);
    }),
  );
  expect(most).toBe(5);
});

it("lets a trial start at the latest when the places of all others are lost", () => {
  check((rule, sequence) =>
    play(rule, sequence, (state, now) => {
      const latest = Math.max(now, state.openUntil, state.trialsUntil);
      expect(breakerAnswer(rule, state, latest)).not.toBe("refuse");
      expect(latest - now).toBeLessThanOrEqual(Math.max(rule.openMs, rule.maxOpenMs, rule.trialMs));
    }),
  );
});

it("changes nothing when it is asked", () => {
  check((rule, sequence) =>
    play(rule, sequence, (state, now) => {
      const before = JSON.stringify(state);
      for (const at of [now, state.openUntil, state.trialsUntil, now + 99_000]) {
        breakerAnswer(rule, state, at);
        phaseOf(state, at);
        retryAfterOf(state, at);
        breakerDueAt(state);
      }
      expect(JSON.stringify(state)).toBe(before);
    }),
  );
});

it("never opens while every call succeeds in time", () => {
  check((rule, sequence) =>
    play(
      rule,
      sequence.map((step) => ({
        ...step,
        kind: step.kind === "fail" ? "succeed" : step.kind,
        durationMs: 99,
      })),
      ({ phase }) => expect(phase).toBe("closed"),
    ),
  );
});

it("closes, whatever went before, once trials succeed in time", () => {
  check((rule, sequence) =>
    play(rule, sequence, (state, now) => {
      const copy = copyOf(state);
      let at = now;
      for (let i = 0; i < rule.halfOpenCalls && copy.phase !== "closed"; i++) {
        at = Math.max(at, copy.openUntil, copy.trialsUntil);
        const period = startCall(rule, copy, at);
        expect(period).toBeGreaterThan(0);
        countCall(rule, copy, { period, isFailure: false, durationMs: 1 }, at);
        // Failures of trials before may still open it, once.
        if (copy.phase === "open") i = -1;
      }
      expect(copy.phase).toBe("closed");
    }),
  );
});

it("goes on as before from its JSON form", () => {
  check((rule, sequence) => {
    const plain: string[] = [];
    const restored: string[] = [];
    play(rule, sequence, (state) => plain.push(JSON.stringify(state)));
    play(rule, sequence, (state) => restored.push(JSON.stringify(state)), copyOf);
    expect(restored).toEqual(plain);
    expect(restored.join("")).not.toContain("null");
  });
});

it("opens in a storm of failures with the defaults, and lets few calls through from then on", () => {
  const state = newBreakerState();
  let started = 0;
  for (let now = NOW; now < NOW + 600_000; now += 10) {
    if (breakerAnswer(BREAKER_DEFAULTS, state, now) === "refuse") continue;
    started++;
    const period = startCall(BREAKER_DEFAULTS, state, now);
    countCall(BREAKER_DEFAULTS, state, { period, isFailure: true, durationMs: 5 }, now);
  }
  // 20 to open it; then five trials after 5, 10, 20, 40 s and each minute from there on.
  expect(started).toBe(20 + 5 * 12);
});
