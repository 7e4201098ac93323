import { LRUCache } from "lru-cache";
import type { HeaderRule } from "./affinity-rule.js";

/** Which instance the sessions of a service belong to. Bounded: the session that was idle for the longest goes first. */
export interface SessionMemory {
  readonly capacity: number;
  readonly ttlMs: number;
  /** Ids of instances by key. */
  readonly sessions: LRUCache<string, string>;
  /** What the cache reads for a clock: each function sets it to the `now` that it was given. */
  readonly clock: { now: number };
}

type Bounds = Pick<HeaderRule, "capacity" | "ttlMs">;

/** A memory without sessions. */
export function newSessionMemory({ capacity, ttlMs }: Bounds): SessionMemory {
  const clock = { now: 0 };
  const sessions = new LRUCache<string, string>({
    max: capacity,
    ttl: ttlMs,
    // Otherwise the cache reads its clock once a millisecond, and sets a timer for it.
    ttlResolution: 0,
    perf: { now: () => clock.now },
  });
  return { capacity, ttlMs, sessions, clock };
}

/**
 * The id of the instance that a session belongs to; undefined for a session that is new or forgotten. Reads: neither the
 * age nor the order of sessions changes. O(1).
 *
 * @param now of the gateway's clock, above 0. Unit: milliseconds
 */
export function recall(memory: SessionMemory, key: string, now: number): string | undefined {
  memory.clock.now = now;
  return memory.sessions.peek(key);
}

/** Notes that a session belongs to an instance, and that it was seen now. Writes. O(1). */
export function remember(memory: SessionMemory, key: string, id: string, now: number): void {
  memory.clock.now = now;
  memory.sessions.set(key, id);
}

/**
 * A memory of other bounds with the sessions of another, their ages kept; the same one where the bounds are the same.
 * O(sessions).
 */
export function withBounds(before: SessionMemory, bounds: Bounds, now: number): SessionMemory {
  if (before.capacity === bounds.capacity && before.ttlMs === bounds.ttlMs) return before;
  const memory = newSessionMemory(bounds);
  before.clock.now = now;
  // The longest idle first, so that these are what a smaller memory loses.
  for (const [key, id] of before.sessions.rentries()) {
    if (key === undefined || id === undefined) continue;
    const ageMs = before.ttlMs - before.sessions.getRemainingTTL(key);
    memory.sessions.set(key, id, { start: now - ageMs });
  }
  return memory;
}
