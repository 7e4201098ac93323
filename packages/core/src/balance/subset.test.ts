import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { murmur3 } from "../murmur3.js";
import { subsetOf } from "./subset.js";

const instances = (count: number) =>
  Array.from({ length: count }, (_, i) => `http://10.0.${i >> 8}.${i & 255}:8080`);
const clients = (count: number) => Array.from({ length: count }, (_, i) => `gateway-${i}`);

/** In how many subsets each instance is. */
const loadsOf = (ids: readonly string[], subsets: readonly (readonly string[])[]) => {
  const loads = new Map(ids.map((id) => [id, 0]));
  for (const id of subsets.flat()) loads.set(id, (loads.get(id) ?? 0) + 1);
  return [...loads.values()];
};
const lossOf = (before: readonly string[], after: readonly string[]) =>
  before.filter((id) => !after.includes(id)).length;
const meanOf = (numbers: readonly number[]) =>
  numbers.reduce((sum, number) => sum + number, 0) / numbers.length;

/** The algorithm of the SRE book: each round of clients shares out one shuffled list. */
const sreSubsetOf = (ids: readonly string[], client: number, size: number) => {
  const perRound = Math.floor(ids.length / size);
  const round = Math.floor(client / perRound);
  const shuffled = [...ids];
  for (let last = shuffled.length - 1; last > 0; last--) {
    const other = murmur3(`${round} ${last}`, 0) % (last + 1);
    [shuffled[last], shuffled[other]] = [shuffled[other] as string, shuffled[last] as string];
  }
  const from = (client % perRound) * size;
  return shuffled.slice(from, from + size);
};

describe("a subset", () => {
  it("is the list itself where that is no longer, or has no limit", () => {
    const ids = instances(5);
    expect(subsetOf(ids, "gateway", 5)).toBe(ids);
    expect(subsetOf(ids, "gateway", 9)).toBe(ids);
    expect(subsetOf(ids, "gateway", 0)).toBe(ids);
  });

  it("has the size that is asked for, in the order of the list", () => {
    const ids = instances(100);
    const subset = subsetOf(ids, "gateway", 7);
    expect(subset).toHaveLength(7);
    expect(subset).toEqual(ids.filter((id) => subset.includes(id)));
  });

  it("is the same for the same names, and another for another gateway", () => {
    const ids = instances(100);
    expect(subsetOf(ids, "gateway-1", 10)).toEqual(subsetOf([...ids], "gateway-1", 10));
    expect(subsetOf(ids, "gateway-1", 10)).not.toEqual(subsetOf(ids, "gateway-2", 10));
  });

  it("chooses by name among those whose hash is the same", () => {
    // Found by trying: these two have one hash under the seed of this gateway.
    const [a, b] = ["i22385", "i87872"] as const;
    expect(murmur3(a, murmur3("gateway", 0))).toBe(murmur3(b, murmur3("gateway", 0)));
    expect(subsetOf([a, b], "gateway", 1)).toEqual([a]);
    expect(subsetOf([b, a], "gateway", 1)).toEqual([a]);
  });
});

describe("for every list of instances", () => {
  const ids = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 12 }), {
    minLength: 2,
    maxLength: 40,
  });

  it("the order of the list does not matter", () => {
    fc.assert(
      fc.property(ids, fc.string(), fc.nat(40), (list, client, size) => {
        const subset = subsetOf(list, client, size);
        expect(new Set(subsetOf(list.toSorted(), client, size))).toEqual(new Set(subset));
      }),
      { seed: 31 },
    );
  });

  it("one that goes takes itself out of the subsets that it is in, and changes no other", () => {
    fc.assert(
      fc.property(
        ids,
        fc.string(),
        fc.nat(),
        fc.integer({ min: 1, max: 40 }),
        (list, client, at, size) => {
          const gone = list[at % list.length] as string;
          const less = list.filter((id) => id !== gone);
          const before = subsetOf(list, client, size);
          const after = subsetOf(less, client, size);
          // What holds when it goes holds when it comes.
          expect(lossOf(before, after)).toBe(before.includes(gone) ? 1 : 0);
          expect(lossOf(after, before)).toBeLessThanOrEqual(before.includes(gone) ? 1 : 0);
        },
      ),
      { seed: 32, numRuns: 500 },
    );
  });
});

describe("over many gateways", () => {
  it.each([
    [300, 300, 90],
    [300, 300, 30],
    [500, 1_000, 50],
  ])(
    "the spread is that of chance: %i gateways, %i instances, a size of %i",
    (count, all, size) => {
      const ids = instances(all);
      const loads = loadsOf(
        ids,
        clients(count).map((client) => subsetOf(ids, client, size)),
      );
      const mean = (count * size) / all;
      const deviation = Math.sqrt(mean * (1 - size / all));
      const measured = Math.sqrt(meanOf(loads.map((load) => (load - mean) ** 2)));
      expect(meanOf(loads)).toBeCloseTo(mean);
      expect(measured / deviation).toBeGreaterThan(0.85);
      expect(measured / deviation).toBeLessThan(1.15);
      expect(Math.min(...loads)).toBeGreaterThan(mean - 4.5 * deviation);
      expect(Math.max(...loads)).toBeLessThan(mean + 4.5 * deviation);
    },
  );

  it("an instance that goes costs a fraction of what it does in the algorithm of the SRE book, which spreads exactly", () => {
    const ids = instances(300);
    const less = ids.toSpliced(17, 1);
    const names = clients(300);
    const exact = names.map((_, index) => sreSubsetOf(ids, index, 30));
    expect(new Set(loadsOf(ids, exact))).toEqual(new Set([30]));
    const exactLoss = meanOf(exact.map((subset, i) => lossOf(subset, sreSubsetOf(less, i, 30))));
    const loss = meanOf(
      names.map((name) => lossOf(subsetOf(ids, name, 30), subsetOf(less, name, 30))),
    );
    expect(exactLoss).toBeGreaterThan(20);
    expect(loss).toBeLessThan(0.15);
  });
});
