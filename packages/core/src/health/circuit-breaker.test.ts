import { describe, expect, it } from "vitest";
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
const rule: BreakerRule = { ...BREAKER_DEFAULTS, minimumCalls: 4, halfOpenCalls: 3 };
const slowRule: BreakerRule = { ...rule, slowMs: 1_000 };

/** One call from start to end; the new phase, where it changed. */
const call = (
  state: BreakerState,
  isFailure: boolean,
  now = NOW,
  durationMs = 10,
  by: BreakerRule = rule,
) => countCall(by, state, { period: startCall(by, state, now), isFailure, durationMs }, now);

const opened = (now = NOW, by: BreakerRule = rule) => {
  const state = newBreakerState();
  for (let i = 0; i < by.minimumCalls; i++) call(state, true, now, 10, by);
  expect(state.phase).toBe("open");
  return state;
};
const HALF_OPEN = NOW + rule.openMs;

describe("a closed breaker", () => {
  it("lets every call start", () => {
    const state = newBreakerState();
    expect(breakerAnswer(rule, state, NOW)).toBe("allow");
    expect(startCall(rule, state, NOW)).toBe(1);
    expect(breakerDueAt(state)).toBe(Infinity);
    expect(retryAfterOf(state, NOW)).toBe(0);
  });

  it("opens when the failures reach their share of the window", () => {
    const state = newBreakerState();
    for (const isFailure of [false, false, true]) expect(call(state, isFailure)).toBeUndefined();
    expect(call(state, true)).toBe("open");
    expect(state.judged).toEqual({ calls: 4, failures: 2, slow: 0 });
    expect(breakerAnswer(rule, state, NOW)).toBe("refuse");
  });

  it("does not open before it has seen the minimum of calls", () => {
    const state = newBreakerState();
    for (let i = 0; i < 3; i++) expect(call(state, true)).toBeUndefined();
    expect(call(state, true)).toBe("open");
  });

  it("never opens by a call that went well, though that one makes up the minimum", () => {
    const state = newBreakerState();
    for (const isFailure of [true, true, true, false])
      expect(call(state, isFailure)).toBeUndefined();
    expect(call(state, true)).toBe("open");
  });

  it("forgets what is older than the window", () => {
    const state = newBreakerState();
    for (let i = 0; i < 3; i++) call(state, true, NOW);
    expect(call(state, true, NOW + rule.windowMs)).toBeUndefined();
    expect(state.phase).toBe("closed");
  });

  it("opens when slow calls reach their share, failed or not", () => {
    const state = newBreakerState();
    for (const ms of [999, 10, 1_000]) call(state, false, NOW, ms, slowRule);
    expect(call(state, false, NOW, 1_001, slowRule)).toBe("open");
    expect(state.judged).toEqual({ calls: 4, failures: 0, slow: 2 });
  });

  it("takes no notice of slow calls, or of failures, where they are switched off", () => {
    const slow = newBreakerState();
    for (let i = 0; i < 9; i++) call(slow, false, NOW, 99_999);
    const unmeasured = newBreakerState();
    for (let i = 0; i < 9; i++) call(unmeasured, false, NOW, 9_999, { ...slowRule, slowRatio: 0 });
    const failed = newBreakerState();
    for (let i = 0; i < 9; i++) call(failed, true, NOW, 10, { ...rule, failureRatio: 0 });
    for (const { phase } of [slow, unmeasured, failed]) expect(phase).toBe("closed");
  });

  it("compares shares that no binary fraction hits", () => {
    const by = { ...rule, failureRatio: 0.7, minimumCalls: 10 };
    const state = newBreakerState();
    for (let i = 0; i < 3; i++) call(state, false, NOW, 10, by);
    for (let i = 0; i < 6; i++) call(state, true, NOW, 10, by);
    expect(call(state, true, NOW, 10, by)).toBe("open");
  });
});

