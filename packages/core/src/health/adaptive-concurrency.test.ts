import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  CONCURRENCY_DEFAULTS,
  limitOf,
  newConcurrencyState,
  observeCall,
  type ConcurrencyRule,
  type ConcurrencyState,
} from "./adaptive-concurrency.js";

/** A service of `capacity` workers with one queue in front, and a gateway that refuses what is beyond the limit. */
interface Load {
  readonly capacity: (atMs: number) => number;
  /** How long a worker takes for the n-th request. */
  readonly serviceMs: (n: number, atMs: number) => number;
  /** Time between two requests. */
  readonly gapMs: number;
  readonly untilMs: number;
  /** Totals are of the time from here on. Default: 0. */
  readonly countedFromMs?: number;
}

const rule = CONCURRENCY_DEFAULTS;

function run(load: Load, start: Partial<ConcurrencyState> = {}) {
  const { capacity, serviceMs, gapMs, untilMs, countedFromMs = 0 } = load;
  const state = { ...newConcurrencyState(rule), ...start };
  const totals = { answered: 0, refused: 0, measurements: 0, low: Infinity, high: 0 };
  const limits: number[] = [];
  const queue: { readonly start: number; readonly takesMs: number }[] = [];
  /** The first to end comes first. */
  const running: { readonly start: number; readonly end: number }[] = [];
  const draw = () => 0.5;
  for (let now = 0, n = 0, arrival = 0; now < untilMs;) {
    const counts = now >= countedFromMs;
    const inFlight = running.length + queue.length;
    if ((running[0]?.end ?? Infinity) <= arrival) {
      const { start, end } = running.shift() as (typeof running)[number];
      now = end;
      const wasMeasuring = state.isMeasuring;
      observeCall(rule, state, now - start, inFlight, draw, now);
      if (counts) totals.answered++;
      if (counts && state.isMeasuring && !wasMeasuring) totals.measurements++;
    } else {
      now = arrival;
      arrival += gapMs;
      if (inFlight < limitOf(rule, state)) queue.push({ start: now, takesMs: serviceMs(n++, now) });
      else if (counts) totals.refused++;
    }
    while (queue.length > 0 && running.length < capacity(now)) {
      const { start, takesMs } = queue.shift() as (typeof queue)[number];
      const end = now + takesMs;
      running.splice(running.findLastIndex((other) => other.end <= end) + 1, 0, { start, end });
    }
    if (counts) totals.low = Math.min(totals.low, state.limit);
    if (counts) totals.high = Math.max(totals.high, state.limit);
    limits[Math.floor(now / 1_000)] = limitOf(rule, state);
  }
  return { state, limits, ...totals };
}

/** Times spread evenly from half of one to one and a half, in no order. Source: the golden ratio sequence. */
const around = (ms: number) => (n: number) => ms * (0.5 + ((n * 0.618_033_988_749_894_9) % 1));

/** Three times as many requests as the service bears. */
const overload = (capacity: number, ms: number, untilMs: number): Load => ({
  capacity: () => capacity,
  serviceMs: around(ms),
  gapMs: ms / capacity / 3,
  untilMs,
  countedFromMs: untilMs / 2,
});

describe("the limit under a lasting overload", () => {
  it.each([4, 10, 40, 200])("settles near a capacity of %i, and keeps the service busy", (size) => {
    const { low, high, answered } = run(overload(size, 50, 80_000));
    expect(low).toBeGreaterThanOrEqual(size);
    expect(high).toBeLessThan(size * (size < 10 ? 3.3 : 2));
    expect(answered).toBeGreaterThan(((40_000 * size) / 50) * 0.97);
  });

  it("settles where calls take a second", () => {
    const { low, high, answered } = run(overload(40, 1_000, 300_000));
    expect(low).toBeGreaterThanOrEqual(40);
    expect(high).toBeLessThan(90);
    expect(answered).toBeGreaterThan(150 * 40 * 0.9);
  });

  it("settles where half of the calls are a hundred times as slow as the others", () => {
    const serviceMs = (n: number) => (n % 2 === 0 ? 2 : 200);
    const { high, answered } = run({ ...overload(40, 101, 120_000), serviceMs });
    expect(high).toBeLessThan(40 * 2.5);
    expect(answered).toBeGreaterThan(((60_000 * 40) / 101) * 0.8);
  });

  it("does not drift, however long it lasts", () => {
    const { low, high, limits } = run(overload(10, 100, 1_800_000));
    expect(low).toBeGreaterThanOrEqual(10);
    expect(high).toBeLessThan(25);
    expect(limits.at(-1)).toBeLessThan(20);
  });

  it("comes down from a best latency that was measured when all were waiting", () => {
    const latencies = { minRttMs: 200, rttMs: 200, isMeasuring: false, intervalMs: 30_000 };
    const { limits } = run(overload(10, 20, 120_000), { ...latencies, limit: 100 });
    expect(limits[25]).toBeGreaterThan(50);
    expect(limits.at(-1)).toBeLessThan(20);
  });
});

