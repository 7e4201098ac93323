/** What is kept of many rounds: others on the machine only ever add to a round, so low values say most. */
export interface Summary {
  readonly best: number;
  readonly lowerQuartile: number;
  readonly rounds: number;
}

/** The best and the lower quartile of what the rounds cost. NaN when there was none. */
export function summarize(costs: readonly number[]): Summary {
  const sorted = [...costs].sort((a, b) => a - b);
  return { best: quantile(sorted, 0), lowerQuartile: quantile(sorted, 0.25), rounds: costs.length };
}

/** The value in the middle. NaN when there is none. */
export function median(values: readonly number[]): number {
  return quantile(
    [...values].sort((a, b) => a - b),
    0.5,
  );
}

/** A quantile of ascending values, between two of them by their distance. */
function quantile(sorted: readonly number[], share: number): number {
  const position = share * (sorted.length - 1);
  const below = sorted[Math.floor(position)] ?? Number.NaN;
  const above = sorted[Math.ceil(position)] ?? Number.NaN;
  return below + (above - below) * (position - Math.floor(position));
}