describe("an open breaker", () => {
  it("refuses until its time has passed, and says how much is left", () => {
    const state = opened();
    expect(breakerAnswer(rule, state, HALF_OPEN - 1)).toBe("refuse");
    expect(retryAfterOf(state, NOW + 1_000)).toBe(4_000);
    expect(breakerDueAt(state)).toBe(HALF_OPEN);
    expect(phaseOf(state, HALF_OPEN - 1)).toBe("open");
    expect(phaseOf(state, HALF_OPEN)).toBe("half-open");
    expect(breakerAnswer(rule, state, HALF_OPEN)).toBe("trial");
    expect(retryAfterOf(state, HALF_OPEN)).toBe(0);
  });

  it("tells once that it has become half-open", () => {
    const state = opened();
    expect(settleBreaker(state, HALF_OPEN - 1)).toBeUndefined();
    expect(settleBreaker(state, HALF_OPEN)).toBe("half-open");
    expect(settleBreaker(state, HALF_OPEN)).toBeUndefined();
  });

  it("does not count calls that started before it opened", () => {
    const state = newBreakerState();
    const early = startCall(rule, state, NOW);
    for (let i = 0; i < 4; i++) call(state, true);
    const late = { period: early, isFailure: true, durationMs: 10 };
    expect(countCall(rule, state, late, NOW + 1)).toBeUndefined();
    settleBreaker(state, HALF_OPEN);
    expect(countCall(rule, state, late, HALF_OPEN)).toBeUndefined();
    expect(state.judged.calls).toBe(0);
    for (let i = 0; i < 3; i++) call(state, false, HALF_OPEN);
    expect(state.phase).toBe("closed");
    for (let i = 0; i < 9; i++) countCall(rule, state, late, HALF_OPEN);
    expect(state.phase).toBe("closed");
  });

  it("is not asked when a call starts all the same, and does not count it", () => {
    const state = opened();
    expect(startCall(rule, state, NOW + 1)).toBe(0);
    expect(call(state, false, NOW + 1)).toBeUndefined();
    expect(state.phase).toBe("open");
  });

  it("stays open twice as long each time that the trials fail, up to the longest", () => {
    const state = opened();
    const lengths = [state.openUntil - NOW];
    for (let i = 0; i < 5; i++) {
      const now = state.openUntil;
      call(state, true, now);
      expect(call(state, true, now)).toBe("open");
      lengths.push(state.openUntil - now);
    }
    expect(lengths).toEqual([5_000, 10_000, 20_000, 40_000, 60_000, 60_000]);
  });

  it("stays open as short as the first time once it was closed in between", () => {
    const state = opened();
    for (let i = 0; i < 2; i++) call(state, true, HALF_OPEN);
    expect(state.openUntil).toBe(HALF_OPEN + 10_000);
    const again = HALF_OPEN + 10_000;
    for (let i = 0; i < 3; i++) call(state, false, again);
    for (let i = 0; i < 4; i++) call(state, true, again);
    expect(state.openUntil).toBe(again + 5_000);
  });

  it("is never open shorter than the first time, whatever the longest", () => {
    expect(opened(NOW, { ...rule, maxOpenMs: 1 }).openUntil).toBe(HALF_OPEN);
  });
});

