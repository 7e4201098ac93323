import type { Balancer } from "./balancer.js";
import { prepareShares, shareIndex, type Shares } from "./shares.js";

/**
 * A candidate drawn by weight. Needs no state and spreads evenly over time, not at once.
 *
 * Sources: Envoy, random; L. Devroye, "Non-uniform random variate generation", 1986, section III.2, for weights.
 */
export const random: Balancer = {
  name: "random",
  usesTime: false,
  prepare: prepareShares,
  pick: ({ candidates, draw, prepared }) =>
    shareIndex(
      (prepared as Shares | undefined) ?? prepareShares(candidates),
      candidates.length,
      draw(),
    ),
};
