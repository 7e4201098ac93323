import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LEVEL_DEFAULTS, levelAt, levelsOf, type Level, type LevelRule } from "./levels.js";

interface Member {
  readonly id: number;
  readonly tier: number;
  readonly zone: string | undefined;
  readonly weight: number;
  readonly fullWeight: number;
  readonly isUp: boolean;
}

/** Members of one tier or zone: so many of which so many are eligible. */
const some = (count: number, up: number, more: Partial<Member> = {}): readonly Member[] =>
  Array.from({ length: count }, (_, index) => {
    const { fullWeight = 1, weight = fullWeight } = more;
    return { id: index, tier: 0, zone: undefined, isUp: index < up, ...more, weight, fullWeight };
  });
const levelsFor = (
  members: readonly Member[],
  zone?: string,
  rule: Partial<LevelRule> = {},
): readonly Level<Member>[] =>
  levelsOf(
    members,
    members.filter(({ isUp }) => isUp),
    zone,
    { ...LEVEL_DEFAULTS, ...rule },
  );
const shareOf = (levels: readonly Level<Member>[], index: number) =>
  (levels[index]?.upTo ?? 1) - (levels[index - 1]?.upTo ?? 0);
const percents = (levels: readonly Level<Member>[]) =>
  levels.map((_, index) => Math.round(shareOf(levels, index) * 100));

describe("without tiers and zones", () => {
  it("there is one level, whose candidates are the list that was given", () => {
    const members = some(4, 4);
    const eligible = members.slice(1);
    expect(levelsOf(members, members, undefined)).toEqual([
      { candidates: members, upTo: 1, isPanic: false },
    ]);
    expect(levelsOf(members, eligible, undefined)[0]?.candidates).toBe(eligible);
    expect(levelsOf(members, eligible, "a")[0]?.candidates).toBe(eligible);
  });

  it("zones are none of its business where the gateway has none, or all or nobody is local", () => {
    const members = [...some(2, 2, { zone: "a" }), ...some(2, 2, { zone: "b" })];
    expect(levelsOf(members, members, undefined)[0]?.candidates).toBe(members);
    expect(levelsOf(members, members, "c")[0]?.candidates).toBe(members);
    const local = some(2, 2, { zone: "a" });
    expect(levelsOf(local, local, "a")[0]?.candidates).toBe(local);
  });

  it("there is none where nobody is there", () => {
    expect(levelsFor([])).toEqual([]);
    expect(levelAt([], 0.5)).toBe(-1);
  });

  it("all are tried where none is eligible, whatever their tier and zone", () => {
    const members = [...some(2, 0, { zone: "a" }), ...some(2, 0, { tier: 1 })];
    const [level, ...more] = levelsOf(members, [], "a");
    expect(more).toEqual([]);
    expect(level).toEqual({ candidates: members, upTo: 1, isPanic: true });
    expect(level?.candidates).toBe(members);
  });
});

describe("tiers", () => {
  // Envoy's examples, of 100 hosts a level.
  const tiers = (...up: readonly number[]) =>
    up.flatMap((count, tier) => some(100, count, { tier }));

  it("hand on what they do not bear: Envoy's worked examples", () => {
    const shares = [
      [100, 100, 100],
      [72, 72, 100],
      [71, 71, 100],
      [50, 50, 100],
      [25, 100, 100],
      [25, 25, 100],
    ].map((up) => percents(levelsFor(tiers(...up))));
    expect(shares).toEqual([
      [100, 0, 0],
      [100, 0, 0],
      [99, 1, 0],
      [70, 30, 0],
      [35, 65, 0],
      [35, 35, 30],
    ]);
    expect(percents(levelsFor(tiers(25, 25)))).toEqual([50, 50]);
    // Envoy rounds down to whole percents, and writes 36, 36 and 28.
    expect(percents(levelsFor(tiers(25, 25, 20)))).toEqual([36, 36, 29]);
  });

  it("stand in the order of their numbers, whatever that of the members", () => {
    const levels = levelsFor([...some(1, 1, { tier: 7 }), ...some(1, 1, { tier: 2 })]);
    expect(levels.map(({ candidates }) => candidates[0]?.tier)).toEqual([2, 7]);
    expect(levels.map(({ upTo }) => upTo)).toEqual([1, 1]);
  });

  it("count by weight", () => {
    const tier0 = [...some(1, 1, { fullWeight: 1 }), ...some(1, 0, { fullWeight: 3 })];
    expect(percents(levelsFor([...tier0, ...some(1, 1, { tier: 1 })]))).toEqual([35, 65]);
  });

  it("count a member in full while it warms up: a tier that grows hands nothing on", () => {
    const cold = some(1, 1, { weight: 0.1, fullWeight: 1 });
    const members = [...some(1, 1), ...cold, ...some(1, 1, { tier: 1 })];
    expect(percents(levelsFor(members))).toEqual([100, 0]);
  });

  it("are left out where none of them is eligible", () => {
    const members = tiers(0, 50, 0);
    const eligible = members.filter(({ isUp }) => isUp);
    expect(levelsOf(members, eligible, undefined)[0]?.candidates).toBe(eligible);
  });

  it("try those that are not eligible too, each below the panic ratio, where that is asked for", () => {
    const rule = { panicRatio: 0.5 };
    const calm = levelsFor(tiers(40, 100), undefined, rule);
    expect(calm.map(({ isPanic }) => isPanic)).toEqual([false, false]);
    const some0 = levelsFor(tiers(10, 60), undefined, rule);
    expect(some0.map(({ candidates, isPanic }) => [candidates.length, isPanic])).toEqual([
      [100, true],
      [60, false],
    ]);
    expect(percents(some0)).toEqual([14, 86]);
    const members = tiers(10, 20);
    const total = levelsFor(members, undefined, rule);
    expect(total).toEqual([{ candidates: members, upTo: 1, isPanic: true }]);
  });
});

