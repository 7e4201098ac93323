/** Numbers that are thrown away: the first ones of neighbouring seeds are alike. */
const WARM_UP = 15;

/**
 * A random source that gives the same numbers in [0, 1) for the same seed and stream. Two streams of one seed have nothing to do
 * with each other.
 *
 * Source: Chris Doty-Humphrey, PractRand, sfc32.
 *
 * @param seed whole number of at most 53 bits
 */
export function seededRandom(seed: number, stream = 0): () => number {
  let a = seed | 0;
  let b = (seed / 2 ** 32) | 0;
  let c = stream | 0;
  let counter = 1;
  const next = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 2 ** 32;
  };
  for (let i = 0; i < WARM_UP; i++) next();
  return next;
}
