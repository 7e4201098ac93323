/** Longest cycle that is kept. Longer ones are scaled down, and weights rounded with them. */
const MAX_TURNS = 65_536;

/** Weights as the smallest whole numbers of the same shares: exact for whole weights, to a hundredth for others. */
export function wholeWeights(weights: readonly number[]): readonly number[] {
  const whole = weights.every(Number.isInteger)
    ? weights
    : weights.map((weight) => Math.max(1, Math.round(weight * 100)));
  const divisor = whole.reduce(greatestCommonDivisor);
  const smallest = whole.map((weight) => weight / divisor);
  const sum = sumOf(smallest);
  if (sum <= MAX_TURNS) return smallest;
  const scaled = smallest.map((weight) => (weight * MAX_TURNS) / sum);
  return scaled.map((weight) => Math.max(1, Math.floor(weight)));
}

/** The sum of weights. */
export function sumOf(weights: Iterable<number>): number {
  let sum = 0;
  for (const weight of weights) sum += weight;
  return sum;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