describe("zones", () => {
  const zones = (a: readonly [number, number], ...others: readonly (readonly [number, number])[]) =>
    [a, ...others].flatMap(([count, up], index) =>
      some(count, up, { zone: String.fromCharCode(97 + index) }),
    );

  it("keep traffic in the own one while it bears it", () => {
    expect(percents(levelsFor(zones([4, 4], [4, 4], [4, 4]), "a"))).toEqual([100, 0]);
    expect(percents(levelsFor(zones([4, 3], [4, 4], [4, 4]), "a"))).toEqual([100, 0]);
  });

  it("hand on in proportion to what the own one has lost", () => {
    // Two of ten, beside a third of the traffic: 1.4 x 0.2 x 3.
    expect(percents(levelsFor(zones([4, 2], [4, 4], [4, 4]), "a"))).toEqual([84, 16]);
    expect(percents(levelsFor(zones([4, 1], [4, 4], [4, 4]), "a"))).toEqual([47, 53]);
  });

  it("do not load a small one beyond 1.4 times the average, though it is whole", () => {
    expect(percents(levelsFor(zones([1, 1], [5, 5], [6, 6]), "a"))).toEqual([35, 65]);
  });

  it("hand nothing on where all have lost the same", () => {
    expect(percents(levelsFor(zones([4, 1], [4, 1], [4, 1]), "a"))).toEqual([100, 0]);
  });

  it("hand on everything where the own one has nobody", () => {
    const members = zones([4, 0], [4, 4]);
    const eligible = members.filter(({ isUp }) => isUp);
    expect(levelsOf(members, eligible, "a")[0]?.candidates).toBe(eligible);
  });

  it("give the own one its traffic back as its instances warm up", () => {
    const others = some(2, 2, { zone: "b" });
    const shares = [0.1, 0.5, 1].map(
      (weight) =>
        percents(
          levelsFor([...some(2, 1, { zone: "a", weight, fullWeight: 1 }), ...others], "a"),
        )[0],
    );
    expect(shares).toEqual([13, 56, 93]);
  });

  it("count the traffic of the own one as it is told", () => {
    const members = zones([4, 4], [4, 4]);
    expect(percents(levelsFor(members, "a", { localRatio: 1 }))).toEqual([70, 30]);
    expect(percents(levelsFor(members, "a", { localRatio: 0 }))).toEqual([100, 0]);
  });

  it("take members without one for a zone", () => {
    const members = [...some(1, 1, { zone: "a" }), ...some(3, 3)];
    expect(percents(levelsFor(members, "a"))).toEqual([70, 30]);
  });

  it("are looked at inside each tier of enough members", () => {
    const tier1 = [...some(1, 1, { tier: 1, zone: "a" }), ...some(1, 1, { tier: 1, zone: "b" })];
    const members = [...zones([2, 2], [2, 0]), ...tier1];
    const levels = levelsFor(members, "a");
    expect(levels.map(({ candidates }) => candidates.length)).toEqual([2, 1, 1]);
    expect(percents(levels)).toEqual([70, 30, 0]);
    const four = levelsFor(members, "a", { minimumMembers: 4 });
    expect(four.map(({ candidates }) => candidates.length)).toEqual([2, 2]);
  });
});

