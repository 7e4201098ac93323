import { expect, it } from "vitest";
import { isInUse, isUsedBy, poolsInUse, type PoolUse } from "./in-use.js";

const REJECTING = { tryAll: false };
const pool = (cursor: number, workedOutBy: object | undefined = REJECTING): PoolUse => ({
  ...{ cursor, pinnedCursor: 0, copyCursor: 0 },
  workedOutBy,
});
const [all, version] = [pool(3), pool(1)];

it("an instance is judged in its version too once requests come for it, where they would be refused", () => {
  expect(poolsInUse({ pools: [all], levels: [] })).toEqual([all]);
  expect(poolsInUse({ pools: [all, version], levels: [] })).toEqual([all, version]);
  expect(poolsInUse({ pools: [all, pool(0)], levels: [] })).toEqual([all]);
  expect(poolsInUse({ pools: [pool(0), version], levels: [] })).toEqual([version]);
});

it("an instance is judged in its version where the gateway keeps to a subset, and else in the whole service alone", () => {
  const subset = { client: "g", size: 3 };
  for (const [plan, count] of [
    [{ tryAll: true, subset }, 2],
    [{ tryAll: true }, 1],
    [undefined, 1],
  ] as const) {
    const pools = [3, 1].map((cursor) => ({ ...pool(cursor), workedOutBy: plan }));
    expect(poolsInUse({ pools, levels: [] })).toEqual(pools.slice(0, count));
  }
});

it("an instance is used by its pools, of a subset by those that have a level for it", () => {
  const levels = [undefined, {}];
  const used = (pools: readonly PoolUse[]) =>
    [...pools, pool(1)].map((each) => isUsedBy(each, { pools, levels }));
  expect(used([all, version])).toEqual([true, true, false]);
  const plan = { subset: { client: "g", size: 3 } };
  // A pool that nobody has asked yet has no plan.
  for (const pools of [
    [pool(3, plan), pool(1, plan)],
    [{ ...pool(3), workedOutBy: undefined }, pool(1, plan)],
  ]) {
    expect(used(pools)).toEqual([false, true, false]);
    expect(isInUse({ pools, levels })).toBe(true);
    expect(isInUse({ pools, levels: [] })).toBe(false);
  }
  expect(isInUse({ pools: [], levels: [] })).toBe(false);
});

it("an instance is in use before its first request, unless others alone get any", () => {
  const ofPlan = (plan: object) => ({ pools: [pool(0, plan), pool(0, plan)], levels: [{}, {}] });
  expect(isInUse(ofPlan({ tryAll: true }))).toBe(true);
  expect(isInUse(ofPlan(REJECTING))).toBe(false);
});

it("requests of pinned clients and copies are requests", () => {
  for (const pool of [
    { cursor: 0, pinnedCursor: 1, copyCursor: 0, workedOutBy: REJECTING },
    { cursor: 0, pinnedCursor: 0, copyCursor: 1, workedOutBy: REJECTING },
  ]) {
    expect(poolsInUse({ pools: [all, pool], levels: [] })).toEqual([all, pool]);
    expect(isInUse({ pools: [pool], levels: [{}] })).toBe(true);
  }
});
