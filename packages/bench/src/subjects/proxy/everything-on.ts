import type { GatewayConfig, RouteConfig } from "@signalbox/core";
import type { ListenerOptions } from "@signalbox/http";
import type { Backend } from "../../backend.ts";
import { proxyRoutes } from "../../proxy-targets.ts";
import { gatewayRoutes, gatewayService } from "../../routes.ts";

/** Armed on every request and never reached: what they cost where nothing goes wrong. */
const ARMED: Pick<RouteConfig, "retry" | "timeouts"> = {
  retry: { attempts: 2, statuses: [502, 503, 504] },
  timeouts: { requestMs: 30_000, attemptMs: 10_000, idleMs: 60_000 },
};

/** Limits of the service on requests at a time: wide enough that nobody is refused. */
const LIMITS = { limits: { requests: 100_000, queue: 1_000 } };

/** Policies around every route, by name. */
const POLICIES: readonly string[] = ["noop"];

/** What the mount is told: the policies themselves, of which none does anything. */
export const everythingOptions: ListenerOptions = {
  policies: { noop: { onRequest() {}, onResponse() {}, onEnd() {} } },
};

/**
 * A gateway with everything that goes with forwarding: 200 routes with conditions, a split, balancing, health that
 * learns from each outcome, retries, every timeout, limits and policies.
 */
export function everythingOn(backend: Backend): GatewayConfig {
  return {
    services: { shop: { ...gatewayService(backend.urls), ...LIMITS } },
    routes: gatewayRoutes(proxyRoutes(), ["shop"]).map((route) => ({
      ...route,
      ...ARMED,
      policies: POLICIES,
    })),
  };
}
