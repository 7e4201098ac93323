import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createGateway } from "../gateway.js";
import { request } from "../testing/request.js";
import { testEnv } from "../testing/env.js";
import { pickVersion } from "./pick-version.js";
import { stickyPoint } from "./sticky-point.js";

const grid = (count: number) => Array.from({ length: count }, (_, i) => i / count);
type Weights = { readonly [version: string]: number };

describe("two versions", () => {
  it("own one range each, the first the lower", () => {
    expect(pickVersion({ v1: 90, v2: 10 }, 0)).toBe("v1");
    expect(pickVersion({ v1: 90, v2: 10 }, 0.8999)).toBe("v1");
    expect(pickVersion({ v1: 90, v2: 10 }, 0.9)).toBe("v2");
    expect(pickVersion({ v1: 90, v2: 10 }, 0.9999)).toBe("v2");
  });

  it("give v2 five requests in a hundred", () => {
    expect(
      grid(100).filter((point) => pickVersion({ v1: 95, v2: 5 }, point) === "v2"),
    ).toHaveLength(5);
  });

  it("share every even grid exactly by their weights", () => {
    fc.assert(
      fc.property(fc.nat(200), fc.nat(200), (v1, v2) => {
        fc.pre(v1 + v2 > 0);
        const second = grid(v1 + v2).filter((point) => pickVersion({ v1, v2 }, point) === "v2");
        expect(second).toHaveLength(v2);
      }),
    );
  });

  it("take weights as shares, not as percentages", () => {
    for (const point of grid(60))
      expect(pickVersion({ v1: 1, v2: 2 }, point)).toBe(pickVersion({ v1: 0.5, v2: 1 }, point));
  });
});

it("gives nothing to a version of no weight", () => {
  for (const point of grid(1_000)) {
    expect(pickVersion({ v1: 0, v2: 1 }, point)).toBe("v2");
    expect(pickVersion({ v1: 1, v2: 0 }, point)).toBe("v1");
    expect(pickVersion({ v1: 0, v2: 0, v3: 1, v4: 0 }, point)).toBe("v3");
    expect(pickVersion({ v1: 1, v2: 0, v3: 1 }, point)).not.toBe("v2");
  }
});

it("picks nothing where nothing has a weight", () => {
  expect(pickVersion({}, 0.5)).toBeUndefined();
  expect(pickVersion({ v1: 0 }, 0)).toBeUndefined();
  expect(pickVersion({ v1: 0, v2: 0, v3: 0 }, 0.5)).toBeUndefined();
});

it("gives a single version everything", () => {
  for (const point of grid(10)) expect(pickVersion({ v1: 0.001 }, point)).toBe("v1");
});

it.each<Weights>([
  { v1: 80, v2: 15, v3: 5 },
  { v1: 1, v2: 1, v3: 1 },
  { v1: 0, v2: 50, v3: 50 },
  { v1: 70, v2: 0, v3: 10, v4: 20 },
  { v1: 5, v2: 5, v3: 10, v4: 30, v5: 50 },
])("keeps the shares of %j within two percent over ten thousand points", (weights) => {
  const sum = Object.values(weights).reduce((total, weight) => total + weight, 0);
  const picked = grid(10_000).map((point) => pickVersion(weights, point));
  for (const [version, weight] of Object.entries(weights)) {
    const share = picked.filter((each) => each === version).length / picked.length;
    expect(Math.abs(share - weight / sum)).toBeLessThan(0.02);
  }
});

it("moves points only onto the version whose weight is raised, and lowering it restores them", () => {
  const weight = fc.oneof(
    fc.constant(0),
    fc.nat(100),
    fc.double({ min: 0.001, max: 10, noNaN: true }),
  );
  const points = grid(60);
  fc.assert(
    fc.property(
      fc.array(weight, { minLength: 2, maxLength: 6 }),
      fc.nat(5),
      fc.double({ min: 0.01, max: 100, noNaN: true }),
      (list, chosen, more) => {
        const weights = Object.fromEntries(list.map((each, index) => [`v${index}`, each]));
        const raised = `v${chosen % list.length}`;
        const higher = { ...weights, [raised]: (weights[raised] as number) + more };
        const before = points.map((point) => pickVersion(weights, point));
        for (const [index, version] of points.map((point) => pickVersion(higher, point)).entries())
          expect([before[index], raised]).toContain(version);
        const lowered = { ...higher, [raised]: weights[raised] as number };
        expect(points.map((point) => pickVersion(lowered, point))).toEqual(before);
      },
    ),
    { numRuns: 100 },
  );
});

describe("a split of a route", () => {
  const gatewayOf = (split: Weights, draws: readonly number[], sticky = {}) =>
    createGateway(
      {
        services: {
          shop: {
            instances: Object.keys(split).map((version) => ({ url: `http://${version}`, version })),
          },
        },
        routes: [{ to: { service: "shop", split, ...sticky } }],
      },
      { env: testEnv({ draws: { split: draws } }) },
    );
  const versions = (split: Weights, points: readonly number[]) => {
    const gateway = gatewayOf(split, points);
    return points.map(() => (gateway.decide(request("GET /")) as { version?: string }).version);
  };

  it("shares an even grid of draws exactly, whatever the number of versions", () => {
    const picked = versions({ v1: 80, v2: 15, v3: 5 }, grid(100));
    const count = (version: string) => picked.filter((each) => each === version).length;
    expect([count("v1"), count("v2"), count("v3")]).toEqual([80, 15, 5]);
  });

  it("gives nothing to a version of no weight, wherever it stands", () => {
    const points = [...grid(50), 0.999999999999];
    for (const split of [
      { a: 0, v: 1, b: 0 },
      { v: 1, b: 0, c: 0 },
      { a: 0, b: 0, v: 1 },
    ] as Weights[])
      expect(new Set(versions(split, points))).toEqual(new Set(["v"]));
  });

  it("is a 500 where nothing has a weight", () => {
    for (const split of [{ v1: 0, v2: 0 }, { v1: 0 }] as Weights[])
      expect(gatewayOf(split, [0.5]).decide(request("GET /"))).toMatchObject({
        kind: "reject",
        status: 500,
        reason: "no-backend",
      });
  });

  it("is read at the point that pickVersion reads, when it is sticky", () => {
    const split = { v1: 50, v2: 30, v3: 20 };
    const gateway = gatewayOf(split, [], { sticky: { cookie: "uid" } });
    for (let user = 0; user < 200; user++) {
      const view = request("GET /", { headers: { cookie: `uid=${user}` } });
      const point = stickyPoint(String(user), "shop");
      expect(gateway.decide(view)).toMatchObject({ point, version: pickVersion(split, point) });
    }
  });
});
