/** An SRV record. */
export interface SrvRecord {
  readonly target: string;
  readonly port: number;
  /** The lowest is asked first. */
  readonly priority: number;
  /** Share beside the records of the same priority. */
  readonly weight: number;
}

/** A host and a port with a share of the traffic of its tier. */
export interface Share {
  readonly host: string;
  readonly port: number;
  readonly tier: number;
  /** Above 0. */
  readonly weight: number;
}

/**
 * SRV records as tiers and weights. The priority is the tier. Weights stay, and where all of a priority are 0 they are alike. Beside
 * others the records of weight 0 share a weight of 1: RFC 2782 chooses by a whole number between 0 and the sum of the weights,
 * so that one of sum + 1 numbers falls to them. A target of `.` says that there is no service, and is left out.
 *
 * Source: RFC 2782, "Weight" and "Target".
 */
export function sharesOf(records: readonly SrvRecord[]): readonly Share[] {
  const weightless = new Map<number, number>();
  const served = records.filter(({ target }) => target !== "." && target !== "");
  for (const { priority, weight } of served)
    if (weight === 0) weightless.set(priority, (weightless.get(priority) ?? 0) + 1);
  const weighted = new Set(
    served.filter(({ weight }) => weight > 0).map(({ priority }) => priority),
  );
  return served.map(({ target, port, priority, weight }) => ({
    host: target.replace(/\.$/, "").toLowerCase(),
    port,
    tier: priority,
    weight: weight || (weighted.has(priority) ? 1 / (weightless.get(priority) ?? 1) : 1),
  }));
}

/**
 * The same with each host once for each port, in a lasting order. What comes twice has its lowest tier, with the weights that
 * it has there together.
 */
export function merged(shares: readonly Share[]): readonly Share[] {
  const byPlace = new Map<string, Share>();
  for (const share of shares) {
    const place = `${share.host} ${share.port}`;
    const other = byPlace.get(place);
    if (other === undefined || share.tier < other.tier) byPlace.set(place, share);
    else if (share.tier === other.tier)
      byPlace.set(place, { ...share, weight: share.weight + other.weight });
  }
  return [...byPlace.values()].toSorted(
    (one, other) =>
      one.tier - other.tier ||
      (one.host < other.host ? -1 : Number(one.host > other.host)) ||
      one.port - other.port,
  );
}
