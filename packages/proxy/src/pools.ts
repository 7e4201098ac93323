import type { ForwardDecision, Gateway, InstanceReference } from "@signalbox/core";
import { InstancePool } from "./pool.js";
import { Ticker } from "./ticker.js";

/** The pools of one proxy: one for each instance that it has sent a request to. */
export class Pools {
  readonly #gateway: Gateway;
  readonly #byReference = new Map<InstanceReference, InstancePool>();
  /** Those of instances that left: their last requests are still to end. */
  readonly #closing = new Map<InstancePool, Promise<void>>();
  readonly #stopListening: () => void;
  readonly #ticker: Ticker;
  #isClosed = false;

  constructor(gateway: Gateway) {
    this.#gateway = gateway;
    this.#ticker = new Ticker(gateway);
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
    const pool = new InstancePool(instance, plan);
    this.#byReference.set(instance, pool);
    return pool;
  }

  #drop(reference: InstanceReference): void {
    const pool = this.#byReference.get(reference);
    if (pool === undefined) return;
    this.#byReference.delete(reference);
    this.#close(pool);
  }

  #close(pool: InstancePool): void {
    const closed = pool.close().finally(() => this.#closing.delete(pool));
    this.#closing.set(pool, closed);
  }

  /** Number of instances that there is a pool for. */
  get size(): number {
    return this.#byReference.size;
  }

  /** Waits until all requests have ended, and closes the connections. */
  async close(): Promise<void> {
    this.#stop();
    await Promise.all(this.#closing.values());
  }

  /** Ends all requests and closes the connections, also where closing is under way. */
  async destroy(): Promise<void> {
    this.#stop();
    await Promise.all([...this.#closing.keys()].map((pool) => pool.destroy()));
  }

  #stop(): void {
    this.#isClosed = true;
    this.#stopListening();
    this.#ticker.stop();
    for (const pool of this.#byReference.values()) this.#close(pool);
    this.#byReference.clear();
  }
}
