import type { Plan, ServicePlan } from "./config/plan.js";
import { newRetryBudget } from "./health/retry-budget.js";
import { nameOf, refreshPools, type GatewayChange } from "./settle.js";
import type {
  InstanceReference,
  InstanceState,
  PoolState,
  ServiceLoad,
  ServiceState,
} from "./state.js";

/** The state of services nothing has happened to yet. */
export function freshServices(plan: Plan, now: number): Map<string, ServiceState> {
  return carryOver({ plan, services: new Map() }, plan, now, []);
}

/** A plan and the state of its services. */
export interface Before {
  readonly plan: Plan;
  readonly services: ReadonlyMap<string, ServiceState>;
}

/** The state of the services of a plan, taken from the state before it where service name and instance id stay. */
export function carryOver(
  { plan: planBefore, services: before }: Before,
  plan: Plan,
  now: number,
  changes: GatewayChange[],
): Map<string, ServiceState> {
  const services = new Map<string, ServiceState>();
  for (const [name, servicePlan] of plan.services) {
    const isReached = isReachedAsBefore(planBefore.services.get(name), servicePlan);
    services.set(name, carryService(before.get(name), servicePlan, isReached, now, changes));
  }
  for (const [name, service] of before) {
    for (const instance of service.instances.values()) {
      if (services.get(name)?.instances.get(instance.id) === instance) continue;
      instance.hasLeft = true;
      changes.push({ kind: "left", ...nameOf(instance) });
      if (instance.inFlight === 0) changes.push({ kind: "drained", ...nameOf(instance) });
    }
  }
  return services;
}

/** Decisions and pools know an instance by its reference, which a restore does not change. */
export function keepReferences(
  before: ReadonlyMap<string, ServiceState>,
  services: ReadonlyMap<string, ServiceState>,
): void {
  for (const [name, service] of services) {
    for (const instance of service.instances.values()) {
      const known = before.get(name)?.instances.get(instance.id);
      if (known?.url === instance.url && known.socketPath === instance.socketPath)
        instance.reference = known.reference;
    }
  }
}

function carryService(
  before: ServiceState | undefined,
  plan: ServicePlan,
  isReached: boolean,
  now: number,
  changes: GatewayChange[],
): ServiceState {
  const instances = new Map<string, InstanceState>();
  const load = before?.load ?? { inFlight: 0 };
  for (const instancePlan of plan.instances) {
    const known = before?.instances.get(instancePlan.id);
    const instance = known ?? newInstance(plan.name, instancePlan, load);
    if (known !== undefined) describeAgain(known, instancePlan, isReached, changes);
    instances.set(instance.id, instance);
    if (known === undefined) changes.push({ kind: "joined", ...nameOf(instance) });
  }
  const members = new Map<string, InstanceState[]>([["", [...instances.values()]]]);
  for (const instance of instances.values()) {
    if (instance.version === "") continue;
    const group = members.get(instance.version);
    if (group === undefined) members.set(instance.version, [instance]);
    else group.push(instance);
  }
  const pools = new Map<string, PoolState>();
  const service: ServiceState = {
    name: plan.name,
    instances,
    pools,
    retryBudget: before?.retryBudget ?? newRetryBudget(),
    load,
  };
  for (const [version, group] of members) {
    const cursor = before?.pools.get(version)?.cursor ?? 0;
    pools.set(version, {
      service,
      members: group,
      candidates: group,
      prepared: undefined,
      staleAt: Number.POSITIVE_INFINITY,
      cursor,
    });
  }
  refreshPools(service, plan, now, (change) => void changes.push(change));
  return service;
}

type InstancePlan = ServicePlan["instances"][number];

// Whether connections that were made before are made so still.
function isReachedAsBefore(before: ServicePlan | undefined, plan: ServicePlan): boolean {
  return before === undefined || JSON.stringify(before.connect) === JSON.stringify(plan.connect);
}

// What an update may change of an instance that stays. Another URL, or another way to connect, is another place under
// the same name: the state stays, and the place is told to have left.
function describeAgain(
  instance: InstanceState,
  plan: InstancePlan,
  isReached: boolean,
  changes: GatewayChange[],
): void {
  const before = nameOf(instance);
  const { url, socketPath, version, basePath, weight, zone } = plan;
  Object.assign(instance, { version, basePath, weight, zone });
  if (isReached && url === instance.url && socketPath === instance.socketPath) return;
  Object.assign(instance, { url, socketPath, reference: referenceTo(plan) });
  changes.push({ kind: "left", ...before }, { kind: "drained", ...before });
  changes.push({ kind: "joined", ...nameOf(instance) });
}

function referenceTo({ id, url, socketPath }: InstancePlan): InstanceReference {
  return Object.freeze(socketPath === undefined ? { id, url } : { id, url, socketPath });
}

function newInstance(service: string, plan: InstancePlan, load: ServiceLoad): InstanceState {
  return {
    service,
    ...plan,
    load,
    reference: referenceTo(plan),
    inFlight: 0,
    consecutiveFailures: 0,
    ejectedUntil: 0,
    ejectionFactor: 0,
    isEjected: false,
    hasLeft: false,
  };
}
