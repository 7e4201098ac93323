import type { ForwardDecision, Gateway, InstanceReference } from "@signalbox/core";
import { InstancePool } from "./pool.js";

/** The pools of one proxy: one for each instance that it has sent a request to. */
export class Pools {
  readonly #gateway: Gateway;
  readonly #byReference = new Map<InstanceReference, InstancePool>();
  readonly #closing = new Set<Promise<void>>();
  readonly #stopListening: () => void;

  constructor(gateway: Gateway) {
    this.#gateway = gateway;
    this.#stopListening = gateway.onChange(({ kind, instance }) => {
      if (kind === "drained") this.#drop(instance);
    });
  }

  of(decision: ForwardDecision): InstancePool {
    return this.#byReference.get(decision.instance) ?? this.#add(decision);
  }

  #add({ instance, service }: ForwardDecision): InstancePool {
    const plan = this.#gateway.connectOf(service);
    if (plan === undefined) throw new Error(`service ${service} has left the configuration`);
    const pool = new InstancePool(instance.url, plan);
    this.#byReference.set(instance, pool);
    return pool;
  }

  #drop(reference: InstanceReference): void {
    const pool = this.#byReference.get(reference);
    if (pool === undefined) return;
    this.#byReference.delete(reference);
    const closed = pool.close().finally(() => this.#closing.delete(closed));
    this.#closing.add(closed);
  }

  /** Number of instances that there is a pool for. */
  get size(): number {
    return this.#byReference.size;
  }

  /** Closes all pools; those whose requests do not end are destroyed by `destroy`. */
  async close(): Promise<void> {
    this.#stopListening();
    await Promise.all([...this.#all().map((pool) => pool.close()), ...this.#closing]);
  }

  async destroy(): Promise<void> {
    this.#stopListening();
    await Promise.all(this.#all().map((pool) => pool.destroy()));
  }

  #all(): InstancePool[] {
    return [...this.#byReference.values()];
  }
}
