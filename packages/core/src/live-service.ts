import type { Announce, GatewayChange, PlainChange } from "./change.js";
import { assertAlike } from "./config/check-handlers.js";
import { compileInstances } from "./config/compile-instances.js";
import { isHandlerInstance, withHandlerIds } from "./config/handler-instance.js";
import type { InstancePlan, ServicePlan } from "./config/plan.js";
import type { InstanceConfig } from "./config/service-config.js";
import { isEligible } from "./health/eligible.js";
import { countProbe, isProbedWell, type ProbeRule } from "./health/probe.js";
import { movedFrom } from "./carry-over.js";
import { DescribedInstances, differs } from "./described-instances.js";
import { returnEarly } from "./ejections.js";
import {
  addMember,
  adoptProbe,
  changeVersions,
  describe,
  isInOrder,
  newInstance,
  orderMembers,
  removeMembers,
} from "./members.js";
import { makeStale } from "./pool-levels.js";
import { leave, momentOf, nameOf, PendingDrains, tellDrained, tellReturned } from "./due.js";
import type { InstanceReference, InstanceState, ServiceState } from "./state.js";
import type {
  DrainOptions,
  InstanceDifference,
  InstanceStatus,
  ServiceControl,
} from "./service-control.js";

/** What a control needs of its gateway. */
export interface ControlHost {
  readonly announce: Announce;
  stateOf(service: string): ServiceState | undefined;
  planOf(service: string): ServicePlan | undefined;
  now(): number;
  onChange(listener: (change: GatewayChange) => void): () => void;
}

/** When something is done, and who is told. */
interface Telling {
  readonly now: number;
  readonly announce: Announce;
}

/** The one implementation. It looks its service up anew each time: an update makes another one. */
export class LiveService implements ServiceControl {
  readonly name: string;
  readonly #host: ControlHost;
  readonly #described = new DescribedInstances();
  readonly #drains: PendingDrains;

  constructor(name: string, host: ControlHost) {
    this.name = name;
    this.#host = host;
    this.#drains = new PendingDrains(name, (listener) => host.onChange(listener));
  }