describe("the limit when the service changes", () => {
  const changing = (capacity: (atMs: number) => number): Load => ({
    capacity,
    serviceMs: around(20),
    gapMs: 0.1,
    untilMs: 40_000,
  });

  it("grows when the capacity doubles", () => {
    const { limits } = run(changing((atMs) => (atMs < 20_000 ? 40 : 80)));
    expect(limits[19]).toBeLessThan(60);
    expect(limits[22]).toBeGreaterThan(80);
    expect(limits[39]).toBeLessThan(120);
  });

  it("shrinks when the capacity halves", () => {
    const { limits } = run(changing((atMs) => (atMs < 20_000 ? 80 : 40)));
    expect(limits[19]).toBeGreaterThan(90);
    expect(limits[22]).toBeLessThan(80);
    expect(limits[39]).toBeGreaterThanOrEqual(40);
    expect(limits[39]).toBeLessThan(75);
  });

  it("recovers within seconds when the service is slower from now on and bears as many requests as before", () => {
    const { limits } = run({
      capacity: () => 100,
      serviceMs: (n, atMs) => around(atMs < 20_000 ? 20 : 60)(n),
      gapMs: 1,
      untilMs: 30_000,
    });
    expect(Math.min(...limits.slice(20, 23))).toBeLessThan(20);
    expect(limits[25]).toBeGreaterThan(60);
  });
});

it("refuses nothing and measures nothing again while the service bears the load", () => {
  const load = {
    capacity: () => 40,
    serviceMs: around(50),
    untilMs: 300_000,
    countedFromMs: 5_000,
  };
  for (const share of [0.3, 0.6, 0.9]) {
    const { refused, measurements, high } = run({ ...load, gapMs: 50 / 40 / share });
    expect({ refused, measurements }).toEqual({ refused: 0, measurements: 0 });
    expect(high).toBeLessThan(100);
  }
});

describe("a measurement", () => {
  const rule: ConcurrencyRule = { ...CONCURRENCY_DEFAULTS, measureIntervalMs: 1_000 };
  const feed = (state: ConcurrencyState, calls: number, rttMs: number, now: number, jitter = 0) => {
    for (let i = 0; i < calls; i++) observeCall(rule, state, rttMs, 20, () => jitter, now);
  };

  it("begins with the first call, at the whole limit", () => {
    const state = newConcurrencyState(rule);
    expect(limitOf(rule, state)).toBe(20);
    feed(state, 49, 10, 5_000);
    expect(state.minRttMs).toBe(0);
    feed(state, 1, 10, 5_000);
    expect(state.minRttMs).toBeCloseTo(10);
    expect(state.isMeasuring).toBe(false);
  });

  it("lowers the limit to a third, and leaves out the calls that were queued before", () => {
    const state = newConcurrencyState(rule);
    feed(state, 50, 10, 5_000);
    feed(state, 10, 200, 7_000);
    expect(state.isMeasuring).toBe(true);
    const { limit } = state;
    expect(limitOf(rule, state)).toBe(Math.floor(limit / 3));
    feed(state, 50, 99, 7_399);
    expect(state.isMeasuring).toBe(true);
    feed(state, 50, 15, 7_400);
    expect(state.isMeasuring).toBe(false);
    expect(state.minRttMs).toBeCloseTo(15);
    expect(limitOf(rule, state)).toBe(Math.floor(limit));
  });

  it("comes up to 15 % later than the interval, and takes at most a tenth of the time", () => {
    const early = newConcurrencyState(rule);
    feed(early, 50, 10, 5_000, 0);
    const late = newConcurrencyState(rule);
    feed(late, 50, 10, 5_000, 1);
    const slow = newConcurrencyState(rule);
    feed(slow, 50, 10_000, 5_000, 0);
    expect([early, late, slow].map(({ intervalMs }) => Math.round(intervalMs))).toEqual([
      1_000, 1_150, 405_000,
    ]);
  });

  it("is not due while answers are as fast as they can be", () => {
    const state = newConcurrencyState(rule);
    for (let now = 5_000; now < 60_000; now += 10) feed(state, 5, 10, now);
    expect(state.isMeasuring).toBe(false);
    expect(state.minRttMs).toBeCloseTo(10);
  });

  it("is not needed to find that the service has become faster", () => {
    const state = newConcurrencyState(rule);
    feed(state, 50, 100, 5_000);
    for (let now = 6_000; now < 8_000; now += 10) feed(state, 5, 20, now);
    expect(state.minRttMs).toBeLessThan(25);
  });
});

