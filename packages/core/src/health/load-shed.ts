/** Each priority leaves this share of the limit to the next higher one. */
const STEP_RATIO = 0.1;
/** The lowest priority has this share of the limit at least. */
const LOWEST_RATIO = 0.5;

/**
 * The share of a concurrency limit that requests of each priority may fill: the highest priority all of it, and each one below a tenth
 * less than the next higher one. Only priorities that are used count, not how far apart they are; where there are more than six, they
 * are spread evenly from the whole limit to half of it. With one priority nothing is kept free.
 *
 * A request is shed by all that is under way, whatever its priority: when a service fills up the lowest priority is refused first, and
 * what is under way is never cut off.
 *
 * @param priorities those of the routes that lead to the service: whole numbers, 0 where a route names none; higher is shed later
 * @returns priority -> share in (0, 1]
 *
 * Sources: B. Beyer and others, "Site Reliability Engineering", 2016, chapter 21, criticality (less critical requests are refused
 * first); D. Yanacek, "Using load shedding to avoid overload", Amazon Builders' Library (room is kept for what matters most); Netflix,
 * "Keeping Netflix Reliable Using Prioritized Load Shedding", 2020 (the threshold follows the priority). Envoy gives each of its two
 * priorities a limit of its own instead, which fits no limit that adapts.
 *
 * @example
 * shedShares([0, 10, -5]); // Map { 10 => 1, 0 => 0.9, -5 => 0.8 }
 */
export function shedShares(priorities: Iterable<number>): ReadonlyMap<number, number> {
  const used = [...new Set(priorities)].sort((a, b) => b - a);
  const step = Math.min(STEP_RATIO, (1 - LOWEST_RATIO) / (used.length - 1));
  return new Map(used.map((priority, below) => [priority, 1 - below * step]));
}

/**
 * Most requests under way at which one with this share still finds a place; 1 at least.
 *
 * @param limit fixed or adaptive; 0 means none
 * @param share from `shedShares`
 */
export function placesOf(limit: number, share: number): number {
  // Products of fractions may miss a whole number by a rounding error.
  return limit === 0 ? Number.POSITIVE_INFINITY : Math.max(1, Math.floor(limit * share + 1e-9));
}

/** What shedding looks at. */
export interface ShedInput {
  /** Of the priority of the request, from `shedShares`. */
  readonly share: number;
  /** Requests under way at the service, of all priorities. */
  readonly inFlight: number;
  /** Most that may be, fixed or adaptive; 0 means no limit. */
  readonly limit: number;
}

/** Whether a request is refused, because what its priority may fill is full. */
export function shouldShed({ share, inFlight, limit }: ShedInput): boolean {
  return inFlight >= placesOf(limit, share);
}
