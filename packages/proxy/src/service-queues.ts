import type { ServiceLimitsPlan } from "@signalbox/core";
import { Deadline, type DeadlineOwner, type Deadlines } from "./deadlines.js";

/** A request that waits for a place at its service. */
export interface Waiter {
  /** Its route: requests of one route wait for each other, as they need the same. */
  readonly route: string;
  /** Tries once more; false when there is still no place. */
  tryAgain(): boolean;
  /** It has waited long enough. */
  giveUp(): void;
}

/** How often a queue looks by itself: places may be freed by another proxy over the same gateway. */
const LOOK_MS = 100;

/** So many routes that find no place are tried in a row: where all places of a service are taken, none would find one. */
const MOST_FULL = 16;

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
  /** Those that wait by their routes: what one finds full another may not, for its version or its priority. */
  readonly #lines = new Map<string, Set<Place>>();
  #isWaking = false;
  #added = 0;
  size = 0;

  constructor(deadlines: Deadlines) {
    this.#deadlines = deadlines;
  }

  add(waiter: Waiter, queueMs: number): () => void {
    const place = new Place(waiter, this.#added++, this.#leave);
    const line = this.#lines.get(waiter.route) ?? new Set();
    this.#lines.set(waiter.route, line.add(place));
    this.#deadlines.set(place.deadline, queueMs);
    if (++this.size === 1) this.#deadlines.set(this.#look, LOOK_MS);
    return () => this.#leave(place);
  }

  // Trying may free a place at once, which asks for another try: one loop does for both.
  wake(): void {
    if (this.#isWaking) return;
    this.#isWaking = true;
    const full = new Set<string>();
    while (full.size < MOST_FULL) {
      const place = this.#oldestBut(full);
      if (place === undefined) break;
      if (place.waiter.tryAgain()) this.#leave(place);
      else full.add(place.waiter.route);
    }
    this.#isWaking = false;
  }

  onDeadline(): void {
    this.wake();
    if (this.size > 0) this.#deadlines.set(this.#look, LOOK_MS);
  }

  /** Who came first of those whose routes may have a place. */
  #oldestBut(full: ReadonlySet<string>): Place | undefined {
    let oldest: Place | undefined;
    for (const [route, line] of this.#lines) {
      if (full.has(route)) continue;
      const [first] = line;
      if (oldest === undefined || (first as Place).order < oldest.order) oldest = first;
    }
    return oldest;
  }

  readonly #leave = (place: Place): void => {
    const { route } = place.waiter;
    const line = this.#lines.get(route);
    if (line?.delete(place) !== true) return;
    if (line.size === 0) this.#lines.delete(route);
    this.#deadlines.clear(place.deadline);
    if (--this.size === 0) this.#deadlines.clear(this.#look);
  };
}

class Place implements DeadlineOwner {
  readonly deadline = new Deadline(this);
  readonly #onLate: (place: Place) => void;

  constructor(
    readonly waiter: Waiter,
    readonly order: number,
    onLate: (place: Place) => void,
  ) {
    this.#onLate = onLate;
  }

  onDeadline(): void {
    this.#onLate(this);
    this.waiter.giveUp();
  }
}
