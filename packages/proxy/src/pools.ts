import type { ForwardDecision, Gateway, InstanceReference } from "@signalbox/core";
import { InstancePool } from "./pool.js";

/** The pools of one proxy: one for each instance that it has sent a request to. */
export class Pools {
  readonly #gateway: Gateway;
  readonly #byReference = new Map<InstanceReference, InstancePool>();
  readonly #closing = new Set<Promise<void>>();
  readonly #stopListening: () => void;
  #isClosed = false;

  constructor(gateway: Gateway) {
    this.#gateway = gateway;
    this.#stopListening = gateway.onChange(({ kind, instance }) => {
      if (kind === "drained") this.#drop(instance);
    });
  }

  /** The pool of the instance that a decision leads to; undefined when there is none any more. */
  of(decision: ForwardDecision): InstancePool | undefined {
    if (this.#isClosed) return undefined;
    return this.#byReference.get(decision.instance) ?? this.#add(decision);
  }

  #add({ instance, service }: ForwardDecision): InstancePool | undefined {
    const plan = this.#gateway.connectOf(service);
    if (plan === undefined) return undefined;
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
    const pools = this.#takeAll();
    await Promise.all([...pools.map((pool) => pool.close()), ...this.#closing]);
  }

  async destroy(): Promise<void> {
    this.#stopListening();
    await Promise.all(this.#takeAll().map((pool) => pool.destroy()));
  }

  #takeAll(): InstancePool[] {
    this.#isClosed = true;
    const pools = [...this.#byReference.values()];
    this.#byReference.clear();
    return pools;
  }
}
