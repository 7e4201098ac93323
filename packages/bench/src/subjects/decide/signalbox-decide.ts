import { createGateway } from "@signalbox/core";
import { gatewayConfig } from "./gateway-config.ts";
import type { DecideSubject } from "./subject.ts";

/** The whole decision: route, conditions, split, health, balancing. */
export const signalboxDecide: DecideSubject = {
  name: "signalbox",
  does: "decide: match with conditions, split, balance",
  compile(routes) {
    const gateway = createGateway(gatewayConfig(routes));
    return ({ view }) => {
      const decision = gateway.decide(view);
      return decision.kind === "forward" ? decision.route : undefined;
    };
  },
};
