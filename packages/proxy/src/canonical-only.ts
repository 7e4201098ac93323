import { isCanonicalTarget, type Decision, type Gateway, type PathOptions } from "@signalbox/core";
import type { HandleOptions } from "./proxy-options.js";
import { badRequest } from "./refusals.js";
import { targetOf, type ServerRequest } from "./view.js";

/** What an adapter is told whose host matches paths itself. */
export interface HostPathOptions {
  /**
   * What becomes of a request that a route takes, and whose path came in another form than the canonical one that routes
   * see: `/%61dmin`, `//admin`, `/a/../admin` for `/admin`. The host matches the path as it came, so what it guards below
   * `/admin` has not seen such a request. `"refuse"` answers 400; `"forward"` is for hosts that guard nothing by path.
   * Default: `"refuse"`.
   */
  readonly otherPaths?: "refuse" | "forward";
}

const KEEPS_RUNS: PathOptions = { mergeSlashes: false };

/**
 * The decision for a request whose host has looked at its path before, as it came: a refusal where routes see another one,
 * because the host may then have missed what it guards.
 */
export function canonicalOnly(
  gateway: Gateway,
  req: ServerRequest,
  options: HandleOptions,
  decision: Decision,
): Decision {
  if (options.canonicalPathsOnly !== true || decision.kind === "none") return decision;
  if (decision.kind === "reject" && decision.reason === "bad-request") return decision;
  // As the host saw it: bytes that are no ASCII are not escaped yet.
  const target = targetOf(req, options);
  if (isCanonicalTarget(target)) return decision;
  if (isCanonicalTarget(target, KEEPS_RUNS) && keepsRuns(gateway)) return decision;
  return badRequest(
    "the path is not in its canonical form, so what the application guards by path may have missed it; " +
      'otherPaths: "forward" lets it through',
  );
}

// Only the gateway knows, and an update may change it: paths with runs are rare enough to ask each time.
function keepsRuns(gateway: Gateway): boolean {
  try {
    return gateway.explain({ method: "GET", url: "//" }).request.path === "//";
  } catch {
    return false;
  }
}
