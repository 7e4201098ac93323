import { createGateway } from "@signalbox/core";
import { gatewayConfig } from "./gateway-config.ts";
import type { DecideSubject } from "./subject.ts";

/** The same decision with its reasons. */
export const signalboxExplain: DecideSubject = {
  name: "signalbox-explain",
  does: "explain: the decision with routes, shares, instances and heads",
  compile(routes) {
    const gateway = createGateway(gatewayConfig(routes));
    return ({ view }) => {
      const { decision } = gateway.explain(view);
      return decision.kind === "forward" ? decision.route : undefined;
    };
  },
};