  get #state(): ServiceState {
    const state = this.#host.stateOf(this.name);
    if (state !== undefined) return state;
    throw new RangeError(`there is no service "${this.name}" any more`);
  }

  #find(id: string): InstanceState {
    const instance = this.#state.instances.get(id);
    if (instance !== undefined) return instance;
    throw new RangeError(`service "${this.name}" has no instance with the id "${id}"`);
  }

  #telling(announce = this.#host.announce): Telling {
    return { now: this.#host.now(), announce };
  }

  instances(): readonly InstanceStatus[] {
    const now = this.#host.now();
    return [...this.#state.instances.values()].map((instance) => statusOf(instance, now));
  }

  add(config: InstanceConfig): InstanceReference {
    const state = this.#state;
    const named = withHandlerIds([config], state.instances.values());
    const [plan] = compileInstances(this.name, named) as [InstancePlan];
    assertAlike(this.name, plan, state.instances.values());
    const [instance] = this.#put(state, [plan], this.#telling()) as [InstanceState];
    return instance.reference;
  }

  remove(id: string): boolean {
    const state = this.#state;
    if (!state.instances.has(id)) return false;
    this.#takeOut(state, [id], this.#telling());
    return true;
  }

  drain(id: string, { deadlineMs = 0 }: DrainOptions = {}): Promise<boolean> {
    if (!(deadlineMs >= 0 && Number.isFinite(deadlineMs)))
      throw new RangeError(`deadlineMs: expected a finite number >= 0, got ${String(deadlineMs)}`);
    const instance = this.#find(id);
    const now = this.#host.now();
    // Of a drain that goes on, the time may be over that nobody has looked at since.
    tellDrained(instance, now, this.#host.announce);
    const isNew = instance.drainUntil === 0;
    // A request that had been decided before it was over may have begun since.
    if (instance.isDrained) instance.isDrained = instance.inFlight === 0;
    else this.#setDeadline(instance, momentOf(now + deadlineMs));
    const end = this.#drains.endOf(instance);
    if (isNew) this.#host.announce({ kind: "draining", ...nameOf(instance) });
    tellDrained(instance, now, this.#host.announce);
    return end;
  }

  #setDeadline(instance: InstanceState, until: number): void {
    const state = this.#state;
    instance.drainUntil = until;
    state.dueAt = Math.min(state.dueAt, until);
    makeStale(instance);
  }

  /** Another state was restored. Who waits for the end of a drain waits for it there, or learns that there is none. */
  followRestore(): void {
    this.#drains.follow(this.#host.stateOf(this.name)?.instances);
  }

  resume(id: string): boolean {
    const instance = this.#state.instances.get(id);
    if (instance === undefined || instance.drainUntil === 0) return false;
    // Whoever is drained is so, though a listener resumes it before others hear of it.
    this.#drains.look(id);
    instance.drainUntil = 0;
    instance.isDrained = false;
    const now = this.#host.now();
    instance.resumedAt = momentOf(now);
    makeStale(instance);
    this.#drains.look(id);
    const isOut = instance.isEjected || !isProbedWell(instance.probe);
    // That it returns is told at the end of what keeps it out, as the end of an ejection is.
    instance.isEjected = isOut;
    if (isOut) tellReturned(instance, now, this.#host.announce);
    else this.#host.announce({ kind: "returned", ...nameOf(instance) });
    return true;
  }

  setWeight(id: string, weight: number): void {
    if (!Number.isFinite(weight) || weight <= 0)
      throw new RangeError(`weight: expected a finite number > 0, got ${String(weight)}`);
    const instance = this.#find(id);
    this.#described.forget(instance);
    instance.fullWeight = weight;
    instance.weight = weight;
    makeStale(instance);
  }

  get probe(): ProbeRule | undefined {
    return this.#host.planOf(this.name)?.probe;
  }

  reportProbe(id: string, passed: boolean): boolean {
    const instance = this.#state.instances.get(id);
    const { probe, outlier } = this.#host.planOf(this.name) ?? {};
    if (instance === undefined || probe === undefined) return false;
    if (instance.handler !== undefined) return false;
    const now = this.#host.now();
    this.#takeProbe(instance, probe, passed, now);
    // Who answers its probes is well again, however long the ejection was meant to last.
    const isWell = passed && instance.probe.status === "passing";
    if (isWell && instance.ejectedUntil > now && outlier?.endedByProbes === true)
      returnEarly(instance, momentOf(now), this.#host.announce);
    return true;
  }

  #takeProbe(instance: InstanceState, rule: ProbeRule, passed: boolean, now: number): void {
    const isFirst = instance.probe.status === "waiting";
    if (!countProbe(rule, instance.probe, passed)) return;
    // Its traffic begins only now, and its slow start with it.
    if (isFirst && instance.joinedAt !== 0) instance.joinedAt = momentOf(now);
    if (!isFirst && passed) instance.resumedAt = momentOf(now);
    makeStale(instance);
    this.#host.announce({ kind: passed ? "passing" : "failing", ...nameOf(instance) });
    tellReturned(instance, now, this.#host.announce);
  }

  set(given: readonly InstanceConfig[]): InstanceDifference {
    const state = this.#state;
    const instances = withHandlerIds(given);
    if (instances.some(isHandlerInstance)) compileInstances(this.name, given);
    const { kept, fresh } = this.#described.compare(state, instances);
    const plans = compileInstances(
      this.name,
      fresh.map(({ config }) => config),
    );
    // The same id once more: the check of the whole list says where.
    const added = plans.values();
    const ids = new Set(kept.map((known) => (known ?? (added.next().value as InstancePlan)).id));
    if (ids.size < instances.length) compileInstances(this.name, instances);
    const changes: PlainChange[] = [];
    const telling = this.#telling((change) => void changes.push(change));
    const difference = differenceOf(state, plans, ids);
    for (const [index, instance] of this.#put(state, plans, telling).entries())
      this.#described.remember(instance, plans[index] as InstancePlan, fresh[index]?.text ?? "");
    this.#takeOut(state, difference.removed, telling);
    this.#described.forgetGone(state);
    this.#arrange(state, ids, difference.changed.length > 0);
    for (const change of changes) this.#host.announce(change);
    return difference;
  }

  // Versions that change leave the order of their pools behind.
  #arrange(state: ServiceState, ids: ReadonlySet<string>, isMoved: boolean): void {
    if (!isMoved && isInOrder(state, ids)) return;
    orderMembers(state, ids);
    // The same key comes to the same instance, whatever the order.
    if (this.#host.planOf(this.name)?.balancer.usesKey === true) return;
    for (const instance of state.instances.values()) makeStale(instance);
  }

  // O(what is put), and O(members) once where versions change.
  #put(
    state: ServiceState,
    plans: readonly InstancePlan[],
    { now, announce }: Telling,
  ): InstanceState[] {
    const moved = new Map<InstanceState, string>();
    for (const { id, version } of plans) {
      const known = state.instances.get(id);
      if (known !== undefined && known.version !== version) moved.set(known, version);
    }
    changeVersions(state, moved);
    return plans.map((plan) => {
      const known = state.instances.get(plan.id);
      if (known === undefined) return this.#join(state, plan, { now, announce });
      this.#describeAnew(known, plan, { now, announce });
      return known;
    });
  }

  #join(state: ServiceState, plan: InstancePlan, { now, announce }: Telling): InstanceState {
    const isProbed = this.probe !== undefined;
    const instance = newInstance(this.name, plan, state.load, momentOf(now), isProbed);
    addMember(state, instance);
    announce({ kind: "joined", ...nameOf(instance) });
    return instance;
  }

  #describeAnew(instance: InstanceState, plan: InstancePlan, { now, announce }: Telling): void {
    this.#described.forget(instance);
    const before = nameOf(instance);
    const isMoved = describe(instance, plan);
    adoptProbe(instance, this.probe !== undefined);
    if (isMoved) for (const change of movedFrom(before, instance)) announce(change);
    tellReturned(instance, now, announce);
  }

  #takeOut(state: ServiceState, ids: readonly string[], { now, announce }: Telling): void {
    const gone = new Set(ids.map((id) => state.instances.get(id) as InstanceState));
    removeMembers(state, gone);
    for (const instance of gone) {
      this.#described.forget(instance);
      leave(instance, now, announce);
    }
  }
}

function differenceOf(
  { instances }: ServiceState,
  plans: readonly InstancePlan[],
  ids: ReadonlySet<string>,
): InstanceDifference {
  const added: string[] = [];
  const changed: string[] = [];
  for (const plan of plans) {
    const known = instances.get(plan.id);
    if (known === undefined) added.push(plan.id);
    else if (differs(known, plan)) changed.push(plan.id);
  }
  return { added, removed: [...instances.keys()].filter((id) => !ids.has(id)), changed };
}

function healthOf(instance: InstanceState, now: number): InstanceStatus["health"] {
  if (instance.drainUntil !== 0) return "draining";
  if (isEligible(instance, now)) return "eligible";
  const { status } = instance.probe;
  return status === "waiting" || status === "failing" ? status : "ejected";
}

function statusOf(instance: InstanceState, now: number): InstanceStatus {
  const { id, url, version, fullWeight, zone, tier, inFlight } = instance;
  return {
    ...{ id, url, zone, tier, inFlight },
    version: version === "" ? undefined : version,
    weight: fullWeight,
    health: healthOf(instance, now),
  };
}
