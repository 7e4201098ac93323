import type { Balancer } from "../balance/balancer.js";
import { consistentHashWith } from "../balance/consistent-hash.js";
import { firstEligible } from "../balance/first-eligible.js";
import { leastRequest, leastRequestWith } from "../balance/least-request.js";
import { maglevWith } from "../balance/maglev.js";
import { peakEwmaWith } from "../balance/peak-ewma.js";
import { random } from "../balance/random.js";
import { rendezvousWith } from "../balance/rendezvous.js";
import { roundRobin } from "../balance/round-robin.js";
import type { BalancerConfig, BalancerOptions, KeyConfig } from "./balancer-config.js";

/** The balancer of a service, and what it knows requests by. */
export interface BalancerPlan {
  readonly balancer: Balancer;
  /** In this order; the first that a request has counts. */
  readonly keys: readonly KeyConfig[];
}

const BY_ADDRESS: readonly KeyConfig[] = Object.freeze(["clientAddress"]);

/** Compiles a balancer that was checked. */
export function compileBalancer(config: BalancerConfig = leastRequest): BalancerPlan {
  if (typeof config === "string") return byName({ name: config });
  return "pick" in config ? { balancer: config, keys: BY_ADDRESS } : byName(config);
}

function byName(options: BalancerOptions): BalancerPlan {
  const key = "key" in options ? options.key : undefined;
  const keys = key === undefined ? BY_ADDRESS : Object.freeze([key].flat());
  return { balancer: balancerOf(options), keys };
}

// Two draws are what everybody knows by the name: then nothing is scanned unless that is asked for.
function leastRequestOf({
  draws = 2,
  fullScanUpTo = draws === 2 ? 0 : 3 * draws,
}: Extract<BalancerOptions, { readonly name: "least-request" }>): Balancer {
  return leastRequestWith({ draws, fullScanUpTo });
}

function balancerOf(options: BalancerOptions): Balancer {
  switch (options.name) {
    case "least-request":
      return leastRequestOf(options);
    case "round-robin":
      return roundRobin;
    case "random":
      return random;
    case "peak-ewma":
      return peakEwmaWith(options);
    case "consistent-hash":
      return consistentHashWith(options);
    case "maglev":
      return maglevWith(options);
    case "rendezvous":
      return rendezvousWith(options);
    case "first-eligible":
      return firstEligible;
  }
}
