import type { ConnectPlan, InstanceReference } from "@signalbox/core";
import { AutoConnection } from "./auto-connection.js";
import { Connector } from "./connector.js";
import { Http1Connection } from "./http1-connection.js";
import { Http2Connection } from "./http2-connection.js";
import type { ConnectionOwner, PoolConnection, Slot, SlotWaiter } from "./slot.js";

/**
 * The connections to one instance. What finds no room waits in a bounded queue of our own: a request that waits
 * inside a client can be neither counted nor cancelled.
 */
export class InstancePool implements ConnectionOwner {
  readonly #plan: ConnectPlan;
  readonly #connector: Connector;
  readonly #connections: PoolConnection[] = [];
  // Last in, first out: the connections in use stay few and warm, the others run into their idle time.
  readonly #free: PoolConnection[] = [];
  /** Those that take nothing new, and may not have ended. */
  readonly #retired = new Set<PoolConnection>();
  readonly #waiting = new Set<SlotWaiter>();
  /** Requests that have a place. */
  #taken = 0;
  /** Connections of which it is not known what they speak. */
  #undecided = 0;
  #isDestroyed = false;
  #whenIdle: (() => void) | undefined = undefined;

  constructor(instance: InstanceReference, plan: ConnectPlan) {
    this.#connector = new Connector(instance, plan);
    this.#plan = plan;
  }

  /** A slot, or whether the waiter will get one later, or never because the queue is full. */
  take(waiter: SlotWaiter): Slot | "queued" | "full" {
    const free = this.#free.pop();
    if (free !== undefined) {
      free.isListed = false;
      return this.#occupy(free);
    }
    // An instance that may speak HTTP/2 is asked once, not by each of the first requests.
    if (this.#undecided === 0 && this.#canOpen()) return this.#occupy(this.#open());
    if (this.#waiting.size >= this.#plan.queue) return "full";
    this.#waiting.add(waiter);
    return "queued";
  }

  #occupy(connection: PoolConnection): PoolConnection {
    this.#taken++;
    if (connection.occupy()) this.#list(connection);
    return connection;
  }

  #list(connection: PoolConnection): void {
    if (connection.isListed) return;
    connection.isListed = true;
    this.#free.push(connection);
  }

  #canOpen(): boolean {
    return this.#connections.length < this.#plan.connections && !this.#isDestroyed;
  }

  #open(): PoolConnection {
    const connection = this.#make();
    this.#connections.push(connection);
    return connection;
  }

  #make(): PoolConnection {
    const { protocol } = this.#plan;
    const connector = this.#connector;
    if (protocol === "http2") return new Http2Connection(connector, this.#plan, this).open();
    if (protocol === "http1" || !connector.isSecure)
      return new Http1Connection(connector, this.#plan);
    this.#undecided++;
    return new AutoConnection(connector, this.#plan, this).open();
  }

  /** Takes a waiter out of the queue. */
  cancel(waiter: SlotWaiter): void {
    this.#waiting.delete(waiter);
    this.#checkIdle();
  }

  /**
   * Gives a slot back. The next waiter gets it in a microtask: a request that is sent while a client still tells of a
   * failed one would break it.
   */
  give(slot: Slot): void {
    const connection = slot as PoolConnection;
    this.#taken--;
    if (connection.release()) this.offer(connection);
    this.#checkIdle();
  }

  offer(connection: PoolConnection): void {
    if (connection.isListed) return;
    if (this.#waiting.size === 0) this.#list(connection);
    else queueMicrotask(() => this.#handOn(connection));
  }

  #handOn(connection: PoolConnection): void {
    if (connection.isListed || this.#retired.has(connection)) return;
    for (const waiter of this.#waiting) {
      this.#waiting.delete(waiter);
      this.#taken++;
      const hasRoom = connection.occupy();
      waiter.onSlot(connection);
      if (!hasRoom) return;
    }
    this.#list(connection);
    this.#checkIdle();
  }

  retire(connection: PoolConnection): void {
    const at = this.#connections.indexOf(connection);
    if (at === -1) return;
    this.#connections.splice(at, 1);
    this.withdraw(connection);
    this.#retired.add(connection);
    void connection.close().finally(() => this.#retired.delete(connection));
    queueMicrotask(() => this.#refill());
  }

  withdraw(connection: PoolConnection): void {
    if (!connection.isListed) return;
    connection.isListed = false;
    this.#free.splice(this.#free.indexOf(connection), 1);
  }

  decided(): void {
    this.#undecided--;
    queueMicrotask(() => this.#refill());
  }

  // Connections for those who wait, as far as there may be more.
  #refill(): void {
    while (this.#waiting.size > 0 && this.#canOpen()) {
      const wanted = this.#waiting.size;
      this.#handOn(this.#open());
      if (this.#waiting.size >= wanted) return;
    }
  }

  #checkIdle(): void {
    if (this.#taken === 0 && this.#waiting.size === 0) this.#whenIdle?.();
  }

  /** Waits until all requests have ended, those in the queue included, and closes the connections then. */
  async close(): Promise<void> {
    if (this.#taken > 0 || this.#waiting.size > 0) {
      await new Promise<void>((resolve) => {
        this.#whenIdle = resolve;
      });
    }
    await this.#all((connection) => connection.close());
  }

  /** Ends all requests, those in the queue included, and closes the connections. */
  async destroy(): Promise<void> {
    this.#isDestroyed = true;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const waiter of waiting) waiter.onPoolClosed();
    await this.#all((connection) => connection.destroy());
    this.#whenIdle?.();
  }

  async #all(end: (connection: PoolConnection) => Promise<void>): Promise<void> {
    const all = [...this.#connections, ...this.#retired];
    await Promise.all(all.map((connection) => end(connection).catch(ignore)));
  }
}

function ignore(): void {}
