import type { ServiceLimitsPlan } from "@signalbox/core";
import { Deadline, type DeadlineOwner, type Deadlines } from "./deadlines.js";

/** A request that waits for a place at its service. */
export interface Waiter {
  /** Tries once more; false when there is still no place. */
  tryAgain(): boolean;
  /** It has waited long enough. */
  giveUp(): void;
}

/** How often a queue looks by itself: places may be freed by another proxy over the same gateway. */
const LOOK_MS = 100;

/** The requests of one proxy that wait because their service has as many under way as it may have. */
export class ServiceQueues {
  readonly #deadlines: Deadlines;
  readonly #queues = new Map<string, ServiceQueue>();

  constructor(deadlines: Deadlines) {
    this.#deadlines = deadlines;
  }

  /** Number of requests that wait. */
  get size(): number {
    let size = 0;
    for (const queue of this.#queues.values()) size += queue.size;
    return size;
  }

  /** Adds a waiter at the end; undefined when the queue is full, else a function that takes it out. */
  add(service: string, limits: ServiceLimitsPlan, waiter: Waiter): (() => void) | undefined {
    let queue = this.#queues.get(service);
    if ((queue?.size ?? 0) >= limits.queue) return undefined;
    if (queue === undefined) {
      queue = new ServiceQueue(this.#deadlines);
      this.#queues.set(service, queue);
    }
    return queue.add(waiter, limits.queueMs);
  }

  /** A place of a service may be free. */
  wake(service: string): void {
    if (this.#queues.size === 0) return;
    const queue = this.#queues.get(service);
    if (queue === undefined) return;
    queue.wake();
    if (queue.size === 0) this.#queues.delete(service);
  }
}

class ServiceQueue implements DeadlineOwner {
  readonly #deadlines: Deadlines;
  readonly #look = new Deadline(this);
  readonly #waiting = new Set<Place>();
  #isWaking = false;

  constructor(deadlines: Deadlines) {
    this.#deadlines = deadlines;
  }

  get size(): number {
    return this.#waiting.size;
  }

  add(waiter: Waiter, queueMs: number): () => void {
    const place = new Place(waiter, (late) => this.#waiting.delete(late));
    this.#waiting.add(place);
    this.#deadlines.set(place.deadline, queueMs);
    if (this.#waiting.size === 1) this.#deadlines.set(this.#look, LOOK_MS);
    return () => this.#remove(place);
  }

  // Trying may free a place at once, which asks for another try: one loop does for both.
  wake(): void {
    if (this.#isWaking) return;
    this.#isWaking = true;
    for (const place of this.#waiting) {
      if (!place.waiter.tryAgain()) break;
      this.#remove(place);
    }
    this.#isWaking = false;
  }

  onDeadline(): void {
    this.wake();
    if (this.#waiting.size > 0) this.#deadlines.set(this.#look, LOOK_MS);
  }

  #remove(place: Place): void {
    this.#waiting.delete(place);
    this.#deadlines.clear(place.deadline);
    if (this.#waiting.size === 0) this.#deadlines.clear(this.#look);
  }
}

class Place implements DeadlineOwner {
  readonly deadline = new Deadline(this);
  readonly #onLate: (place: Place) => void;

  constructor(
    readonly waiter: Waiter,
    onLate: (place: Place) => void,
  ) {
    this.#onLate = onLate;
  }

  onDeadline(): void {
    this.#onLate(this);
    this.waiter.giveUp();
  }
}
