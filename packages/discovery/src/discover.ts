import type { InstanceConfig } from "@signalbox/core";
import { backoffMs, backoffRule, type BackoffOptions, type BackoffRule } from "./backoff.js";
import { DiscoveryError, messageOf, type DiscoveryErrorKind } from "./discovery-error.js";
import { Run } from "./run.js";
import type { DiscoverySource, InstanceList } from "./source.js";
import { checkTime, systemTimers, type Timers } from "./timers.js";

/** How a list is kept up to date. */
export interface DiscoverOptions {
  /**
   * What an empty list means: nobody knows, and the last list is kept, or there are no instances. Default: `"keep"`.
   */
  readonly onEmpty?: "keep" | "apply";
  /**
   * How long a list outlives its source: so long after the first failure, or list that was not applied, since the last good one the
   * service is emptied. Unit: milliseconds. Default: for ever. Error: RangeError unless at least 1.
   */
  readonly maxStaleMs?: number;
  /**
   * A list waits so long for newer ones, and only the newest is applied. The first one does not wait. Unit: milliseconds.
   * Default: 100. Error: RangeError unless a number >= 0.
   */
  readonly coalesceMs?: number;
  /** The pause before a source that failed is started again. */
  readonly backoff?: BackoffOptions;
  /**
   * Hears of everything that kept a list from being applied; empty lists in a row are told once. What it throws is dropped.
   * Default: `process.emitWarning`.
   */
  readonly onError?: (error: DiscoveryError) => void;
  /** Default: those of Node. */
  readonly timers?: Timers;
  /** Chance for the jitter: a number in [0, 1). Default: `Math.random`. */
  readonly random?: () => number;
}

/** What is known of a list. */
export interface DiscoveryState {
  /**
   * `starting`: no list yet. `current`: the list is what the source gave last. `failing`: what came last was a failure, or a list
   * that was not applied. `ended`: the source will give nothing more. `closed`.
   */
  readonly status: "starting" | "current" | "failing" | "ended" | "closed";
  /** What the service was given last; undefined before the first list. */
  readonly instances: readonly InstanceConfig[] | undefined;
  /** What went wrong last, since the last good list. */
  readonly error: DiscoveryError | undefined;
  /** Since the source gave a good list last. Unit: milliseconds. */
  readonly ageMs: number | undefined;
}

/** A list that is kept up to date. */
export interface Discovery {
  /**
   * The first list, once it is applied. Rejects with the first thing that goes wrong before: the source is tried again all the
   * same. Whether anybody looks at it does not matter.
   */
  readonly ready: Promise<readonly InstanceConfig[]>;
  state(): DiscoveryState;
  /**
   * Ends it: the service keeps its list, and no timer, watcher or iterator is left. Settles when the source has ended, or after a
   * second when it does not; never rejects. Every call gives the same promise.
   */
  close(): Promise<void>;
}

/** How long `close` waits for a source that does not end. */
const CLOSE_MS = 1000;

/**
 * Keeps the instances of a service up to date. A source that fails, or gives an empty or a bad list, never takes a working list
 * away. Does not keep the process alive.
 *
 * @throws RangeError for an option out of its bounds
 *
 * @example
 * const discovery = discover(gateway.service("products"), fileSource("/etc/shop/products.json"));
 * await discovery.ready;
 * process.once("SIGTERM", () => void discovery.close());
 */
export function discover(
  service: InstanceList,
  source: DiscoverySource,
  options: DiscoverOptions = {},
): Discovery {
  return new LiveDiscovery(service, source, options);
}

