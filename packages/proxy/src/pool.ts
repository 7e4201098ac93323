import type { EventEmitter } from "node:events";
import type { Socket } from "node:net";
import type { ConnectPlan } from "@signalbox/core";
import { buildConnector, Client, type Dispatcher } from "undici";

/** What an attempt is told while its request is under way. Made for undici's `dispatch`. */
export type AttemptHandler = Dispatcher.DispatchHandler;

/** The hold that an attempt has on a request under way. */
export type AttemptController = Dispatcher.DispatchController;

/** What goes out. */
export interface OutgoingRequest {
  readonly method: string;
  readonly path: string;
  /** Flat: name, value, name, value. */
  readonly headers: string[];
  readonly body: OutgoingBody | Buffer | null;
  /** Longest silence of the instance. Unit: milliseconds; 0 for no limit. */
  readonly idleMs: number;
}

/** A stream as far as undici needs one. */
export interface OutgoingBody {
  pipe(): void;
  on(event: string, listener: (...args: never[]) => void): this;
}

/** Gets a slot, sooner or later. */
export interface SlotWaiter {
  onSlot(slot: Slot): void;
  /** The pool was destroyed while the waiter stood in the queue. */
  onPoolClosed(): void;
}

/** One connection at most, with one request at a time. */
export class Slot {
  readonly #client: Client;
  #served = 0;
  #broken = false;

  constructor(
    readonly pool: InstancePool,
    url: URL,
    plan: ConnectPlan,
  ) {
    this.#client = new Client(url.origin, {
      allowH2: false,
      connect: this.#connector(plan),
      keepAliveTimeout: plan.keepAliveMs,
      keepAliveTimeoutThreshold: 1_000,
      maxHeaderSize: 65_536,
      pipelining: 1,
    });
    this.#client.on("connect", () => {
      this.#served = 0;
      this.#broken = false;
    });
    // Every failure also reaches the attempt; a client without a listener would take the process down.
    this.#client.on("connectionError", ignore);
    (this.#client as unknown as EventEmitter).on("error", ignore);
  }

  // An error of the socket just before an end by closing looks like a lawful end: it has to be noted here.
  #connector(plan: ConnectPlan): buildConnector.connector {
    const connect = buildConnector({ timeout: plan.timeoutMs, allowH2: false, keepAlive: true });
    return (options, callback) => {
      connect(options, (error, socket) => {
        if (error !== null) return callback(error, null);
        (socket as Socket).on("error", () => {
          this.#broken = true;
        });
        callback(null, socket as Socket);
      });
    };
  }

  /** Whether the connection has died of an error. */
  get isBroken(): boolean {
    return this.#broken;
  }

  /** Counts a request that goes out now, and says whether the connection had served one before. */
  countRequest(): boolean {
    return this.#served++ > 0;
  }

  send(request: OutgoingRequest, handler: AttemptHandler): void {
    this.#client.dispatch(
      {
        method: request.method as Dispatcher.HttpMethod,
        path: request.path,
        headers: request.headers,
        body: request.body as never,
        headersTimeout: request.idleMs,
        bodyTimeout: request.idleMs,
        // Without it every answer to HEAD, and every body on DELETE and the like, would close the connection.
        reset: false,
      },
      handler,
    );
  }

  close(): Promise<void> {
    return this.#client.close();
  }

  destroy(): Promise<void> {
    return this.#client.destroy();
  }
}

/**
 * The connections to one instance. What finds none free waits in a bounded queue of our own: a request that
 * waits inside undici can be neither counted nor cancelled.
 */
export class InstancePool {
  readonly #url: URL;
  readonly #plan: ConnectPlan;
  readonly #slots: Slot[] = [];
  // Last in, first out: the connections in use stay few and warm, the others run into their idle time.
  readonly #free: Slot[] = [];
  readonly #waiting = new Set<SlotWaiter>();
  #whenIdle: (() => void) | undefined = undefined;

  constructor(url: string, plan: ConnectPlan) {
    this.#url = new URL(url);
    this.#plan = plan;
  }

  /** A slot, or whether the waiter will get one later, or never because the queue is full. */
  take(waiter: SlotWaiter): Slot | "queued" | "full" {
    const free = this.#free.pop();
    if (free !== undefined) return free;
    if (this.#slots.length < this.#plan.connections) {
      const slot = new Slot(this, this.#url, this.#plan);
      this.#slots.push(slot);
      return slot;
    }
    if (this.#waiting.size >= this.#plan.queue) return "full";
    this.#waiting.add(waiter);
    return "queued";
  }

  /** Takes a waiter out of the queue. */
  cancel(waiter: SlotWaiter): void {
    this.#waiting.delete(waiter);
  }

  /**
   * Gives a slot back. The next waiter gets it in a microtask: a request that is sent while undici still
   * tells of a failed one would break it.
   */
  give(slot: Slot): void {
    if (this.#waiting.size === 0) this.#rest(slot);
    else queueMicrotask(() => this.#handOn(slot));
  }

  #handOn(slot: Slot): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#rest(slot);
      return;
    }
    this.#waiting.delete(next);
    next.onSlot(slot);
  }

  #rest(slot: Slot): void {
    this.#free.push(slot);
    if (this.#free.length === this.#slots.length && this.#waiting.size === 0) this.#whenIdle?.();
  }

  /** Waits until all requests have ended, those in the queue included, and closes the connections then. */
  async close(): Promise<void> {
    if (this.#free.length < this.#slots.length || this.#waiting.size > 0) {
      await new Promise<void>((resolve) => {
        this.#whenIdle = resolve;
      });
    }
    await Promise.all(this.#slots.map((slot) => slot.close().catch(ignore)));
  }

  /** Ends all requests, those in the queue included, and closes the connections. */
  async destroy(): Promise<void> {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const waiter of waiting) waiter.onPoolClosed();
    await Promise.all(this.#slots.map((slot) => slot.destroy().catch(ignore)));
    this.#whenIdle?.();
  }
}

function ignore(): void {}
