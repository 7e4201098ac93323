/**
 * Times that clients waited: until they had their answer, be it an error, or until they left. So one that left counts with less than
 * its answer would have taken. Unit: milliseconds.
 */
export interface LatencyQuantiles {
  readonly mean: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

/** What happened in one piece of time, which is `sampleMs` long. What happens at its very end belongs to the next. */
export interface SimulationPoint {
  /** Its end. Unit: milliseconds. */
  readonly atMs: number;
  /** Clients that came. */
  readonly clients: number;
  /** Requests that ended: `succeeded`, `failed` and `abandoned` ones together. */
  readonly requests: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly abandoned: number;
  /** Attempts that began. */
  readonly attempts: number;
  /** Those of them that were not the first of their request. */
  readonly retries: number;
  /** Of the requests that ended; 0 where none did. Unit: milliseconds. */
  readonly p50: number;
  readonly p99: number;
  /** Requests at each instance at its end, by id. */
  readonly inFlight: { readonly [id: string]: number };
  /** Attempts that came to each instance, by id. */
  readonly served: { readonly [id: string]: number };
}

/** What one instance came to. */
export interface InstanceTotals {
  /** Attempts that came to it, those that it refused among them. */
  readonly requests: number;
  /** Of the attempts that came to all instances, in [0, 1]. */
  readonly share: number;
  /** Time that its workers worked. Unit: milliseconds. */
  readonly busyMs: number;
  /** Most requests at it at once, waiting ones and those that nobody waits for any more among them. */
  readonly maxInFlight: number;
  readonly ejections: number;
}

/** What a simulation came to. */
export interface SimulationResult {
  /** Clients that came. One that asks again by itself is still the same. */
  readonly clients: number;
  /** Requests of clients, those that clients repeated by themselves among them. */
  readonly requests: number;
  /** Requests that were answered with a status below 400. A client has at most one: it asks no more then. */
  readonly succeeded: number;
  /** Of the requests that clients did not give up, in [0, 1]. */
  readonly successRatio: number;
  /** Requests that clients gave up. */
  readonly abandoned: number;
  readonly latency: LatencyQuantiles;
  /** Attempts at instances. */
  readonly attempts: number;
  /** Attempts that were not the first of their request: retries of the gateway, and hedges. */
  readonly retries: number;
  /** Requests by the status that the client got: 404 where no route held, 499 where it left. */
  readonly statuses: { readonly [status: number]: number };
  /** Reasons for which the gateway refused. */
  readonly refused: { readonly [reason: string]: number };
  /** Events of the gateway, by kind. */
  readonly events: { readonly [kind: string]: number };
  /**
   * Time that instances worked on what nobody waited for any more when it was done: the client had left, the time was up, or another
   * attempt was faster. All the work on it counts, and no time in a queue. Unit: milliseconds.
   */
  readonly wastedMs: number;
  /** By id: all that were configured, and those that came later. */
  readonly instances: { readonly [id: string]: InstanceTotals };
  /** Up to `durationMs`. What was waited for after that is in the totals only. */
  readonly series: readonly SimulationPoint[];
}

/** Times, to be asked for their quantiles. */
export class Latencies {
  #times = new Float64Array(1_024);
  #count = 0;
  #sum = 0;

  add(ms: number): void {
    if (this.#count === this.#times.length) {
      const larger = new Float64Array(2 * this.#times.length);
      larger.set(this.#times);
      this.#times = larger;
    }
    this.#times[this.#count++] = ms;
    this.#sum += ms;
  }

  /** Quantiles by the nearest rank; 0 where there is nothing. */
  quantiles(): LatencyQuantiles {
    const sorted = this.#times.slice(0, this.#count).sort();
    const at = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
    const mean = this.#count === 0 ? 0 : this.#sum / this.#count;
    return { mean, p50: at(0.5), p90: at(0.9), p99: at(0.99), p999: at(0.999), max: at(1) };
  }

  clear(): void {
    this.#count = 0;
    this.#sum = 0;
  }
}

/** Counts by name. */
export class Tally {
  readonly #counts = new Map<string | number, number>();

  add(name: string | number): void {
    this.set(name, this.of(name) + 1);
  }

  set(name: string | number, count: number): void {
    this.#counts.set(name, count);
  }

  of(name: string | number): number {
    return this.#counts.get(name) ?? 0;
  }

  all(): { readonly [name: string]: number } {
    return Object.fromEntries(this.#counts);
  }
}
