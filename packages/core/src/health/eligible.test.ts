import { expect, it } from "vitest";
import type { InstanceState } from "../state.js";
import { isEligible, nextChange } from "./eligible.js";

const instance = (more: Partial<InstanceState> = {}) =>
  ({
    ejectedUntil: 0,
    drainUntil: 0,
    probe: { status: "unprobed", contrary: 0 },
    ...more,
  }) as InstanceState;

it("takes an instance for eligible from the moment that its ejection ends", () => {
  expect(isEligible(instance(), 1_000)).toBe(true);
  expect(isEligible(instance({ ejectedUntil: 1_001 }), 1_000)).toBe(false);
  expect(isEligible(instance({ ejectedUntil: 1_000 }), 1_000)).toBe(true);
});

it("takes no instance for eligible that drains, however long it keeps its sessions", () => {
  expect(isEligible(instance({ drainUntil: 5 }), 1_000)).toBe(false);
  expect(isEligible(instance({ drainUntil: Number.POSITIVE_INFINITY }), 1_000)).toBe(false);
});

it("says when time alone changes it", () => {
  expect(nextChange(instance({ ejectedUntil: 3_000 }), 1_000)).toBe(3_000);
  expect(nextChange(instance({ ejectedUntil: 1_000 }), 1_000)).toBe(Number.POSITIVE_INFINITY);
});
