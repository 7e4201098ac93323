import fc from "fast-check";
import { expect, it } from "vitest";
import { dueEjections } from "./due-ejections.js";
import type { PoolUse } from "./in-use.js";
import { mostEjected, type OutlierRule } from "./outlier.js";
import type { Verdict } from "./outlier-window.js";

const NOW = 1_000_000;
const rule: OutlierRule = {
  consecutiveFailures: 5,
  baseEjectionMs: 30_000,
  maxEjectionMs: 300_000,
  maxEjectionRatio: 0.5,
};

interface Instance {
  readonly id: number;
  readonly isDraining: boolean;
  readonly consecutiveFailures: number;
  readonly ejectedUntil: number;
  readonly ejectionFactor: number;
  readonly pools: readonly PoolUse[];
  readonly levels: readonly (object | undefined)[];
}
const used = (cursor: number): PoolUse => ({
  ...{ cursor, pinnedCursor: 0, copyCursor: 0 },
  workedOutBy: { tryAll: false, subset: {} },
});
const ALL = used(1);
const instance = (id: number, more: Partial<Instance> = {}): Instance => ({
  id,
  isDraining: false,
  consecutiveFailures: 0,
  ejectedUntil: 0,
  ejectionFactor: 0,
  pools: [ALL],
  levels: [{}],
  ...more,
});
const isEligible = ({ isDraining, ejectedUntil }: Instance, now: number) =>
  !isDraining && ejectedUntil <= now;
const verdictsOn = (instances: readonly Instance[]): readonly Verdict<Instance>[] =>
  instances.map((each) => ({
    instance: each,
    reason: {
      kind: "failure-ratio",
      failures: 9,
      answers: 10,
      failureRatio: 0.9,
      threshold: 0.85,
    },
  }));
const due = (instances: readonly Instance[], judged = instances, more: Partial<OutlierRule> = {}) =>
  dueEjections({ ...rule, ...more }, verdictsOn(judged), instances, isEligible, NOW);
const idsOf = (ejections: readonly { readonly instance: Instance }[]) =>
  ejections.map((each) => each.instance.id);

const six = Array.from({ length: 6 }, (_, id) => instance(id));

it("ejects in the order of the verdicts, as many as the share allows", () => {
  const [a, b, c, d] = six.toReversed() as [Instance, Instance, Instance, Instance];
  expect(idsOf(due(six, [a, b, c, d]))).toEqual([5, 4, 3]);
});

it("counts those in that are ejected already", () => {
  const instances = [instance(0, { ejectedUntil: NOW + 1 }), ...six.slice(1)];
  expect(idsOf(due(instances, instances.slice(1)))).toEqual([1, 2]);
});

it("never takes the last that is eligible, whatever the share", () => {
  expect(idsOf(due(six, six, { maxEjectionRatio: 1 }))).toEqual([0, 1, 2, 3, 4]);
  const draining = six.map((each) => ({ ...each, isDraining: each.id > 1 }));
  expect(idsOf(due(draining, draining.slice(0, 2), { maxEjectionRatio: 1 }))).toEqual([0]);
  expect(due([instance(0)])).toEqual([]);
});

it("may eject one that drains without taking an eligible one from the others", () => {
  const instances = [instance(0, { isDraining: true }), instance(1), instance(2)];
  expect(idsOf(due(instances, instances, { maxEjectionRatio: 1 }))).toEqual([0, 1]);
});

it("counts those alone that the gateway uses", () => {
  const unused = Array.from({ length: 90 }, (_, id) => instance(id + 10, { levels: [undefined] }));
  expect(idsOf(due([...unused, ...six], six))).toEqual([0, 1, 2]);
  const gone = unused.map((each) => ({ ...each, ejectedUntil: NOW + 1 }));
  expect(idsOf(due([...gone, ...six], six))).toEqual([0, 1, 2]);
});

it("keeps one of each version that requests come for", () => {
  const [v1, v2, v3] = [used(5), used(5), used(0)];
  const of = (version: PoolUse, ...ids: readonly number[]) =>
    ids.map((id) => instance(id, { pools: [ALL, version], levels: [{}, {}] }));
  const instances = [...of(v1, 0, 1), ...of(v2, 2, 3, 4), ...of(v3, 5)];
  const judged = instances.toReversed();
  expect(idsOf(due(instances, judged, { maxEjectionRatio: 1 }))).toEqual([5, 4, 3, 1]);
});

it("makes the n-th ejection n times as long, as those for failures in a row, and keeps the reason", () => {
  const instances = [instance(0, { ejectedUntil: NOW - 10, ejectionFactor: 2 }), ...six.slice(1)];
  const [first] = due(instances, instances.slice(0, 1));
  expect(first).toMatchObject({
    instance: { id: 0 },
    reason: { kind: "failure-ratio" },
    ejection: { until: NOW + 90_000, factor: 3 },
  });
});

it("does nothing without verdicts", () => {
  expect(due(six, [])).toEqual([]);
});

it("keeps the share, keeps one eligible and lets everyone return, for every service", () => {
  const anyInstance = fc.record({
    isDraining: fc.boolean(),
    ejectedUntil: fc.constantFrom(0, NOW - 1, NOW, NOW + 1, NOW + 30_000),
    ejectionFactor: fc.nat(12),
    isJudged: fc.boolean(),
  });
  const service = fc.array(anyInstance, { maxLength: 12 });
  fc.assert(
    fc.property(service, fc.double({ min: 0, max: 1, noNaN: true }), (list, maxEjectionRatio) => {
      const instances = list.map((each, id) => instance(id, each));
      const judged = instances.filter((_, id) => list[id]?.isJudged);
      const ejections = due(instances, judged, { maxEjectionRatio });
      const ejectedNow = new Set(idsOf(ejections));
      const before = instances.filter((each) => each.ejectedUntil > NOW).length;
      const most = mostEjected({ ...rule, maxEjectionRatio }, instances.length);
      if (ejections.length > 0) expect(before + ejections.length).toBeLessThanOrEqual(most);
      const eligible = instances.filter((each) => isEligible(each, NOW));
      if (eligible.length > 0) expect(eligible.some(({ id }) => !ejectedNow.has(id))).toBe(true);
      for (const { instance: each, ejection } of ejections) {
        expect(each.ejectedUntil).toBeLessThanOrEqual(NOW);
        expect(ejection.until).toBeGreaterThan(NOW);
        expect(ejection.until).toBeLessThanOrEqual(NOW + rule.maxEjectionMs);
      }
    }),
    { seed: 11, numRuns: 500 },
  );
});
