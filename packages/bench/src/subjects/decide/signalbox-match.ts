import { compileRoutes, matchRoute } from "@signalbox/core";
import { gatewayConfig } from "./gateway-config.ts";
import type { DecideSubject } from "./subject.ts";

/** The matcher alone: route and conditions, with path parameters. */
export const signalboxMatch: DecideSubject = {
  name: "signalbox-match",
  does: "matchRoute: match with conditions, parameters",
  compile(routes) {
    const table = compileRoutes(gatewayConfig(routes).routes);
    return ({ view }) => {
      const match = matchRoute(table, view);
      return match.kind === "match" ? match.route : undefined;
    };
  },
};
