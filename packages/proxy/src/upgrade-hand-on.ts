import type { ForwardDecision } from "@signalbox/core";
import type { ExchangeHost, ExchangeRequest } from "./exchange-host.js";

/**
 * Notes an upgrade that a route leads to a function: the server that the proxy lives in makes of it what it will, so it
 * counts for nobody, and is over here.
 */
export function handOnUpgrade(
  host: Pick<ExchangeHost, "gateway" | "ended">,
  { view, startedAt, policies }: Pick<ExchangeRequest, "view" | "startedAt" | "policies">,
  decision: ForwardDecision,
): void {
  host.gateway.start(decision);
  host.gateway.report(decision, { kind: "cancelled", stage: "upgrade" });
  const durationMs = performance.now() - startedAt;
  const end = { view, decision, status: 0, isComplete: true, attempts: 1, failed: [], durationMs };
  host.ended({ end: () => end }, policies);
}
