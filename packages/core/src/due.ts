import type { Announce, PlainChange } from "./change.js";
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
}: InstanceState): Pick<PlainChange, "service" | "instance"> {
  return { service, instance: reference };
}

/**
 * Ends the ejections whose time has passed, and the drains whose sessions have ended. Nothing in core waits: it is done when
 * somebody looks.
 */
export function settleDue(service: ServiceState, now: number, announce: Announce): void {
  service.dueAt = Number.POSITIVE_INFINITY;
  for (const instance of service.instances.values()) {
    if (instance.isEjected && instance.ejectedUntil <= now) {
      instance.isEjected = false;
      instance.consecutiveFailures = 0;
      instance.consecutiveConnectFailures = 0;
      announce({ kind: "returned", ...nameOf(instance) });
    }
    tellDrained(instance, now, announce);
    service.dueAt = Math.min(service.dueAt, dueAtOf(instance));
  }
}

/** When time alone brings something to be told of an instance. */
export function dueAtOf({ isEjected, ejectedUntil, drainUntil, isDrained }: InstanceState): number {
  const returnsAt = isEjected ? ejectedUntil : Number.POSITIVE_INFINITY;
  const drainedAt = drainUntil > 0 && !isDrained ? drainUntil : Number.POSITIVE_INFINITY;
  return Math.min(returnsAt, drainedAt);
}
