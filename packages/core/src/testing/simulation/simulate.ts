import type { SimulationResult } from "./results.js";
import type { Scenario } from "./scenario.js";
import { SimulatedWorld } from "./simulated-world.js";

/**
 * Runs a whole outage on a virtual clock: real decisions, health, retries and hedges of a gateway, over instances and
 * traffic that are scripted. A minute of thousands of requests a second takes a second or two.
 *
 * @returns the same for the same scenario, to the last digit
 * @throws GatewayConfigError when the configuration does not pass its check
 * @throws RangeError when something else of the scenario is not as it should be
 *
 * @example
 * const { successRatio, latency } = simulate({
 *   config: { services: { s: { instances: ["http://a", "http://b"] } }, routes: [{ to: "s" }] },
 *   traffic: { perSecond: 200 },
 *   instances: { "*": { serviceMs: { kind: "exponential", mean: 20 } } },
 *   faults: [{ instance: "http://a", kind: "down", fromMs: 10_000, toMs: 40_000 }],
 *   durationMs: 60_000,
 * });
 */
export function simulate(scenario: Scenario): SimulationResult {
  return new SimulatedWorld(scenario).run();
}
