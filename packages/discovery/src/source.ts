import type { InstanceConfig } from "@signalbox/core";

/**
 * Where a list of instances goes: `gateway.service(name)`, or anything else that has a `set`. It is given each list that the
 * source gives, one that it already has too, so `set` must make a difference of it.
 */
export interface InstanceList {
  /** Stands in messages. */
  readonly name?: string;
  /** Makes the list what is given. Throws for a bad list, and has then changed nothing. */
  set(instances: readonly InstanceConfig[]): void;
}

/**
 * One run of a source: tells lists and failures until it is stopped.
 *
 * - `found(instances)` gives the whole list as it is now. It may be called at any time and as often as is useful, with the same
 *   list too: that confirms it.
 * - `failed(error)` says that something went wrong. The source is then stopped and started again after a back-off, unless it
 *   finds a list before.
 * - What it returns ends the run: it gives back what the run holds. What the run tells after that is ignored.
 *
 * @example
 * const source: WatchInstances = (found, failed) => {
 *   const feed = registry.subscribe("products", { next: found, error: failed });
 *   return () => feed.close();
 * };
 */
export type WatchInstances = (
  found: (instances: readonly InstanceConfig[]) => void,
  failed: (error: unknown) => void,
) => () => void | Promise<void>;

/**
 * Where lists of instances come from: a function that watches, or an async iterable of lists.
 *
 * An iterable is the same in another form: a value is `found`, an error that `next` rejects with is `failed`, and `return` ends it.
 * Its end says that the last list stays as it is. After a failure it is asked for a new iterator; an async generator has
 * only one, so give an object whose `[Symbol.asyncIterator]` makes one each time.
 *
 * @example
 * const source: DiscoverySource = {
 *   async *[Symbol.asyncIterator]() {
 *     for await (const event of registry.watch("products")) yield event.urls;
 *   },
 * };
 */
export type DiscoverySource = WatchInstances | AsyncIterable<readonly InstanceConfig[]>;
