import { describe, expect, it } from "vitest";
import { A, B, EVERY_100_MS, runSmall, smallConfig } from "./small-scenario.js";

describe("time that is up", () => {
  const stalled = { instance: A, kind: "stalled", fromMs: 0 } as const;

  it.each([
    { timeouts: { requestMs: 300 }, ms: 300 },
    { timeouts: { attemptMs: 400 }, ms: 400 },
    { timeouts: { headMs: 500 }, ms: 500 },
    { timeouts: { idleMs: 600 }, ms: 600 },
    { timeouts: { attemptMs: 700, headMs: 650, idleMs: 0 }, ms: 650 },
    { timeouts: {}, ms: 60_000 },
  ])("ends an attempt after $ms ms with $timeouts", ({ timeouts, ms }) => {
    const { statuses, latency } = runSmall({
      config: smallConfig({ instances: [A] }, { timeouts }),
      faults: [stalled],
    });
    expect(statuses).toEqual({ 504: 99 });
    expect(latency.max).toBeCloseTo(ms);
  });

  it("is followed by another attempt where the route asks for it, within the time of the request", () => {
    const { latency, retries, statuses } = runSmall({
      config: smallConfig(
        { balancer: "first-eligible" },
        { retry: { attempts: 1, backoff: { baseMs: 0 } }, timeouts: { attemptMs: 100 } },
      ),
      faults: [stalled],
    });
    expect({ retries, statuses }).toEqual({ retries: 99, statuses: { 200: 99 } });
    expect(latency.max).toBeCloseTo(110);
  });

  it("of the whole request ends all attempts", () => {
    const { latency, statuses } = runSmall({
      config: smallConfig(
        {},
        { retry: { attempts: 3 }, timeouts: { attemptMs: 100, requestMs: 250 } },
      ),
      faults: [{ ...stalled, instance: [A, B] }],
    });
    expect(statuses).toEqual({ 504: 99 });
    expect(latency.max).toBeCloseTo(250);
  });
});

describe("wasted work", () => {
  it("is that on what timed out, without the time in the queue", () => {
    // One worker, 100 ms each, four clients at once: the last three time out in the queue.
    const { wastedMs, statuses, instances } = runSmall({
      config: smallConfig({ instances: [A] }, { timeouts: { attemptMs: 150 } }),
      traffic: Array.from({ length: 4 }, () => ({
        perSecond: 1,
        arrivals: "even" as const,
        toMs: 1_500,
      })),
      instances: { "*": { serviceMs: 100, capacity: 1 } },
    });
    expect(statuses).toEqual({ 200: 1, 504: 3 });
    expect(wastedMs).toBeCloseTo(300);
    expect(instances[A]?.busyMs).toBeCloseTo(400);
  });

  it("is that on what the client has left, up to the death of the instance", () => {
    const { wastedMs } = runSmall({
      config: smallConfig({ instances: [A] }),
      traffic: { perSecond: 1, arrivals: "even", toMs: 1_500, patienceMs: 50 },
      instances: { "*": { serviceMs: 1_000 } },
      faults: [{ instance: A, kind: "down", fromMs: 1_200 }],
    });
    expect(wastedMs).toBeCloseTo(200);
  });

  it("is none where somebody waits to the end, whatever the answer", () => {
    const { wastedMs, statuses } = runSmall({
      instances: { "*": { serviceMs: 10, errorRatio: 1 } },
      traffic: EVERY_100_MS,
    });
    expect(statuses).toEqual({ 500: 99 });
    expect(wastedMs).toBe(0);
  });
});

describe("hedges", () => {
  it("take the first answer, and the work on the other is wasted", () => {
    const { latency, retries, statuses, wastedMs } = runSmall({
      config: smallConfig(
        { balancer: "first-eligible" },
        { retry: { attempts: 1 }, hedge: { delayMs: 50 } },
      ),
      instances: { "*": { serviceMs: 10 }, [A]: { serviceMs: 200 } },
    });
    expect(statuses).toEqual({ 200: 99 });
    expect(latency.max).toBeCloseTo(60);
    expect(retries).toBe(99);
    expect(wastedMs).toBeCloseTo(99 * 200);
  });

  it("wait for the other attempt when one fails", () => {
    const { latency, statuses } = runSmall({
      config: smallConfig({}, { retry: { attempts: 1 }, hedge: { delayMs: 50 } }),
      instances: { [A]: { serviceMs: 200 }, [B]: { serviceMs: 400 } },
      faults: [{ instance: A, kind: "down", fromMs: 250, toMs: 9_999 }],
      traffic: { ...EVERY_100_MS, toMs: 150 },
    });
    // Begun at A at 100, at B at 150, A dies at 250, B answers at 550.
    expect(statuses).toEqual({ 200: 1 });
    expect(latency.max).toBeCloseTo(450);
  });
});
