import type { GatewayChange } from "../../change.js";
import type { GatewayConfig } from "../../config/config.js";
import type { RouteConfig } from "../../config/route-config.js";
import type { ServiceConfig } from "../../config/service-config.js";
import type { Gateway } from "../../gateway.js";
import type { SimulationResult } from "./results.js";
import type { Scenario } from "./scenario.js";
import { simulate } from "./simulate.js";

// What the tests of the simulator share: two instances, and little that happens by chance.

export const A = "http://a";
export const B = "http://b";
export const EVERY_100_MS = { perSecond: 10, arrivals: "even" } as const;

/** A and B in turn, without outlier detection and without retries, where nothing else is said. */
export function smallConfig(
  service: Partial<ServiceConfig> = {},
  route: Partial<RouteConfig> = {},
): GatewayConfig {
  return {
    services: { s: { instances: [A, B], balancer: "round-robin", outlier: false, ...service } },
    routes: [{ to: "s", retry: { attempts: 0 }, ...route }],
  };
}

/** Ten seconds of ten requests a second, each of which is worked on for 10 ms. */
export function runSmall(scenario: Partial<Scenario> = {}): SimulationResult {
  return simulate({
    config: smallConfig(),
    traffic: EVERY_100_MS,
    instances: { "*": { serviceMs: 10 } },
    durationMs: 10_000,
    ...scenario,
  });
}

/** Notes what a gateway tells from an action on. */
export function noting(): {
  readonly told: readonly string[];
  readonly action: { readonly atMs: number; run(gateway: Gateway): void };
} {
  const told: string[] = [];
  const note = ({ kind, instance }: GatewayChange): void =>
    void told.push(`${kind} ${instance?.id}`);
  return { told, action: { atMs: 0, run: (gateway) => void gateway.onChange(note) } };
}
