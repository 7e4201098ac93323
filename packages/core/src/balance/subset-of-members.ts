import { murmur3 } from "../murmur3.js";
import { subsetOf } from "./subset.js";

/** What the choice of a subset depends on. */
export interface SubsetMember {
  readonly id: string;
  readonly tier: number;
  readonly zone: string | undefined;
}

/** Who chooses, and how many. */
export interface SubsetRule {
  readonly client: string;
  readonly size: number;
  /** That of the gateway; undefined where it has none. */
  readonly zone: string | undefined;
}

/**
 * The members that one gateway of many keeps to: a subset of each tier, as large a part of it as of the service, and in a tier as
 * many of the gateway's own zone as is their part there. So tiers and zones divide the traffic as they do without a subset. Of each tier there is one at least, of the first tiers where there are more
 * than places; and where a tier has instances in the gateway's own zone, one of them.
 *
 * A part is seldom a whole number of places: whether it is rounded up or down depends on the name of the gateway, so that over
 * many gateways it comes out exactly. When an instance comes or goes, parts move a little, and with them one place of few
 * gateways: over 300 instances and a size of 30 a subset changes by 0.2 on average, by 0.1 where there are neither tiers nor zones.
 *
 * Local instances alone would be less to connect to, but a small zone would get all that its gateways have.
 *
 * @param members their ids are unique
 * @returns `members` itself where it holds no more than `size`. In their order. O(n log n)
 *
 * Sources: `subsetOf` for the choice in each part; J. Neyman, "On the two different aspects of the representative method", 1934
 * (proportional allocation); W. and L. Madow, "On the theory of systematic sampling", 1944 (rounding that is exact on average).
 */
export function subsetOfMembers<T extends SubsetMember>(
  members: readonly T[],
  { client, size, zone }: SubsetRule,
): readonly T[] {
  if (size <= 0 || members.length <= size) return members;
  const tiers = [...Map.groupBy(members, ({ tier }) => tier)].sort(([a], [b]) => a - b);
  const places = placesFor(tiers, size, pointOf(client, "tiers"));
  const chosen = new Set<string>();
  for (const [index, [tier, own]] of tiers.entries()) {
    const parts = [...Map.groupBy(own, isIn(zone))].sort(([a], [b]) => Number(b) - Number(a));
    const inParts = placesFor(parts, places[index] as number, pointOf(client, `zones of ${tier}`));
    for (const [position, [, part]] of parts.entries())
      for (const id of firstOf(part, client, inParts[position] as number)) chosen.add(id);
  }
  return members.filter(({ id }) => chosen.has(id));
}

// A gateway without a zone has no local instances: a tier is one part then.
function isIn(zone: string | undefined): (member: SubsetMember) => boolean {
  return (member) => zone !== undefined && member.zone === zone;
}

function firstOf(part: readonly SubsetMember[], client: string, size: number): readonly string[] {
  const ids = part.map(({ id }) => id);
  return size === 0 ? [] : subsetOf(ids, client, size);
}

// A number in [0, 1) that each gateway has for each purpose.
function pointOf(client: string, purpose: string): number {
  return murmur3(purpose, murmur3(client, 0)) / 2 ** 32;
}

/** How many of `size` places each part has, what matters most standing first. */
function placesFor(
  parts: readonly (readonly [unknown, readonly unknown[]])[],
  size: number,
  point: number,
): readonly number[] {
  const all = parts.reduce((sum, [, members]) => sum + members.length, 0);
  let passed = 0;
  const places = parts.map(([, { length }]) => {
    const before = Math.floor((size * passed) / all + point);
    passed += length;
    return Math.floor((size * passed) / all + point) - before;
  });
  for (const index of places.keys()) if (places[index] === 0) giveOne(places, index);
  return places;
}

// The part with most places gives one away; where all have one, it is the last.
function giveOne(places: number[], to: number): void {
  const most = Math.max(...places);
  const from = places.lastIndexOf(most);
  if (most === 0 || (most === 1 && from < to)) return;
  places[from] = (places[from] as number) - 1;
  places[to] = 1;
}
