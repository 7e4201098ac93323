import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Outcome } from "../outcome.js";
import { consecutiveReason, countConsecutive } from "./consecutive.js";

const unreached: Outcome = { kind: "failure", stage: "connect", cause: "refused" };
const reset: Outcome = { kind: "failure", stage: "head", cause: "reset" };
const cancelled: Outcome = { kind: "cancelled", stage: "connect" };
const status = (code: number): Outcome => ({ kind: "head", status: code, headMs: 1 });

const after = (...outcomes: readonly Outcome[]) => {
  const counts = { consecutiveFailures: 0, consecutiveConnectFailures: 0 };
  for (const outcome of outcomes) countConsecutive(counts, outcome);
  return [counts.consecutiveFailures, counts.consecutiveConnectFailures];
};

describe("failures in a row", () => {
  it("count a connect failure to both rows", () => {
    expect(after(unreached, unreached)).toEqual([2, 2]);
  });

  it("go on with a failure behind the connection, which ends the row of connect failures", () => {
    expect(after(unreached, reset)).toEqual([2, 0]);
    expect(after(unreached, status(503))).toEqual([2, 0]);
  });

  it("end with any other answer", () => {
    for (const code of [200, 404, 429, 500, 501])
      expect(after(unreached, reset, unreached, status(code))).toEqual([0, 0]);
  });

  it("are left alone by a client that goes", () => {
    expect(after(unreached, cancelled, unreached)).toEqual([2, 2]);
    expect(after(unreached, { kind: "cancelled", stage: "body" })).toEqual([1, 1]);
  });

  it("never hold more connect failures than failures", () => {
    const outcome = fc.constantFrom(unreached, reset, cancelled, status(200), status(502));
    fc.assert(
      fc.property(fc.array(outcome), (outcomes) => {
        const [failures = 0, connectFailures = 0] = after(...outcomes);
        expect(connectFailures).toBeLessThanOrEqual(failures);
      }),
      { seed: 1 },
    );
  });
});

describe("the reason of a row", () => {
  const rule = { consecutiveFailures: 5, consecutiveConnectFailures: 3 };
  const counts = (consecutiveFailures: number, consecutiveConnectFailures: number) => ({
    consecutiveFailures,
    consecutiveConnectFailures,
  });

  it("is there from the configured number on", () => {
    expect(consecutiveReason(rule, counts(4, 2))).toBeUndefined();
    expect(consecutiveReason(rule, counts(5, 2))).toEqual({
      kind: "consecutive-failures",
      failures: 5,
      threshold: 5,
    });
    expect(consecutiveReason(rule, counts(4, 3))).toEqual({
      kind: "consecutive-connect-failures",
      failures: 3,
      threshold: 3,
    });
  });

  it("is the narrower one where both hold", () => {
    expect(consecutiveReason(rule, counts(9, 9))?.kind).toBe("consecutive-connect-failures");
  });

  it("is never one that is switched off", () => {
    const off = { consecutiveFailures: 0, consecutiveConnectFailures: 0 };
    expect(consecutiveReason(off, counts(99, 99))).toBeUndefined();
    expect(consecutiveReason({ ...rule, consecutiveFailures: 0 }, counts(99, 0))).toBeUndefined();
    expect(consecutiveReason({ ...rule, consecutiveConnectFailures: 0 }, counts(6, 6))?.kind).toBe(
      "consecutive-failures",
    );
  });
});
