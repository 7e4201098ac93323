import type { GatewayConfig } from "@signalbox/core";
import { gatewayRoutes, gatewayService, type SampleRoute } from "../../routes.ts";

const SERVICES = 16;
const INSTANCES = 6;

/** A gateway with these routes, 16 services, two versions of each and three instances of each version. */
export function gatewayConfig(routes: readonly SampleRoute[]): GatewayConfig {
  const services = Object.fromEntries(
    Array.from({ length: SERVICES }, (_, service) => [
      `service-${service}`,
      gatewayService(
        Array.from({ length: INSTANCES }, (_, i) => `http://10.0.${service}.${i + 1}:8080`),
      ),
    ]),
  );
  return { services, routes: gatewayRoutes(routes, Object.keys(services)) };
}
