import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Balancer } from "./balancer.js";
import { consistentHash } from "./consistent-hash.js";
import { instances, placed } from "./key-figures.js";
import { maglev } from "./maglev.js";
import { rendezvous } from "./rendezvous.js";

const KEYS = 4_000;

/** Standard deviation of the share of one of `count` that chance leaves with so many keys. */
const chance = (count: number) => Math.sqrt(((1 / count) * (1 - 1 / count)) / KEYS);

describe.each<[Balancer, spread: number, others: number]>([
  // A ring shares out to 1 / sqrt(points); a table moves less than a hundredth of what it need not.
  [consistentHash, 1 / Math.sqrt(512), 0],
  [maglev, 0.01, 0.01],
  [rendezvous, 0, 0],
])("$name", (balancer, spread, most) => {
  const world = fc.record({
    count: fc.integer({ min: 2, max: 24 }),
    leaver: fc.nat(23),
    turn: fc.nat(23),
  });

  it("moves the share of the one that leaves, and next to nothing else, for every number of them", () => {
    fc.assert(
      fc.property(world, ({ count, leaver }) => {
        const all = instances(count);
        const gone = all[leaver % count]?.id;
        const before = placed(balancer, all, KEYS);
        const after = placed(
          balancer,
          all.filter(({ id }) => id !== gone),
          KEYS,
        );
        const own = before.filter((id) => id === gone).length / KEYS;
        const others = before.filter((id, key) => id !== gone && after[key] !== id).length / KEYS;
        expect(Math.abs(own - 1 / count)).toBeLessThan(4.5 * (chance(count) + spread / count));
        expect(others).toBeLessThanOrEqual(most);
      }),
      { numRuns: 40, seed: 7 },
    );
  });

  it("moves nothing when nobody comes or goes, whatever the order of the list", () => {
    fc.assert(
      fc.property(world, ({ count, turn }) => {
        const all = instances(count);
        const turned = [...all.slice(turn % count), ...all.slice(0, turn % count)];
        expect(placed(balancer, turned, 500)).toEqual(placed(balancer, all, 500));
      }),
      { numRuns: 20, seed: 7 },
    );
  });
});