describe("a half-open breaker", () => {
  it("lets as many trials start as decide, and no more", () => {
    const state = opened();
    for (let i = 0; i < 3; i++) {
      expect(breakerAnswer(rule, state, HALF_OPEN)).toBe("trial");
      expect(startCall(rule, state, HALF_OPEN)).toBeGreaterThan(0);
    }
    expect(breakerAnswer(rule, state, HALF_OPEN)).toBe("refuse");
    expect(startCall(rule, state, HALF_OPEN)).toBe(0);
    expect(retryAfterOf(state, HALF_OPEN)).toBe(0);
  });

  it("keeps the places of trials that ended, so that a recovering service gets a few calls only", () => {
    const state = opened();
    const first = startCall(rule, state, HALF_OPEN);
    startCall(rule, state, HALF_OPEN);
    startCall(rule, state, HALF_OPEN);
    countCall(rule, state, { period: first, isFailure: false, durationMs: 10 }, HALF_OPEN);
    expect(breakerAnswer(rule, state, HALF_OPEN)).toBe("refuse");
  });

  it("closes as soon as the trials cannot fail any more, with an empty window", () => {
    const state = opened();
    expect(call(state, false, HALF_OPEN)).toBeUndefined();
    expect(call(state, false, HALF_OPEN)).toBe("closed");
    expect(state.judged).toEqual({ calls: 2, failures: 0, slow: 0 });
    expect(breakerAnswer(rule, state, HALF_OPEN)).toBe("allow");
    for (let i = 0; i < 3; i++) expect(call(state, true, HALF_OPEN)).toBeUndefined();
  });

  it("opens as soon as the trials cannot go well any more", () => {
    const state = opened();
    expect(call(state, true, HALF_OPEN)).toBeUndefined();
    expect(call(state, false, HALF_OPEN)).toBeUndefined();
    expect(call(state, true, HALF_OPEN)).toBe("open");
    expect(state.judged).toEqual({ calls: 3, failures: 2, slow: 0 });
  });

  it("opens when the trials are slow", () => {
    const state = opened(NOW, slowRule);
    call(state, false, HALF_OPEN, 2_000, slowRule);
    expect(call(state, false, HALF_OPEN, 2_000, slowRule)).toBe("open");
  });

  it("waits for slow trials as it does for failures", () => {
    const by = { ...slowRule, failureRatio: 0, slowRatio: 0.5 };
    const state = opened(NOW, slowRule);
    expect(call(state, false, HALF_OPEN, 10, by)).toBeUndefined();
    expect(call(state, false, HALF_OPEN, 10, by)).toBe("closed");
  });

  it("leaves trials that end after it has closed out of the window", () => {
    const by = { ...rule, minimumCalls: 1 };
    const state = opened();
    const period = startCall(by, state, HALF_OPEN);
    for (let i = 0; i < 2; i++) call(state, false, HALF_OPEN, 10, by);
    expect(state.phase).toBe("closed");
    const late = { period, isFailure: true, durationMs: 10 };
    expect(countCall(by, state, late, HALF_OPEN)).toBeUndefined();
  });

  it("does not judge by trials of an earlier time", () => {
    const state = opened();
    const early = startCall(rule, state, HALF_OPEN);
    call(state, true, HALF_OPEN);
    call(state, true, HALF_OPEN);
    const again = state.openUntil;
    expect(settleBreaker(state, again)).toBe("half-open");
    expect(
      countCall(rule, state, { period: early, isFailure: true, durationMs: 10 }, again),
    ).toBeUndefined();
    cancelCall(state, early);
    expect(state.judged.calls).toBe(0);
    expect(state.trialsUnderWay).toBe(0);
  });

  it("gives the place of a cancelled trial to another", () => {
    const state = opened();
    const periods = [1, 2, 3].map(() => startCall(rule, state, HALF_OPEN));
    cancelCall(state, periods[0] as number);
    expect(breakerAnswer(rule, state, HALF_OPEN)).toBe("trial");
    expect(startCall(rule, state, HALF_OPEN)).toBeGreaterThan(0);
    expect(breakerAnswer(rule, state, HALF_OPEN)).toBe("refuse");
    expect(state.judged.calls).toBe(0);
    for (let i = 0; i < 9; i++) cancelCall(state, periods[0] as number);
    expect(state.trialsUnderWay).toBe(0);
  });

  it("gives the places of trials that never end to others", () => {
    const state = opened();
    for (let i = 0; i < 3; i++) startCall(rule, state, HALF_OPEN);
    const later = HALF_OPEN + rule.trialMs;
    expect(breakerAnswer(rule, state, later - 1)).toBe("refuse");
    expect(breakerAnswer(rule, state, later)).toBe("trial");
    call(state, false, later);
    expect(call(state, false, later)).toBe("closed");
  });

  it("counts what late trials come to, but gives back no place for them", () => {
    const state = opened();
    const late = startCall(rule, state, HALF_OPEN);
    startCall(rule, state, HALF_OPEN);
    startCall(rule, state, HALF_OPEN);
    const later = HALF_OPEN + rule.trialMs;
    startCall(rule, state, later);
    const ended = { period: late, isFailure: false, durationMs: 40_000 };
    expect(countCall(rule, state, ended, later)).toBeUndefined();
    expect(state.trialsUnderWay).toBe(1);
    expect(countCall(rule, state, ended, later)).toBe("closed");
  });

  it("lets one trial start though an update has left fewer than have ended", () => {
    const wide = { ...rule, halfOpenCalls: 10 };
    const state = opened(NOW, wide);
    for (let i = 0; i < 4; i++) call(state, i % 2 === 0, HALF_OPEN, 10, wide);
    expect(state.phase).toBe("half-open");
    expect(breakerAnswer(rule, state, HALF_OPEN)).toBe("trial");
    expect(call(state, false, HALF_OPEN)).toBe("closed");
  });
});
