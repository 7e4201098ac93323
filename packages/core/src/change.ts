import type { BreakerPhase } from "./health/circuit-breaker.js";
import type { EjectionReason } from "./health/ejection-reason.js";
import type { InstanceReference } from "./state.js";

/** How many instances a service has. */
export interface InstanceCounts {
  readonly instances: number;
  /** Those that may get new traffic. */
  readonly eligible: number;
}

/** What an event about an instance is about. */
export interface InstanceChange {
  /**
   * `joined`: came with the configuration, or was added. `left`: went, and gets nothing new. `draining`: gets nothing new but
   * requests of the sessions that it has. `drained`: the last request of one that drains or that left has ended; at once when
   * it only moved to another URL, or is connected to in another way (`connect`): it leaves and joins then, with its state.
   * `ejected`: gets no traffic for a while. `returned`: gets it again after an ejection or a drain. `failing`, `passing`: what
   * probes found has changed.
   */
  readonly kind:
    "joined" | "left" | "draining" | "drained" | "ejected" | "returned" | "failing" | "passing";
  readonly service: string;
  /** The same object as in the decisions that lead to it. */
  readonly instance: InstanceReference;
  /** How long the ejection lasts. Unit: milliseconds. Only for `ejected`. */
  readonly forMs?: number;
  /** Why, with the figures that decided it. Only for `ejected`. */
  readonly reason?: EjectionReason;
  /** Those of the service at the time when they are looked at. O(instances). */
  readonly counts: InstanceCounts;
}

/** The circuit breaker of a service has another phase. */
export interface BreakerChange {
  readonly kind: "breaker";
  readonly service: string;
  readonly phase: BreakerPhase;
  /** Those of the service at the time when they are looked at. O(instances). */
  readonly counts: InstanceCounts;
  readonly instance?: undefined;
  readonly forMs?: undefined;
  readonly reason?: undefined;
}

/** Something that happened at a service. */
export type GatewayChange = InstanceChange | BreakerChange;

/** An event before it is told. */
export type PlainChange = Omit<InstanceChange, "counts"> | Omit<BreakerChange, "counts">;

/** Tells a change to all who listen. */
export type Announce = (change: PlainChange) => void;

/** An event as it is told: a frozen record whose counts are worked out for those who ask. */
export function tellingChange(change: PlainChange, count: () => InstanceCounts): GatewayChange {
  const told = Object.defineProperty({ ...change }, "counts", { get: count });
  return Object.freeze(told) as GatewayChange;
}
