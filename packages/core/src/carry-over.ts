import { removePin } from "./affinity/pin-table.js";
import type { PlainChange } from "./change.js";
import type { InstancePlan, Plan, ServicePlan } from "./config/plan.js";
import {
  addMember,
  adoptProbe,
  describe,
  newInstance,
  newService,
  referenceTo,
} from "./members.js";
import { freshen } from "./pool-levels.js";
import { leave, momentOf, nameOf } from "./due.js";
import type { InstanceState, ServiceState } from "./state.js";

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
  changes: PlainChange[],
): Map<string, ServiceState> {
  const services = new Map<string, ServiceState>();
  const versions = versionsOf(plan);
  const isFirst = before.size === 0;
  for (const [name, servicePlan] of plan.services) {
    const service = newService(servicePlan, versions.get(name) ?? [], before.get(name), now);
    const known = { plan: planBefore.services.get(name), service: before.get(name) };
    fill(service, servicePlan, known, isFirst ? 0 : momentOf(now), changes);
    services.set(name, service);
    for (const pool of service.pools.values()) freshen(pool, servicePlan, now);
  }
  for (const [name, service] of before) {
    for (const instance of service.instances.values()) {
      if (services.get(name)?.instances.get(instance.id) === instance) continue;
      const { pins } = services.get(name) ?? {};
      if (pins !== undefined) removePin(pins, instance);
      leave(instance, now, (change) => void changes.push(change));
    }
  }
  return services;
}

/** The state of the services anew, with the instances that they have: decisions and pools know them by their references. */
export function renew(
  plan: Plan,
  before: ReadonlyMap<string, ServiceState>,
  now: number,
): Map<string, ServiceState> {
  const services = new Map<string, ServiceState>();
  const versions = versionsOf(plan);
  for (const [name, { instances, pools, sessions }] of before) {
    const servicePlan = plan.services.get(name) as ServicePlan;
    const names = new Set([...(versions.get(name) ?? []), ...pools.keys()]);
    // No snapshot has the keys of clients in it, so their sessions stay as they are.
    const service = newService(servicePlan, names, { sessions }, now);
    for (const known of instances.values()) {
      const instance = newInstance(
        name,
        { ...known, weight: known.fullWeight },
        service.load,
        0,
        servicePlan.probe !== undefined,
      );
      instance.reference = known.reference;
      addMember(service, instance);
    }
    services.set(name, service);
  }
  return services;
}

// Routes may name versions that have no instance yet.
function versionsOf({ targets }: Plan): Map<string, string[]> {
  const versions = new Map<string, string[]>();
  for (const { service, version } of targets) {
    if (version === "") continue;
    const known = versions.get(service);
    if (known === undefined) versions.set(service, [version]);
    else known.push(version);
  }
  return versions;
}

interface KnownService {
  readonly plan: ServicePlan | undefined;
  readonly service: ServiceState | undefined;
}

function fill(
  service: ServiceState,
  plan: ServicePlan,
  before: KnownService,
  joinedAt: number,
  changes: PlainChange[],
): void {
  const isReached = isReachedAsBefore(before.plan, plan);
  const isProbed = plan.probe !== undefined;
  if (before.service !== undefined && isListedAsBefore(before.plan, plan)) {
    for (const instance of before.service.instances.values()) {
      if (!isReached) moveTo(instance, referenceTo(instance), changes);
      adoptProbe(instance, isProbed);
      addMember(service, instance);
    }
    return;
  }
  for (const instancePlan of plan.instances) {
    const known = before.service?.instances.get(instancePlan.id);
    const instance =
      known ?? newInstance(plan.name, instancePlan, service.load, joinedAt, isProbed);
    if (known !== undefined) {
      describeAgain(known, instancePlan, isReached, changes);
      adoptProbe(known, isProbed);
    }
    addMember(service, instance);
    if (known === undefined) changes.push({ kind: "joined", ...nameOf(instance) });
  }
}

// Whether connections that were made before are made so still.
function isReachedAsBefore(before: ServicePlan | undefined, plan: ServicePlan): boolean {
  return before === undefined || JSON.stringify(before.connect) === JSON.stringify(plan.connect);
}

// Instances that came and went at run time stay where the configuration says nothing new of the service's instances.
function isListedAsBefore(before: ServicePlan | undefined, plan: ServicePlan): boolean {
  if (JSON.stringify(before?.instances) !== JSON.stringify(plan.instances)) return false;
  return plan.instances.every(
    ({ handler }, index) => handler === before?.instances[index]?.handler,
  );
}

// What an update may change of an instance that stays. Another URL, or another way to connect, is another place under
// the same name: the state stays, and the place is told to have left.
function describeAgain(
  instance: InstanceState,
  plan: InstancePlan,
  isReached: boolean,
  changes: PlainChange[],
): void {
  const before = nameOf(instance);
  instance.version = plan.version;
  if (describe(instance, plan)) changes.push(...movedFrom(before, instance));
  else if (!isReached) moveTo(instance, referenceTo(plan), changes);
}

function moveTo(
  instance: InstanceState,
  reference: InstanceState["reference"],
  changes: PlainChange[],
): void {
  const before = nameOf(instance);
  instance.reference = reference;
  changes.push(...movedFrom(before, instance));
}

/** What is told of an instance that is another place now. */
export function movedFrom(
  before: ReturnType<typeof nameOf>,
  instance: InstanceState,
): PlainChange[] {
  return [
    { kind: "left", ...before },
    { kind: "drained", ...before },
    { kind: "joined", ...nameOf(instance) },
  ];
}
