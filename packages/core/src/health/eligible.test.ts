import { describe, expect, it } from "vitest";
import type { InstanceState, PoolState } from "../state.js";
import { eligibleOf, isEligible } from "./eligible.js";

const instance = (id: string, ejectedUntil = 0) => ({ id, ejectedUntil }) as InstanceState;
const ids = (candidates: readonly { readonly id: string }[]) => candidates.map(({ id }) => id);
const pool = (members: readonly InstanceState[], more: Partial<PoolState> = {}) =>
  ({
    members,
    candidates: members,
    prepared: "prepared",
    staleAt: Number.POSITIVE_INFINITY,
    ...more,
  }) as PoolState;

it("takes an instance for eligible from the moment that its ejection ends", () => {
  expect(isEligible(instance("a"), 1_000)).toBe(true);
  expect(isEligible(instance("a", 1_001), 1_000)).toBe(false);
  expect(isEligible(instance("a", 1_000), 1_000)).toBe(true);
});

describe("the candidates of a pool", () => {
  it("are those that were found, with what the balancer prepared, as long as no ejection ends", () => {
    const members = [instance("a", 2_000), instance("b")];
    const fresh = pool(members, { candidates: members.slice(1), staleAt: 2_000 });
    expect(eligibleOf(fresh, 1_999, true)).toBe(fresh);
  });

  it("are found anew when an ejection has ended", () => {
    const members = [instance("a", 2_000), instance("b"), instance("c", 3_000)];
    const stale = pool(members, { candidates: members.slice(1, 2), staleAt: 2_000 });
    const { candidates, prepared } = eligibleOf(stale, 2_000, true);
    expect(ids(candidates)).toEqual(["a", "b"]);
    expect(prepared).toBeUndefined();
  });

  it("are all members when none is eligible and trying is better than failing", () => {
    const members = [instance("a", 2_000), instance("b", 2_000)];
    const none = pool(members, { candidates: [], staleAt: 2_000 });
    expect(ids(eligibleOf(none, 1_000, true).candidates)).toEqual(["a", "b"]);
    expect(eligibleOf(none, 1_000, true).prepared).toBeUndefined();
  });

  it("are none when none is eligible and the service rejects", () => {
    const none = pool([instance("a", 2_000)], { candidates: [], staleAt: 2_000 });
    expect(eligibleOf(none, 1_000, false).candidates).toEqual([]);
  });
});
