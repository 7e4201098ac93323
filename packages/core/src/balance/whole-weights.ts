/** Most turns of a cycle, but for rounding. Up to here all that is worked out of turns and weights is exact. */
const MOST_TURNS = 16_777_216;

/** Digits after the point that are looked at. */
const MOST_DIGITS = 12;

/** How far a number may be from a whole one, as a share of itself: 0.15 that was worked out by dividing is 0.15 all the same. */
const NOISE = 1e-12;

/**
 * The smallest whole numbers of the same shares. They are exact for whole weights and for decimal fractions of up to twelve
 * digits, as long as they sum up to 16 777 216 at most.
 *
 * Others are rounded to whole 16 777 216ths of the sum, to one at least. A share is then off by half of one at most, and by n
 * of them for each whole: with 10 000 weights by 0.06 % of itself. Only a share below half of one is more than doubled.
 *
 * Source: Euclid, "Elements", VII.2, for the greatest common divisor.
 */
export function wholeWeights(weights: readonly number[]): readonly number[] {
  const exact = scaled(weights);
  if (exact !== undefined && sumOf(exact) <= MOST_TURNS) return exact;
  return smallest(rounded(weights));
}

/** The sum of weights. */
export function sumOf(weights: Iterable<number>): number {
  let sum = 0;
  for (const weight of weights) sum += weight;
  return sum;
}

/** Times the least power of ten that makes all of them whole, and divided by what they have in common; undefined where none does. */
function scaled(weights: readonly number[]): readonly number[] | undefined {
  for (let digits = 0; digits <= MOST_DIGITS; digits++) {
    const factor = 10 ** digits;
    if (weights.every((weight) => isWhole(weight * factor)))
      return smallest(weights.map((weight) => Math.round(weight * factor)));
  }
  return undefined;
}

function isWhole(value: number): boolean {
  return Math.abs(value - Math.round(value)) <= value * NOISE;
}

function rounded(weights: readonly number[]): readonly number[] {
  // By the greatest first: the sum of weights may be too large for a number.
  const greatest = weights.reduce((most, weight) => Math.max(most, weight), 0);
  const shares = weights.map((weight) => weight / greatest);
  const unit = MOST_TURNS / sumOf(shares);
  return shares.map((share) => Math.max(1, Math.round(share * unit)));
}

function smallest(weights: readonly number[]): readonly number[] {
  const divisor = weights.reduce(greatestCommonDivisor);
  return weights.map((weight) => weight / divisor);
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