class LiveDiscovery implements Discovery {
  readonly ready: Promise<readonly InstanceConfig[]>;
  readonly #service: InstanceList;
  readonly #source: DiscoverySource;
  readonly #rule: Pick<DiscoverOptions, "onEmpty" | "maxStaleMs"> & {
    readonly coalesceMs: number;
    readonly backoff: BackoffRule;
  };
  readonly #report: (error: DiscoveryError) => void;
  readonly #timers: Timers;
  readonly #random: () => number;
  readonly #first = Promise.withResolvers<readonly InstanceConfig[]>();

  #status: DiscoveryState["status"] = "starting";
  #instances: readonly InstanceConfig[] | undefined;
  #error: DiscoveryError | undefined;
  #confirmedAt: number | undefined;
  #pending: readonly InstanceConfig[] | undefined;
  #failures = 0;

  #run: Run | undefined;
  readonly #stops = new Set<Promise<void>>();
  #cancelApply: (() => void) | undefined;
  #cancelRestart: (() => void) | undefined;
  #cancelStale: (() => void) | undefined;
  #closing: Promise<void> | undefined;

  constructor(service: InstanceList, source: DiscoverySource, options: DiscoverOptions) {
    const { onEmpty = "keep", maxStaleMs, coalesceMs = 100 } = options;
    checkTime("coalesceMs", coalesceMs);
    if (maxStaleMs !== undefined) checkTime("maxStaleMs", maxStaleMs, 1);
    this.#rule = {
      ...{ onEmpty, coalesceMs, backoff: backoffRule(options.backoff) },
      ...(maxStaleMs === undefined ? {} : { maxStaleMs }),
    };
    this.#service = service;
    this.#source = source;
    this.#report = options.onError ?? ((error) => process.emitWarning(error));
    this.#timers = options.timers ?? systemTimers;
    this.#random = options.random ?? Math.random;
    this.ready = this.#first.promise;
    this.ready.catch(() => {});
    this.#start();
  }

  state(): DiscoveryState {
    const now = this.#timers.now();
    return {
      status: this.#status,
      instances: this.#instances,
      error: this.#error,
      ageMs: this.#confirmedAt === undefined ? undefined : now - this.#confirmedAt,
    };
  }

  close(): Promise<void> {
    if (this.#closing !== undefined) return this.#closing;
    this.#closing = this.#whenStopped();
    this.#status = "closed";
    this.#pending = undefined;
    this.#cancelApply?.();
    this.#cancelRestart?.();
    this.#cancelStale?.();
    this.#stopRun();
    this.#first.reject(new DiscoveryError("closed", this.#say("closed before the first list")));
    return this.#closing;
  }

  async #whenStopped(): Promise<void> {
    // What is to be stopped is known after this turn, also when the source closed us while it started.
    await Promise.resolve();
    let cancel = (): void => {};
    const enough = new Promise<void>((resolve) => {
      cancel = this.#timers.after(CLOSE_MS, resolve, true);
    });
    await Promise.race([Promise.all(this.#stops), enough]);
    cancel();
  }

  #start(): void {
    this.#run = new Run(this.#source, {
      found: (instances) => this.#found(instances),
      failed: (error) => this.#failed(error),
      ended: () => this.#ended(),
    });
    if (this.#closing !== undefined) this.#stopRun();
  }

  #stopRun(): void {
    const run = this.#run;
    if (run === undefined) return;
    this.#run = undefined;
    const stop = run.stop().catch((error: unknown) => {
      this.#tell("failed", `the source did not stop: ${messageOf(error)}`, error);
    });
    this.#stops.add(stop);
    void stop.then(() => this.#stops.delete(stop));
  }

  #found(instances: readonly InstanceConfig[]): void {
    if (this.#closing !== undefined) return;
    this.#failures = 0;
    this.#cancelRestart?.();
    this.#cancelRestart = undefined;
    if (!Array.isArray(instances)) {
      return this.#miss("refused", `expected a list of instances, got ${typeof instances}`);
    }
    if (instances.length === 0 && this.#rule.onEmpty === "keep") return this.#empty();
    this.#pending = instances;
    const isFirst = this.#instances === undefined || this.#instances.length === 0;
    if (isFirst || this.#rule.coalesceMs === 0) this.#apply();
    else this.#cancelApply ??= this.#timers.after(this.#rule.coalesceMs, () => this.#apply());
  }

  #empty(): void {
    if (this.#status === "failing" && this.#error?.kind === "empty") return;
    this.#miss("empty", 'the source gave an empty list, which onEmpty: "keep" does not apply');
  }

  #apply(): void {
    this.#cancelApply?.();
    this.#cancelApply = undefined;
    const instances = this.#pending;
    if (instances === undefined) return;
    this.#pending = undefined;
    try {
      this.#service.set(instances);
    } catch (error) {
      return this.#miss("refused", `the list was refused: ${messageOf(error)}`, error);
    }
    this.#instances = instances;
    this.#confirmedAt = this.#timers.now();
    this.#error = undefined;
    this.#cancelStale?.();
    this.#cancelStale = undefined;
    if (this.#status !== "closed" && this.#status !== "ended") this.#status = "current";
    this.#first.resolve(instances);
  }

  #failed(error: unknown): void {
    if (this.#closing !== undefined) return;
    if (this.#cancelRestart === undefined) {
      this.#failures += 1;
      const delayMs = backoffMs(this.#rule.backoff, this.#failures, this.#random());
      this.#cancelRestart = this.#timers.after(delayMs, () => {
        this.#cancelRestart = undefined;
        this.#stopRun();
        this.#start();
      });
    }
    this.#miss("failed", `the source failed: ${messageOf(error)}`, error);
  }

  #ended(): void {
    if (this.#closing !== undefined) return;
    this.#run = undefined;
    const isBare = this.#instances === undefined && this.#pending === undefined;
    if (isBare || this.#failures > 0) {
      this.#miss("failed", "the source ended without a list, and is not started again");
    }
    if (this.#closing === undefined) this.#status = "ended";
  }

  /** Something kept a list from being applied. */
  #miss(kind: DiscoveryErrorKind, message: string, cause?: unknown): void {
    if (this.#closing !== undefined) return;
    if (this.#status !== "ended") this.#status = "failing";
    const { maxStaleMs } = this.#rule;
    if (maxStaleMs !== undefined && this.#instances !== undefined)
      this.#cancelStale ??= this.#timers.after(maxStaleMs, () => this.#becomeStale(maxStaleMs));
    this.#error = this.#tell(kind, message, cause);
    this.#first.reject(this.#error);
  }

  #becomeStale(maxStaleMs: number): void {
    if (this.#pending !== undefined) {
      this.#cancelStale = undefined;
      return this.#apply();
    }
    try {
      this.#service.set([]);
      this.#instances = [];
    } catch (error) {
      this.#tell("refused", `the empty list was refused: ${messageOf(error)}`, error);
    }
    this.#error = this.#tell("stale", `no good list for ${maxStaleMs} ms: the service is emptied`);
  }

  #tell(kind: DiscoveryErrorKind, message: string, cause?: unknown): DiscoveryError {
    const error = new DiscoveryError(
      kind,
      this.#say(message),
      cause === undefined ? {} : { cause },
    );
    try {
      const heard: unknown = this.#report(error);
      if (heard instanceof Promise) heard.catch(() => {});
    } catch {
      // A report that fails must not end what it reports on.
    }
    return error;
  }

  #say(message: string): string {
    const { name } = this.#service;
    return name === undefined ? message : `${name}: ${message}`;
  }
}
