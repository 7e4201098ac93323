import { describe, expect, it } from "vitest";
import { listed } from "../testing/env.js";
import { balancerCases } from "./balancer-cases.js";
import { firstEligible } from "./first-eligible.js";

describe.each(balancerCases(firstEligible, { spreads: false }))("$name", ({ run }) =>
  it("holds", run),
);

it("takes the first of the list, whatever its weight, its load and the requests before", () => {
  const candidates = [
    { id: "primary", weight: 1, inFlight: 99 },
    { id: "stand-by", weight: 9, inFlight: 0 },
  ];
  const draw = listed(0.9);
  expect(firstEligible.pick({ candidates, draw, now: 1_000, cursor: 1 })).toBe(0);
});
