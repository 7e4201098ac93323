import type { Plan, ServicePlan } from "./config/plan.js";
import type { PoolState, ServiceState } from "./state.js";

/** Everything that a decision reads beside the request: the plan, and the state of the services. */
export interface Runtime {
  readonly plan: Plan;
  readonly services: ReadonlyMap<string, ServiceState>;
  /** What the targets of the plan stand for, by their number. */
  readonly targets: readonly (Target | undefined)[];
}

/** What an instance is chosen from, and how. */
export interface Target {
  readonly pool: PoolState;
  readonly plan: ServicePlan;
}

/** Joins a plan with the state of its services. */
export function newRuntime(plan: Plan, services: ReadonlyMap<string, ServiceState>): Runtime {
  const targets = plan.targets.map(({ service, version }) =>
    targetOf(plan, services, service, version),
  );
  return { plan, services, targets };
}

/** What a version of a service stands for, or all of it (empty); undefined where there is none. */
export function targetOf(
  plan: Plan,
  services: ReadonlyMap<string, ServiceState>,
  service: string,
  version: string,
): Target | undefined {
  const pool = services.get(service)?.pools.get(version);
  const servicePlan = plan.services.get(service);
  return pool && servicePlan && { pool, plan: servicePlan };
}