it("moves only a limit of which half was used in the same sample", () => {
  const moved = (inFlight: number, rttMs: number, before = inFlight) => {
    const state = newConcurrencyState(rule);
    for (let i = 0; i < 50; i++) observeCall(rule, state, 10, before, () => 0, 5_000);
    for (let i = 0; i < 10; i++) observeCall(rule, state, rttMs, inFlight, () => 0, 6_000);
    return limitOf(rule, state) - 20;
  };
  expect([moved(10, 10), moved(10, 40)]).toEqual([9, -6]);
  expect([moved(9, 10), moved(9, 40), moved(9, 40, 20)]).toEqual([0, 0, 0]);
});

it("is moved little by one call that is very slow", () => {
  const state = newConcurrencyState(rule);
  for (let i = 0; i < 50; i++) observeCall(rule, state, 10, 20, () => 0, 5_000);
  observeCall(rule, state, 60_000, 20, () => 0, 5_010);
  for (let i = 0; i <= 100; i++) observeCall(rule, state, 10, 20, () => 0, 5_010 + i);
  expect(state.limit).toBeGreaterThan(20);
});

describe("for every sequence of calls", () => {
  const rules = fc
    .record({
      minLimit: fc.integer({ min: 1, max: 30 }),
      aboveLimit: fc.nat(200),
      initialLimit: fc.integer({ min: 1, max: 300 }),
      updateMs: fc.constantFrom(1, 100),
      bufferRatio: fc.constantFrom(0, 0.25, 1),
      measureIntervalMs: fc.constantFrom(10, 30_000),
      measureCalls: fc.integer({ min: 1, max: 60 }),
    })
    .map(({ aboveLimit, ...rule }) => ({ ...rule, maxLimit: rule.minLimit + aboveLimit }));
  const rtt = fc.oneof(
    fc.double({ min: 0, max: 300, noNaN: true }),
    fc.constantFrom(0, 1e9, Number.NaN, Number.POSITIVE_INFINITY),
  );
  const calls = fc.array(fc.tuple(rtt, fc.nat(300), fc.nat(500)), {
    minLength: 50,
    maxLength: 400,
  });

  it("the limit is a whole number between its bounds", () => {
    let measured = 0;
    fc.assert(
      fc.property(rules, calls, (rule, sequence) => {
        const state = newConcurrencyState(rule);
        let now = 1_000;
        for (const [rttMs, inFlight, afterMs] of sequence) {
          observeCall(rule, state, rttMs, inFlight, () => 0.9, (now += afterMs));
          const limit = limitOf(rule, state);
          expect(Number.isInteger(limit)).toBe(true);
          expect(Math.min(limit - rule.minLimit, rule.maxLimit - limit)).toBeGreaterThanOrEqual(0);
        }
        if (!state.isMeasuring) measured++;
      }),
      { seed: 5 },
    );
    expect(measured).toBeGreaterThan(20);
  });

  it("the state goes on as before from its JSON form", () => {
    fc.assert(
      fc.property(rules, calls, (rule, sequence) => {
        const plain = newConcurrencyState(rule);
        let restored = newConcurrencyState(rule);
        let now = 1_000;
        for (const [rttMs, inFlight, afterMs] of sequence) {
          now += afterMs;
          observeCall(rule, plain, rttMs, inFlight, () => 0.9, now);
          observeCall(rule, restored, rttMs, inFlight, () => 0.9, now);
          restored = JSON.parse(JSON.stringify(restored)) as ConcurrencyState;
        }
        expect(restored).toEqual(plain);
      }),
      { seed: 5 },
    );
  });
});
