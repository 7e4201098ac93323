import type { ForwardDecision, Gateway, InstanceReference, Outcome } from "@signalbox/core";

/** The upgrades of one proxy that are under way or open, for each instance. */
export class UpgradeCounts {
  readonly #byInstance = new Map<InstanceReference, number>();

  /** How many lead to the instance. */
  of(instance: InstanceReference): number {
    return this.#byInstance.get(instance) ?? 0;
  }

  add(instance: InstanceReference): void {
    this.#byInstance.set(instance, this.of(instance) + 1);
  }

  remove(instance: InstanceReference): void {
    const left = this.of(instance) - 1;
    if (left > 0) this.#byInstance.set(instance, left);
    else this.#byInstance.delete(instance);
  }
}

/** The place of one attempt at its instance, in the state of the gateway and in our counts. Given back once. */
export class UpgradePlace {
  readonly #gateway: Gateway;
  readonly #counts: UpgradeCounts;
  #isTaken = true;

  private constructor(
    gateway: Gateway,
    counts: UpgradeCounts,
    readonly decision: ForwardDecision,
  ) {
    this.#gateway = gateway;
    this.#counts = counts;
  }

  /** Takes the place that a decision names; undefined when its instance is gone. */
  static take(
    gateway: Gateway,
    counts: UpgradeCounts,
    decision: ForwardDecision,
  ): UpgradePlace | undefined {
    if (!gateway.start(decision)) return undefined;
    counts.add(decision.instance);
    return new UpgradePlace(gateway, counts, decision);
  }

  /** Tells the status of the answer, from which health learns at once. Unit: milliseconds. */
  reportHead(status: number, headMs: number): void {
    if (this.#isTaken) this.#gateway.report(this.decision, { kind: "head", status, headMs });
  }

  giveBack(outcome: Outcome): void {
    if (!this.#isTaken) return;
    this.#isTaken = false;
    this.#counts.remove(this.decision.instance);
    this.#gateway.report(this.decision, outcome);
  }
}
