/** What the levels depend on. */
export interface LevelMember {
  /** Those of tier 0 get all traffic that they bear, then those of tier 1, and so on. */
  readonly tier: number;
  readonly zone: string | undefined;
  /** Share of traffic as it is now: less than `fullWeight` while the instance warms up. */
  readonly weight: number;
  readonly fullWeight: number;
}

/** How traffic is spread over tiers and zones. */
export interface LevelRule {
  /** How many times its ordinary load a tier or a zone bears before it hands on. Default: 1.4. */
  readonly overprovisioning: number;
  /** Members from which on a tier looks at zones. Default: 2. */
  readonly minimumMembers: number;
  /** Share of the traffic that comes from the gateway's own zone, in [0, 1]. Default: undefined, all zones send alike. */
  readonly localRatio: number | undefined;
  /**
   * All members of a tier are tried, eligible or not, when a smaller share of it than this is eligible and all tiers together do
   * not bear the traffic. Default: 0, so that it is done only when none is eligible anywhere.
   */
  readonly panicRatio: number;
}

/** Candidates that share a part of the traffic. */
export interface Level<T> {
  /** Never empty. */
  readonly candidates: readonly T[];
  /** Its share ends at this point in [0, 1]; it begins where that of the level before ends. It may be empty. */
  readonly upTo: number;
  /** Whether the candidates are tried although they are not eligible. */
  readonly isPanic: boolean;
}

/** The rule where nothing else is said. */
export const LEVEL_DEFAULTS: LevelRule = Object.freeze({
  overprovisioning: 1.4,
  minimumMembers: 2,
  localRatio: undefined,
  panicRatio: 0,
});

/**
 * Levels of candidates, those that get traffic first standing first.
 *
 * Tiers: each bears 1.4 times the share of it that is eligible, by weight, at most all traffic; it takes what the tiers before it
 * do not bear. Where all together do not bear it all, each takes a part as large as what it bears. A member that warms up counts
 * in full, so that a tier that grows hands nothing on.
 *
 * Zones, inside a tier: the gateway's own zone takes all of it as long as that loads its instances at most 1.4 times as much as
 * the tier is loaded on average; the rest goes to the other zones, by weight. All zones are taken to send the same traffic. So a
 * zone that is small, has lost instances or warms up hands on as much as it cannot bear, and when all zones have lost the same
 * nothing crosses over. The weights are those of the moment: a zone gets its traffic back as its instances warm up.
 *
 * Levels that get no traffic now are listed too: a retry finds there whom to ask next. Where there is one level, it
 * has `eligible` itself as candidates; where nobody is eligible it has `members` itself. O(members).
 *
 * Compared with others: Envoy's zone aware routing is the same rule without the factor, for gateways that know how many there are
 * in each zone. Envoy's priorities, used for zones, would hand on by the zone's own losses alone, and overload a small zone that is
 * whole. Topology hints of Kubernetes keep all traffic local or none.
 *
 * @param members those that would get traffic if they were eligible: without those that drain
 * @param eligible those of them that are, in the same order
 * @param zone the zone of the gateway
 *
 * Sources: Envoy, priority levels, panic threshold and zone aware routing; Kubernetes, topology aware routing.
 */
export function levelsOf<T extends LevelMember>(
  members: readonly T[],
  eligible: readonly T[],
  zone: string | undefined,
  rule: LevelRule = LEVEL_DEFAULTS,
): readonly Level<T>[] {
  if (members.length === 0) return [];
  if (eligible.length === 0) return all(members, true);
  // The common case costs no lists.
  if (rule.panicRatio === 0 && isOneLevel(members, zone)) return all(eligible, false);
  const tiers = tiersOf(members, eligible);
  const bearable = Math.min(
    1,
    sumOf(tiers, (tier) => bearableBy(tier, rule)),
  );
  const isPanic = (tier: Tier<T>) => bearable < 1 && healthOf(tier) < rule.panicRatio;
  if (tiers.every(isPanic)) return all(members, true);
  const shares: Share<T>[] = [];
  let left = 1;
  for (const tier of tiers) {
    if (tier.eligible.length === 0) continue;
    const share = Math.min(left, bearableBy(tier, rule) / bearable);
    left -= share;
    if (isPanic(tier)) shares.push({ candidates: tier.members, share, isPanic: true });
    else addZones(shares, tier, share, zone, rule);
  }
  return shares.length === 1 && shares[0]?.isPanic === false
    ? all(eligible, false)
    : cumulated(shares);
}

