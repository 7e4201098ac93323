import { HEADERS, QUERY, type SampleRoute } from "./routes.ts";
import { seededRandom, shuffled } from "./random.ts";

/**
 * Which routes the requests ask for. `uniform`: every route as often as any other, the worst case for caches.
 * `zipf`: the n-th most wanted route gets a share of 1/n, as real traffic does.
 */
export type Distribution = "uniform" | "zipf";

/** One request, and the route that has to be found for it. */
export interface SampleRequest {
  readonly route: string;
  /** As a gateway sees it. The target has a query. */
  readonly view: {
    readonly method: string;
    readonly url: string;
    readonly rawHeaders: readonly string[];
  };
  /** The path of the target alone. */
  readonly path: string;
}

/** Requests drawn from a distribution, the same ones in every run. */
export function sampleRequests(
  routes: readonly SampleRoute[],
  distribution: Distribution,
  count: number,
): SampleRequest[] {
  const random = seededRandom(count);
  const pick = distribution === "uniform" ? uniform(routes, random) : zipf(routes, random);
  return Array.from({ length: count }, () => {
    const route = pick();
    const path = flat(route.pathFor(Math.floor(random() * 100_000)));
    const view = { method: "GET", url: flat(path + QUERY), rawHeaders: HEADERS };
    return { route: route.id, view, path };
  });
}

/** The same text in one piece, as it comes from a socket. Text that is put together stays in pieces, and is slower to read. */
export function flat(text: string): string {
  return Buffer.from(text, "latin1").toString("latin1");
}

function uniform<T>(values: readonly T[], random: () => number): () => T {
  return () => values[Math.floor(random() * values.length)] as T;
}

function zipf<T>(values: readonly T[], random: () => number): () => T {
  // Which routes are wanted most must not go with where they stand in the configuration.
  const ranked = shuffled(values, random);
  let sum = 0;
  const sums = ranked.map((_, index) => (sum += 1 / (index + 1)));
  return () => ranked[firstAbove(sums, random() * sum)] as T;
}

/** Index of the first of the ascending numbers that is above a limit. */
function firstAbove(ascending: readonly number[], limit: number): number {
  let low = 0;
  let high = ascending.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ascending[middle] as number) > limit) high = middle;
    else low = middle + 1;
  }
  return low;
}
