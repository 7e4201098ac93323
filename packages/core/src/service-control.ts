import type { ProbeRule } from "./health/probe.js";
import type { InstanceConfig } from "./config/service-config.js";
import type { InstanceReference } from "./state.js";

/** An instance as it is now. */
export interface InstanceStatus {
  readonly id: string;
  readonly url: string;
  readonly version: string | undefined;
  readonly weight: number;
  readonly zone: string | undefined;
  readonly tier: number;
  readonly inFlight: number;
  /** Whether it gets new traffic: `eligible`, or why it does not. */
  readonly health: "eligible" | "ejected" | "draining" | "waiting" | "failing";
}

/** What `set` changed, by the ids of the instances. */
export interface InstanceDifference {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly string[];
}

/** How an instance drains. */
export interface DrainOptions {
  /**
   * How long it still gets the requests of sessions that are pinned to it. Unit: milliseconds. Default: 0, sessions move
   * at once.
   */
  readonly deadlineMs?: number;
}

/**
 * The instances of one service while the gateway runs. What is done here stays over an `update`, unless that changes the
 * configured list of the service: then that list holds, and drains go on.
 *
 * @example
 * const products = gateway.service("products");
 * products.add("http://10.0.0.4:8080");
 * await products.drain("http://10.0.0.1:8080");
 * products.remove("http://10.0.0.1:8080");
 */
export interface ServiceControl {
  readonly name: string;
  /** The instances as they are now. O(instances). */
  instances(): readonly InstanceStatus[];
  /**
   * Adds an instance. One whose id is there is described anew, and keeps its state.
   *
   * @throws GatewayConfigError when it is malformed; then nothing has changed
   */
  add(instance: InstanceConfig): InstanceReference;
  /** Takes an instance out; requests under way end. False when there is none of that id. */
  remove(id: string): boolean;
  /**
   * An instance gets nothing new, and what is under way ends. It stays in the list until it is removed. Asked for once more, a
   * drain that goes on takes the new deadline, be it later or earlier; one that is over stays over until `resume`, whatever the
   * deadline.
   *
   * @returns true with the end of its last request, or when its sessions have had their time; false when `resume` came
   *   first, or a `restore` to a state without the drain. A deadline needs a proxy, or calls of `gateway.tick`, to be noticed
   * @throws RangeError when there is no instance of that id, or the deadline is not a finite number >= 0
   */
  drain(id: string, options?: DrainOptions): Promise<boolean>;
  /**
   * Ends a drain: the instance gets traffic again, at once or, where it is ejected or fails its probes, at the end of that.
   * `returned` is told then, and once; a promise of `drain` learns at once that it came to nothing.
   *
   * @returns false when there is no instance of that id, or it does not drain
   */
  resume(id: string): boolean;
  /**
   * Changes the share of an instance.
   *
   * @throws RangeError when there is no instance of that id, or the weight is not a finite number > 0
   */
  setWeight(id: string, weight: number): void;
  /** What the instances are asked by themselves; undefined where they are not. */
  readonly probe: ProbeRule | undefined;
  /**
   * Takes the result of a probe. The first of a new instance decides at once whether it gets traffic, later ones as the rule
   * says. A proxy does it by itself.
   *
   * @returns false when there is no instance of that id, it is a function, or the service has no probes
   */
  reportProbe(id: string, passed: boolean): boolean;
  /**
   * Makes the list what is given, in its order: what is new joins, what is missing leaves, what is described otherwise changes. Drains go on.
   * What stands there as it stood before costs nothing but a comparison.
   *
   * @throws GatewayConfigError when an instance is malformed or an id comes twice; then nothing has changed
   */
  set(instances: readonly InstanceConfig[]): InstanceDifference;
}
