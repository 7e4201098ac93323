import { murmur3 } from "../murmur3.js";
import type { Candidate } from "./balancer.js";
import { weightOf } from "./bounded-load.js";
import { mix } from "./hash.js";

/** Points of candidates on the circle of 32-bit numbers. */
export interface HashRing {
  /** In ascending order. */
  readonly points: Uint32Array;
  /** Index of the candidate of each point. */
  readonly owners: Uint32Array;
  /** Where the points with the same leading bits begin. */
  readonly starts: Uint32Array;
  /** A number shifted right by this leaves the leading bits. */
  readonly shift: number;
  /** Sum of the weights. */
  readonly weight: number;
}

/** Sizes of rings. */
export interface RingSize {
  readonly minimum: number;
  readonly maximum: number;
}

/**
 * Puts candidates on a ring. The points of each follow from its id and weight, and never from its place in the list. They are
 * sorted by their leading bits first, which even hashes spread evenly: in time in proportion to the points.
 *
 * Sources: D. Karger et al., "Consistent hashing and random trees", 1997; libketama, 2007, for points by weight; E. Isaac,
 * R. Singleton, "Sorting by address calculation", 1956.
 */
export function prepareRing(candidates: readonly Candidate[], size: RingSize): HashRing {
  const weight = weightOf(candidates);
  const density = densityOf(weight, size);
  const seeds = candidates.map(({ id }) => murmur3(id, ID_SEED));
  const counts = candidates.map((each, index) =>
    pointsOf(each.weight * density, seeds[index] as number),
  );
  const count = counts.reduce((sum, each) => sum + each, 0);
  const points = new Uint32Array(count);
  const owners = new Uint32Array(count);
  let at = 0;
  for (const [owner, { id }] of candidates.entries()) {
    const seed = seeds[owner] as number;
    const salt = murmur3(id, SALT_SEED);
    for (let point = 0; point < (counts[owner] as number); point++) {
      // Two hashes of the id: where one of them is that of another id, the points still differ.
      points[at] = mix(seed ^ mix(salt + point));
      owners[at++] = owner;
    }
  }
  return { ...sorted(points, owners, candidates), weight };
}

/** Position of the first point at or after a place, beyond the last the first of all. O(1) on average. */
export function ringPosition({ points, starts, shift }: HashRing, place: number): number {
  let at = starts[place >>> shift] as number;
  while (at < points.length && (points[at] as number) < place) at++;
  return at === points.length ? 0 : at;
}

const ID_SEED = 0;
const SALT_SEED = 0x9e3779b9;

/**
 * Points for each unit of weight. As long as they fit on the largest ring it is the same for every set of candidates: those that
 * stay keep their points when others come and go.
 */
function densityOf(weight: number, { minimum, maximum }: RingSize): number {
  return Math.min(minimum / 2, maximum / weight);
}

/** Rounds so that many fractions sum up to the right number, each by its own hash and so without the others; one at least. */
function pointsOf(wanted: number, hash: number): number {
  return Math.max(1, Math.floor(wanted + mix(hash) / 2 ** 32));
}

function sorted(
  points: Uint32Array,
  owners: Uint32Array,
  candidates: readonly Candidate[],
): Omit<HashRing, "weight"> {
  const count = points.length;
  const bits = Math.max(1, Math.floor(Math.log2(count)));
  const shift = 32 - bits;
  const starts = new Uint32Array(2 ** bits + 1);
  for (let at = 0; at < count; at++) take(starts, ((points[at] as number) >>> shift) + 1);
  for (let start = 1; start < starts.length; start++)
    starts[start] = (starts[start] as number) + (starts[start - 1] as number);
  const free = starts.slice();
  const ring = { points: new Uint32Array(count), owners: new Uint32Array(count), starts, shift };
  for (let at = 0; at < count; at++) {
    const place = take(free, (points[at] as number) >>> shift);
    ring.points[place] = points[at] as number;
    ring.owners[place] = owners[at] as number;
  }
  // A point is now among the one or two of its leading bits: few are moved, and not far.
  for (let at = 1; at < count; at++) sink(ring, at, candidates);
  return ring;
}

/** The number at an index, which then grows by one. */
function take(numbers: Uint32Array, index: number): number {
  const number = numbers[index] as number;
  numbers[index] = number + 1;
  return number;
}

/** Moves a point down to where it belongs. Of equal points the one of the lesser id comes first. */
function sink(
  { points, owners }: Omit<HashRing, "weight">,
  from: number,
  candidates: readonly Candidate[],
): void {
  const point = points[from] as number;
  const owner = owners[from] as number;
  let at = from;
  while (at > 0) {
    const before = points[at - 1] as number;
    if (before < point) break;
    if (before === point && isBefore(candidates, owners[at - 1] as number, owner)) break;
    points[at] = before;
    owners[at] = owners[at - 1] as number;
    at--;
  }
  if (at === from) return;
  points[at] = point;
  owners[at] = owner;
}

function isBefore(candidates: readonly Candidate[], a: number, b: number): boolean {
  return (candidates[a] as Candidate).id <= (candidates[b] as Candidate).id;
}
