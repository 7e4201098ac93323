/** What a balancer may know of an instance. */
export interface Candidate {
  readonly id: string;
  /** Share of traffic beside the other candidates; above 0. */
  readonly weight: number;
  /** Requests under way. */
  readonly inFlight: number;
  readonly zone?: string | undefined;
  /** Smoothed time until its answers, which rises at once and falls slowly. Unit: milliseconds. Default: 0, nothing is known. */
  readonly latencyMs?: number;
  /** When `latencyMs` was worked out, on the gateway's clock. Unit: milliseconds. */
  readonly latencyAt?: number;
}

/** What a pick is made from. */
export interface PickInput {
  /** Never empty. */
  readonly candidates: readonly Candidate[];
  /** The next number in [0, 1) from the random source. */
  readonly draw: () => number;
  /** Unit: milliseconds of the gateway's clock. May be 0 for a balancer that does not use time. */
  readonly now: number;
  /** Requests started at these candidates before. Default: 0. */
  readonly cursor?: number;
  /** Hash of what the request is known by (user, session): a whole number in [0, 2^32). Undefined where it has nothing such. */
  readonly key?: number | undefined;
  /** Requests under way at all candidates together. Default: summed up. */
  readonly inFlight?: number | undefined;
  /** What `prepare` made of the same candidates. Default: prepared anew. */
  readonly prepared?: unknown;
}

/**
 * Chooses one instance among candidates. A balancer reads and never writes: the same input gives the same
 * pick. Write one of your own by implementing this interface.
 *
 * @example
 * const first: Balancer = { name: "first", pick: () => 0 };
 */
export interface Balancer {
  readonly name: string;
  /** Whether a pick looks at `now`. Default: true. Where it does not, the clock is not read. */
  readonly usesTime?: boolean;
  /** Whether a pick looks at `key`. Default: false. Where it does not, no key is read from the request. */
  readonly usesKey?: boolean;
  /**
   * In which time a latency fades, where a pick looks at `latencyMs`. Unit: milliseconds. Default: no latencies are kept.
   */
  readonly latencyDecayMs?: number;
  /** Work that depends on ids and weights of the candidates alone; done once for each set of them. */
  prepare?(candidates: readonly Candidate[]): unknown;
  /** Index of the chosen candidate. */
  pick(input: PickInput): number;
}

/** The index that a number in [0, 1) falls to among `count` equal shares. */
export function indexAt(count: number, draw: number): number {
  return Math.min(Math.floor(draw * count), count - 1);
}
