/** Quantiles of times until clients had their answer. Unit: milliseconds. */
export interface LatencyQuantiles {
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

/** What happened in one piece of time. */
export interface SimulationPoint {
  /** Its end. Unit: milliseconds. */
  readonly atMs: number;
  /** Requests whose answer fell into it, and those of them that were no success. */
  readonly requests: number;
  readonly failed: number;
  readonly retries: number;
  /** 0 where nothing was answered. Unit: milliseconds. */
  readonly p50: number;
  readonly p99: number;
  /** Requests that the instances had got by its end, by id. */
  readonly inFlight: { readonly [id: string]: number };
  readonly served: { readonly [id: string]: number };
}

/** What one instance came to. */
export interface InstanceTotals {
  readonly requests: number;
  /** Of the requests of all instances, in [0, 1]. */
  readonly share: number;
  /** Unit: milliseconds. */
  readonly busyMs: number;
  readonly maxInFlight: number;
  readonly ejections: number;
}

/** What a simulation came to. */
export interface SimulationResult {
  /** Requests of clients, those that clients repeated by themselves among them. */
  readonly requests: number;
  readonly succeeded: number;
  /** Of those that the client did not give up, in [0, 1]. */
  readonly successRatio: number;
  /** Requests that clients gave up. */
  readonly abandoned: number;
  readonly latency: LatencyQuantiles;
  /** Attempts at instances. */
  readonly attempts: number;
  readonly retries: number;
  /** By status, for what the gateway refused too. */
  readonly statuses: { readonly [status: number]: number };
  /** Reasons for which the gateway refused. */
  readonly refused: { readonly [reason: string]: number };
  /** Events of the gateway, by kind. */
  readonly events: { readonly [kind: string]: number };
  /** Time that instances worked on what nobody waited for any more. Unit: milliseconds. */
  readonly wastedMs: number;
  readonly instances: { readonly [id: string]: InstanceTotals };
  readonly series: readonly SimulationPoint[];
}

/** Times, to be asked for their quantiles. */
export class Latencies {
  #times = new Float64Array(1_024);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  add(ms: number): void {
    if (this.#count === this.#times.length) {
      const larger = new Float64Array(2 * this.#times.length);
      larger.set(this.#times);
      this.#times = larger;
    }
    this.#times[this.#count++] = ms;
  }

  /** Quantiles by the nearest rank; 0 where there is nothing. */
  quantiles(): LatencyQuantiles {
    const sorted = this.#times.subarray(0, this.#count).slice().sort();
    const at = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
    return { p50: at(0.5), p90: at(0.9), p99: at(0.99), p999: at(0.999), max: at(1) };
  }

  clear(): void {
    this.#count = 0;
  }
}

/** Counts by name. */
export class Tally {
  readonly #counts = new Map<string | number, number>();

  add(name: string | number): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
  }

  of(name: string | number): number {
    return this.#counts.get(name) ?? 0;
  }

  all(): { readonly [name: string]: number } {
    return Object.fromEntries(this.#counts);
  }
}