it("gives each level exactly its part of an even grid of points", () => {
  const members = [...some(10, 5), ...some(10, 10, { tier: 1 }), ...some(1, 1, { tier: 2 })];
  const levels = levelsFor(members);
  const counts = [0, 0, 0];
  for (let i = 0; i < 100; i++) {
    const index = levelAt(levels, i / 100);
    counts[index] = (counts[index] ?? 0) + 1;
  }
  expect(counts).toEqual([70, 30, 0]);
  expect(levelAt(levels, 1 - Number.EPSILON / 2)).toBe(1);
});

describe("for every service", () => {
  const member = fc.record({
    id: fc.nat(),
    tier: fc.nat(3),
    zone: fc.constantFrom("a", "b", "c", undefined),
    weight: fc.double({ min: 0.01, max: 10, noNaN: true }),
    fullWeight: fc.constantFrom(10, 20),
    isUp: fc.boolean(),
  });
  const members = fc.array(member, { minLength: 1, maxLength: 15 });
  const zone = fc.constantFrom("a", undefined);
  const point = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  const rule = fc.record({
    overprovisioning: fc.double({ min: 1, max: 3, noNaN: true }),
    minimumMembers: fc.nat(6),
    localRatio: fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { nil: undefined }),
  });

  it("shares add up to 1, and no point leads to an empty level", () => {
    fc.assert(
      fc.property(members, zone, rule, point, (list, own, of, at) => {
        const levels = levelsFor(list, own, of);
        let before = 0;
        for (const { upTo, candidates } of levels) {
          expect(upTo).toBeGreaterThanOrEqual(before);
          expect(candidates).not.toHaveLength(0);
          before = upTo;
        }
        expect(before).toBe(1);
        expect(shareOf(levels, levelAt(levels, at))).toBeGreaterThan(0);
      }),
      { seed: 21, numRuns: 500 },
    );
  });

  it("every eligible member stands in exactly one level, and no other one in any, unless none is eligible", () => {
    fc.assert(
      fc.property(members, zone, rule, (list, own, of) => {
        const candidates = levelsFor(list, own, of).flatMap((level) => level.candidates);
        const eligible = list.filter(({ isUp }) => isUp);
        const expected = eligible.length === 0 ? list : eligible;
        expect(candidates).toHaveLength(expected.length);
        expect(new Set(candidates)).toEqual(new Set(expected));
      }),
      { seed: 22, numRuns: 500 },
    );
  });

  const sumWhere = (levels: readonly Level<Member>[], holds: (member: Member) => boolean) =>
    levels.reduce(
      (sum, { candidates }, index) => sum + (candidates.every(holds) ? shareOf(levels, index) : 0),
      0,
    );

  it("one more eligible member never lowers the share of the first tier", () => {
    fc.assert(
      fc.property(members, member, zone, rule, (list, more, own, of) => {
        if (!list.some(({ isUp }) => isUp)) return;
        const first = Math.min(...list.map(({ tier }) => tier));
        const isFirst = ({ tier }: Member) => tier === first;
        const before = sumWhere(levelsFor(list, own, of), isFirst) - 1e-9;
        const one = { ...more, tier: first };
        const shareWith = (isUp: boolean) =>
          sumWhere(levelsFor([...list, { ...one, isUp }], own, of), isFirst);
        expect(shareWith(true)).toBeGreaterThanOrEqual(before);
        expect(shareWith(true)).toBeGreaterThanOrEqual(shareWith(false) - 1e-9);
      }),
      { seed: 23, numRuns: 1_000 },
    );
  });

  it("one more eligible member of the own zone never lowers its share", () => {
    const oneTier = members.map((list) => list.map((each) => ({ ...each, tier: 0 })));
    const isLocal = (each: Member) => each.zone === "a";
    fc.assert(
      fc.property(oneTier, member, rule, (list, more, of) => {
        const down = [...list, { ...more, tier: 0, zone: "a", isUp: false }];
        if (!down.some(({ isUp }) => isUp)) return;
        const up = [...list, { ...more, tier: 0, zone: "a", isUp: true }];
        const before = sumWhere(levelsFor(down, "a", of), isLocal);
        // Too few members for zones: then local and other ones stand in one level.
        if (up.length < of.minimumMembers) return;
        expect(sumWhere(levelsFor(up, "a", of), isLocal)).toBeGreaterThanOrEqual(before - 1e-9);
      }),
      { seed: 24, numRuns: 1_000 },
    );
  });
});
