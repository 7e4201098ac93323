import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { merged, sharesOf, type SrvRecord } from "./srv-shares.js";

const record = (target: string, priority: number, weight: number, port = 80): SrvRecord => ({
  ...{ target, port, priority, weight },
});
const weights = (records: readonly SrvRecord[]) => sharesOf(records).map(({ weight }) => weight);

describe("records as shares", () => {
  it("have the priority as tier and their weight", () => {
    expect(sharesOf([record("A.test.", 10, 60, 8080), record("b.test", 20, 40)])).toEqual([
      { host: "a.test", port: 8080, tier: 10, weight: 60 },
      { host: "b.test", port: 80, tier: 20, weight: 40 },
    ]);
  });

  it("are alike where all weights of a priority are 0", () => {
    expect(weights([record("a", 1, 0), record("b", 1, 0), record("c", 2, 5)])).toEqual([1, 1, 5]);
  });

  it("without weight share what one number of RFC 2782's draw gives them", () => {
    expect(weights([record("a", 1, 9), record("b", 1, 0), record("c", 1, 0)])).toEqual([
      9, 0.5, 0.5,
    ]);
  });

  it("leave out the target that says there is no service", () => {
    expect(sharesOf([record(".", 0, 0), record("", 0, 0)])).toEqual([]);
  });

  it("have a weight above 0 for every set of records", () => {
    const records = fc.array(
      fc.record({
        target: fc.constantFrom("a", "b", "c"),
        port: fc.constantFrom(1, 2),
        priority: fc.nat(2),
        weight: fc.nat(3),
      }),
    );
    fc.assert(
      fc.property(records, (given) => {
        const shares = merged(sharesOf(given));
        expect(shares.every(({ weight }) => weight > 0 && Number.isFinite(weight))).toBe(true);
        const places = shares.map(({ host, port }) => `${host} ${port}`);
        expect(new Set(places).size).toBe(shares.length);
        expect(new Set(places)).toEqual(new Set(given.map((one) => `${one.target} ${one.port}`)));
      }),
      { seed: 2 },
    );
  });
});

describe("places that come more than once", () => {
  it("have their lowest tier, with the weights that they have there", () => {
    const share = (host: string, tier: number, weight: number, port = 80) => ({
      ...{ host, port, tier, weight },
    });
    const shares = [share("b", 2, 7), share("b", 1, 1), share("b", 1, 2), share("a", 1, 1)];
    expect(merged([...shares, share("b", 3, 9), share("a", 1, 4, 81)])).toEqual([
      ...[share("a", 1, 1), share("a", 1, 4, 81), share("b", 1, 3)],
    ]);
  });
});
