import type { Balancer } from "./balancer.js";
import { prepareShares, shareIndex, type Shares } from "./shares.js";

/**
 * The less loaded of two candidates drawn at random; a tie goes to the first drawn. With unequal weights
 * both are drawn by weight, and load means requests under way for each unit of weight.
 *
 * Sources: M. Mitzenmacher, "The power of two choices in randomized load balancing", 2001; Envoy, weighted
 * least request.
 */
export const leastRequest: Balancer = {
  name: "least-request",
  usesTime: false,
  prepare: prepareShares,
  pick: ({ candidates, draw, prepared }) => {
    const count = candidates.length;
    const shares = (prepared as Shares | undefined) ?? prepareShares(candidates);
    const a = shareIndex(shares, count, draw());
    const b = shareIndex(shares, count, draw());
    const first = candidates[a] as (typeof candidates)[number];
    const second = candidates[b] as (typeof candidates)[number];
    return second.inFlight * first.weight < first.inFlight * second.weight ? b : a;
  },
};
