import type { Announce, GatewayChange, InstanceChange } from "./change.js";
import { breakerDueAt, settleBreaker } from "./health/circuit-breaker.js";
import { isProbedWell } from "./health/probe.js";
import type { InstanceState, ServiceState } from "./state.js";

/** Tells once that an instance that gets nothing new has nothing under way, and keeps no sessions any more. */
export function tellDrained(instance: InstanceState, now: number, announce: Announce): void {
  const { hasLeft, drainUntil, inFlight, isDrained } = instance;
  if (isDrained || inFlight > 0 || (!hasLeft && (drainUntil === 0 || drainUntil > now))) return;
  instance.isDrained = true;
  announce({ kind: "drained", ...nameOf(instance) });
}

/** An instance gets nothing new from now on. */
export function leave(instance: InstanceState, now: number, announce: Announce): void {
  instance.hasLeft = true;
  // One that drained before may have got requests of its sessions since.
  instance.isDrained = false;
  announce({ kind: "left", ...nameOf(instance) });
  tellDrained(instance, now, announce);
}

/** How a change names an instance. */
export function nameOf({
  service,
  reference,
}: InstanceState): Pick<InstanceChange, "service" | "instance"> {
  return { service, instance: reference };
}

/**
 * Ends the ejections whose time has passed, and the drains whose sessions have ended. Nothing in core waits: it is done when
 * somebody looks.
 */
export function settleDue(service: ServiceState, now: number, announce: Announce): void {
  const phase = settleBreaker(service.breaker, now);
  if (phase !== undefined) announce({ kind: "breaker", service: service.name, phase });
  service.dueAt = breakerDueAt(service.breaker);
  for (const instance of service.instances.values()) {
    if (instance.isEjected && instance.ejectedUntil <= now) service.tally = undefined;
    tellReturned(instance, now, announce);
    tellDrained(instance, now, announce);
    service.dueAt = Math.min(service.dueAt, dueAtOf(instance, now));
  }
}

/**
 * An instance that was ejected gets traffic again, and begins anew. Where it drains, or fails its probes, that is told at the
 * end of it.
 */
export function endEjection(instance: InstanceState, announce: Announce): void {
  if (instance.drainUntil !== 0 || !isProbedWell(instance.probe)) return;
  instance.isEjected = false;
  endRows(instance);
  announce({ kind: "returned", ...nameOf(instance) });
}

/** A drain has ended, or probes pass again: what time alone has ended meanwhile is told now. */
export function tellReturned(instance: InstanceState, now: number, announce: Announce): void {
  if (instance.isEjected && instance.ejectedUntil <= now) endEjection(instance, announce);
}

/** Rows begin anew. The share of failures stays: until it has shown otherwise, one that was ejected does no better than others. */
export function endRows(instance: InstanceState): void {
  instance.consecutiveFailures = 0;
  instance.consecutiveConnectFailures = 0;
}

/**
 * When time alone brings something to be told of an instance; `Infinity` when it does not.
 *
 * @param looked when somebody looked last: a drain whose deadline had passed by then waits for its requests alone, and ends with
 *   a report; an ejection that was over by then waits for the end of a drain, or for a probe
 */
export function dueAtOf(
  { isEjected, ejectedUntil, drainUntil, isDrained }: InstanceState,
  looked = Number.NEGATIVE_INFINITY,
): number {
  const returnsAt = isEjected && ejectedUntil > looked ? ejectedUntil : Number.POSITIVE_INFINITY;
  const isAhead = drainUntil !== 0 && drainUntil > looked && !isDrained;
  return Math.min(returnsAt, isAhead ? drainUntil : Number.POSITIVE_INFINITY);
}

/** A time as state keeps it. There 0 stands for none: a clock that says 0 means the moment before. */
export function momentOf(time: number): number {
  return time === 0 ? -Number.MIN_VALUE : time;
}

/** Somebody waits for the end of a drain. */
interface PendingDrain {
  instance: InstanceState;
  readonly end: (isDrained: boolean) => void;
}

function goesOn({ instance: { isDrained, hasLeft, drainUntil } }: PendingDrain): boolean {
  return !isDrained && (hasLeft || drainUntil !== 0);
}

/** Who waits for the ends of the drains of a service. One listener for all: a change costs nothing where nobody waits for it. */
export class PendingDrains {
  readonly #service: string;
  readonly #onChange: (listener: (change: GatewayChange) => void) => () => void;
  readonly #byId = new Map<string, PendingDrain[]>();
  #stop: (() => void) | undefined;

  constructor(
    service: string,
    onChange: (listener: (change: GatewayChange) => void) => () => void,
  ) {
    this.#service = service;
    this.#onChange = onChange;
  }

  /** True when the instance is drained, false when it drains no more. */
  endOf(instance: InstanceState): Promise<boolean> {
    if (instance.isDrained) return Promise.resolve(true);
    this.#stop ??= this.#onChange(({ kind, service, instance: told }) => {
      if (kind === "drained" && service === this.#service) this.look(told.id);
    });
    return new Promise((end) => {
      const pending = this.#byId.get(instance.id) ?? [];
      pending.push({ instance, end });
      this.#byId.set(instance.id, pending);
    });
  }

  /** Tells those who wait for an instance of this id, where there is something to tell. */
  look(id: string): void {
    const pending = this.#byId.get(id);
    if (pending === undefined) return;
    const open = pending.filter(goesOn);
    if (open.length > 0) this.#byId.set(id, open);
    else this.#byId.delete(id);
    for (const drain of pending) if (!goesOn(drain)) drain.end(drain.instance.isDrained);
    if (this.#byId.size > 0) return;
    this.#stop?.();
    this.#stop = undefined;
  }

  /** Another state was restored: of instances that are there still, it says whether they drain. */
  follow(instances: ReadonlyMap<string, InstanceState> | undefined): void {
    for (const [id, pending] of this.#byId) {
      for (const drain of pending)
        if (!drain.instance.hasLeft) drain.instance = instances?.get(id) ?? drain.instance;
      this.look(id);
    }
  }
}
