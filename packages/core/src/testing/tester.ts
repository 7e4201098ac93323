import type { ConfigInput } from "../config/config.js";
import type { Explanation } from "../explanation.js";
import { createGateway, type Gateway, type GatewayOptions } from "../gateway.js";
import type { RequestView } from "../request.js";
import { CoverageRecorder, type RouteCoverage } from "./coverage.js";
import { testEnv } from "./env.js";
import { request, type RequestParts } from "./request.js";

/** Asks a gateway where requests go, and notes what of its route table they meet. */
export interface RouteTester {
  /** The gateway that is asked; for starting, reporting and restoring. */
  readonly gateway: Gateway;
  /** Why a request is decided as it is. Takes what `request` takes. */
  ask(line: string, parts?: RequestParts): Explanation;
  /** Why a request view is decided as it is. */
  ask(view: RequestView): Explanation;
  /** Which routes, shares and sides of conditions the requests so far have met. */
  coverage(): RouteCoverage;
}

/**
 * A tester over a gateway of its own.
 *
 * @param options.env Default: `testEnv()`
 * @throws GatewayConfigError when the configuration does not pass its check
 *
 * @example
 * const routes = routeTester(config);
 * expect(routes.ask("GET /users/7")).toReach("users");
 * formatCoverage(routes.coverage());
 */
export function routeTester(config: ConfigInput, options: GatewayOptions = {}): RouteTester {
  const gateway = createGateway(config, { env: testEnv(), ...options });
  const recorder = new CoverageRecorder(config);
  return {
    gateway,
    ask: (line: string | RequestView, parts?: RequestParts) => {
      const view = typeof line === "string" ? request(line, parts) : line;
      const explanation = gateway.explain(view, { everyRoute: true });
      recorder.add(explanation);
      return explanation;
    },
    coverage: () => recorder.coverage(),
  };
}
