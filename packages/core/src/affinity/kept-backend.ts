import type { SplitPlan } from "../config/plan.js";
import type { InstanceState } from "../state.js";

/**
 * The backend of a split that a pin keeps: the first that has a weight and leads to the service and version of the pinned
 * instance, however that instance is. -1 when there is none, and for a sticky split, which beats every pin: then the
 * split is read as for anybody.
 */
export function keptBackend(
  { backends, weights, sticky }: Pick<SplitPlan, "backends" | "weights" | "sticky">,
  { service, version }: Pick<InstanceState, "service" | "version">,
): number {
  if (sticky !== undefined) return -1;
  for (let i = 0; i < backends.length; i++) {
    const backend = backends[i];
    if (backend === undefined || (weights[i] as number) <= 0) continue;
    if (backend.service !== service || backend.redirect !== undefined) continue;
    if (backend.version === "" || backend.version === version) return i;
  }
  return -1;
}
