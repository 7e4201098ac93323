import type { Balancer } from "./balancer.js";

/**
 * Always the first candidate in the order of the list: a primary with stand-bys. Traffic moves to the next one only while
 * those before it are not eligible, and back when they return. Weights and load do not matter.
 *
 * Sources: YARP, `FirstAlphabetical`; gRPC, `pick_first`.
 */
export const firstEligible: Balancer = {
  name: "first-eligible",
  usesTime: false,
  pick: () => 0,
};
