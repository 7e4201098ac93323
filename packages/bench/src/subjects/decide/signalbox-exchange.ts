import { createGateway, type Outcome } from "@signalbox/core";
import { gatewayConfig } from "./gateway-config.ts";
import type { DecideSubject } from "./subject.ts";

const answered: Outcome = { kind: "response", status: 200, totalMs: 5 };

/** All that a proxied request asks of core but the two heads: decide, start, report. */
export const signalboxExchange: DecideSubject = {
  name: "signalbox-exchange",
  does: "decide, start and report",
  compile(routes) {
    const gateway = createGateway(gatewayConfig(routes));
    return ({ view }) => {
      const decision = gateway.decide(view);
      if (decision.kind !== "forward") return undefined;
      gateway.start(decision);
      gateway.report(decision, answered);
      return decision.route;
    };
  },
};