/** The level that a point in [0, 1) falls to; -1 where there are no levels. O(levels). */
export function levelAt(levels: readonly Pick<Level<unknown>, "upTo">[], point: number): number {
  for (let index = 0; index < levels.length; index++) {
    if (point < (levels[index] as Pick<Level<unknown>, "upTo">).upTo) return index;
  }
  return levels.length - 1;
}

interface Tier<T> {
  readonly number: number;
  readonly members: readonly T[];
  readonly eligible: readonly T[];
}

interface Share<T> {
  readonly candidates: readonly T[];
  readonly share: number;
  readonly isPanic: boolean;
}

function all<T>(candidates: readonly T[], isPanic: boolean): readonly Level<T>[] {
  return [{ candidates, upTo: 1, isPanic }];
}

function isOneLevel(members: readonly LevelMember[], zone: string | undefined): boolean {
  const first = members[0] as LevelMember;
  for (const member of members) {
    if (member.tier !== first.tier) return false;
    if (zone !== undefined && (member.zone === zone) !== (first.zone === zone)) return false;
  }
  return true;
}

function tiersOf<T extends LevelMember>(
  members: readonly T[],
  eligible: readonly T[],
): readonly Tier<T>[] {
  const eligibleBy = Map.groupBy(eligible, ({ tier }) => tier);
  const tiers = Array.from(
    Map.groupBy(members, ({ tier }) => tier),
    ([number, own]) => ({ number, members: own, eligible: eligibleBy.get(number) ?? [] }),
  );
  return tiers.sort((a, b) => a.number - b.number);
}

/** Share of the tier that is eligible, by weight. */
function healthOf<T extends LevelMember>({ members, eligible }: Tier<T>): number {
  return sumOf(eligible, fullWeightOf) / sumOf(members, fullWeightOf);
}

/** Share of all traffic that the tier bears, above 1 where it bears more. */
function bearableBy<T extends LevelMember>(tier: Tier<T>, rule: LevelRule): number {
  return rule.overprovisioning * healthOf(tier);
}

function addZones<T extends LevelMember>(
  shares: Share<T>[],
  { members, eligible }: Tier<T>,
  share: number,
  zone: string | undefined,
  { overprovisioning, minimumMembers, localRatio }: LevelRule,
): void {
  const local = eligible.filter((member) => member.zone === zone);
  const isSplit =
    zone !== undefined &&
    members.length >= minimumMembers &&
    local.length > 0 &&
    local.length < eligible.length;
  if (!isSplit) {
    shares.push({ candidates: eligible, share, isPanic: false });
    return;
  }
  const capacity = sumOf(local, weightOf) / sumOf(eligible, weightOf);
  // Members of no zone are a zone of their own.
  const sent = localRatio ?? 1 / new Set(members.map((member) => member.zone)).size;
  const localShare = share * Math.min(1, (overprovisioning * capacity) / sent);
  const others = eligible.filter((member) => member.zone !== zone);
  shares.push({ candidates: local, share: localShare, isPanic: false });
  shares.push({ candidates: others, share: share - localShare, isPanic: false });
}

function cumulated<T>(shares: readonly Share<T>[]): readonly Level<T>[] {
  const last = shares.findLastIndex(({ share }) => share > 0);
  let upTo = 0;
  return shares.map(({ candidates, share, isPanic }, index) => {
    // The last one that gets traffic takes what rounding leaves over.
    upTo = index >= last ? 1 : Math.min(1, upTo + share);
    return { candidates, upTo, isPanic };
  });
}

function weightOf({ weight }: LevelMember): number {
  return weight;
}

function fullWeightOf({ fullWeight }: LevelMember): number {
  return fullWeight;
}

function sumOf<T>(list: readonly T[], of: (each: T) => number): number {
  let sum = 0;
  for (const each of list) sum += of(each);
  return sum;
}
