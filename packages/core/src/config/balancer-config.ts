import type { Balancer } from "../balance/balancer.js";
import type { StickyConfig } from "./route-config.js";

/** What a request is known by: what splits can stick to, or a parameter of the path of its route. */
export type KeyConfig = StickyConfig | { readonly param: string };

/** Balancers by their names. */
export type BalancerName =
  | "least-request"
  | "round-robin"
  | "random"
  | "peak-ewma"
  | "consistent-hash"
  | "maglev"
  | "rendezvous"
  | "first-eligible";

/** What the balancers that hash share. */
interface HashingOptions {
  /**
   * What is hashed; of a list the first that a request has. A request that has none goes anywhere.
   * Default: `"clientAddress"`.
   */
  readonly key?: KeyConfig | readonly KeyConfig[];
  /**
   * Most requests under way at an instance, as a multiple of its fair share; the next one in the order of the key takes
   * what is above it. From 1 on; 1.25 is usual. Default: no bound.
   */
  readonly boundedLoad?: number;
}

/** A balancer with options of its own. */
export type BalancerOptions =
  | { readonly name: "round-robin" | "random" | "first-eligible" }
  | {
      readonly name: "least-request";
      /** Candidates that are compared. Default: 2. */
      readonly draws?: number;
      /** Up to so many candidates all are compared: it costs no more than drawing. Default: 0 with 2 draws, else 3 times as many. */
      readonly fullScanUpTo?: number;
    }
  | {
      readonly name: "peak-ewma";
      /** Candidates that are compared. Default: 2. */
      readonly draws?: number;
      /** In which time a latency that was seen loses two thirds of its weight. Unit: milliseconds. Default: 10 000. */
      readonly decayMs?: number;
    }
  | (HashingOptions & {
      readonly name: "consistent-hash";
      /** Points of the smallest ring. Default: 1 024. */
      readonly minimumRingSize?: number;
      /** Points of the largest ring. Default: 524 288. */
      readonly maximumRingSize?: number;
    })
  | (HashingOptions & {
      readonly name: "maglev";
      /** Slots of the table, a prime number. Default: 65 537. */
      readonly tableSize?: number;
    })
  | (HashingOptions & { readonly name: "rendezvous" });

/** A balancer by its name, with options, or one of your own. */
export type BalancerConfig = BalancerName | BalancerOptions | Balancer;
