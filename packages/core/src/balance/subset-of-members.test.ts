import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { subsetOf } from "./subset.js";
import { subsetOfMembers, type SubsetMember } from "./subset-of-members.js";

const member = (id: string, tier = 0, zone?: string): SubsetMember => ({ id, tier, zone });
const some = (name: string, count: number, tier = 0, zone?: string) =>
  Array.from({ length: count }, (_, i) => member(`http://${name}-${i}`, tier, zone));
const clients = (count: number) => Array.from({ length: count }, (_, i) => `gateway-${i}`);
const chosen = (
  members: readonly SubsetMember[],
  size: number,
  client = "gateway",
  zone?: string,
): readonly SubsetMember[] => subsetOfMembers(members, { client, size, zone });
const meanOf = (numbers: readonly number[]) =>
  numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
const lossOf = (before: readonly SubsetMember[], after: readonly SubsetMember[]) =>
  before.filter((each) => !after.includes(each)).length;

describe("a subset of members", () => {
  it("is all of them where they are no more than asked for", () => {
    const members = [...some("a", 3), ...some("b", 2, 1, "near")];
    expect(chosen(members, 5)).toBe(members);
    expect(chosen(members, 0)).toBe(members);
  });

  it("is that of their ids where they have neither tiers nor zones, and for a gateway without a zone", () => {
    const members = some("a", 100).map((each, i) => ({ ...each, zone: i & 1 ? "a" : "b" }));
    const ids = members.map(({ id }) => id);
    for (const client of clients(20))
      expect(chosen(members, 10, client).map(({ id }) => id)).toEqual(subsetOf(ids, client, 10));
  });

  it.each([
    [10, 30, 4, [1, 3]],
    [50, 50, 20, [10, 10]],
    [1, 99, 20, [1, 19]],
    [99, 1, 20, [19, 1]],
    [99, 1, 1, [1, 0]],
  ])("has of %i in tier 0 and %i in tier 1, with %i places, %j", (first, second, size, parts) => {
    const members = [...some("a", first), ...some("b", second, 1)];
    for (const client of clients(50)) {
      const subset = chosen(members, size, client);
      expect([0, 1].map((tier) => subset.filter((each) => each.tier === tier).length)).toEqual(
        parts,
      );
    }
  });

  it("has one of each of the first tiers where there are more tiers than places", () => {
    const members = [4, 2, 0, 3, 1].flatMap((tier) => some(`t${tier}`, 3, tier));
    for (const client of clients(50))
      expect(
        chosen(members, 3, client)
          .map(({ tier }) => tier)
          .sort(),
      ).toEqual([0, 1, 2]);
  });

  it.each([
    [20, 80, 10, 2],
    [1, 99, 10, 1],
    [99, 1, 10, 9],
    [1, 99, 1, 1],
    [50, 50, 2, 1],
  ])(
    "has of %i local instances and %i others, with %i places, %i local ones",
    (local, others, size, count) => {
      const members = [...some("near", local, 0, "near"), ...some("far", others, 0, "far")];
      for (const client of clients(50)) {
        const subset = chosen(members, size, client, "near");
        expect(subset).toHaveLength(size);
        expect(subset.filter(({ zone }) => zone === "near")).toHaveLength(count);
      }
    },
  );
});

describe("for every list of members", () => {
  const list = fc.uniqueArray(
    fc.record({
      id: fc.string({ minLength: 1, maxLength: 8 }),
      tier: fc.nat(3),
      zone: fc.constantFrom(undefined, "near", "far"),
    }),
    { selector: ({ id }) => id, minLength: 2, maxLength: 40 },
  );
  const zones = fc.constantFrom(undefined, "near");

  it("it has its size, whatever the order, one of each tier that there is a place for, and one of the own zone", () => {
    fc.assert(
      fc.property(
        list,
        fc.string(),
        fc.integer({ min: 1, max: 45 }),
        zones,
        (members, client, size, zone) => {
          const subset = chosen(members, size, client, zone);
          expect(subset).toHaveLength(Math.min(size, members.length));
          expect(new Set(chosen(members.toReversed(), size, client, zone))).toEqual(
            new Set(subset),
          );
          const tiers = [...new Set(members.map(({ tier }) => tier))].sort();
          for (const tier of tiers.slice(0, size)) {
            const own = subset.filter((each) => each.tier === tier);
            expect(own.length).toBeGreaterThan(0);
            const hasLocal = members.some((each) => each.tier === tier && each.zone === "near");
            if (zone !== undefined && hasLocal)
              expect(own.some((each) => each.zone === zone)).toBe(true);
          }
        },
      ),
      { seed: 41, numRuns: 500 },
    );
  });
});

describe("over many gateways", () => {
  const members = [
    ...some("near", 60, 0, "near"),
    ...some("far", 110, 0, "far"),
    ...some("stand-by", 130, 1, "far"),
  ];
  const subsets = clients(600).map((client) => chosen(members, 30, client, "near"));

  it("each part has its share of the places, and each instance is in as many subsets as chance allows", () => {
    for (const part of [members.slice(0, 60), members.slice(60, 170), members.slice(170)]) {
      const own = new Set(part);
      const counts = subsets.map((subset) => subset.filter((each) => own.has(each)).length);
      // A tenth of the part, rounded up or down.
      expect(meanOf(counts)).toBeCloseTo(part.length / 10, 0);
      expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(2);
    }
    const loads = members.map((each) => subsets.filter((subset) => subset.includes(each)).length);
    const deviation = Math.sqrt(60 * 0.9);
    expect(meanOf(loads)).toBeCloseTo(60);
    expect(Math.min(...loads)).toBeGreaterThan(60 - 4.5 * deviation);
    expect(Math.max(...loads)).toBeLessThan(60 + 4.5 * deviation);
  });

  it("one that goes changes a subset by 0.2 on average, and none by more than itself and one for each part", () => {
    const losses = [3, 99, 222].flatMap((gone) => {
      const less = members.toSpliced(gone, 1);
      return clients(600).map((client, i) =>
        lossOf(subsets[i] as readonly SubsetMember[], chosen(less, 30, client, "near")),
      );
    });
    expect(meanOf(losses)).toBeLessThan(0.2);
    expect(Math.max(...losses)).toBeLessThanOrEqual(3);
  });
});
