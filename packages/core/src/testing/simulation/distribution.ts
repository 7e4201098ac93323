/** How times are spread. All units: milliseconds. */
export type Distribution =
  | number
  | { readonly kind: "uniform"; readonly from: number; readonly to: number }
  | { readonly kind: "exponential"; readonly mean: number }
  | {
      /** Most service times look like this: many short ones, few very long ones. */
      readonly kind: "lognormal";
      readonly median: number;
      /** Of the logarithms; 0.5 puts the 99th percentile at 3.2 times the median, 1 at 10 times. */
      readonly sigma: number;
    };

/** Draws a time. */
export function sample(distribution: Distribution, random: () => number): number {
  if (typeof distribution === "number") return distribution;
  switch (distribution.kind) {
    case "uniform":
      return distribution.from + random() * (distribution.to - distribution.from);
    case "exponential":
      return -Math.log(1 - random()) * distribution.mean;
    case "lognormal":
      return distribution.median * Math.exp(distribution.sigma * normal(random));
  }
}

/** A number of the standard normal distribution. Source: Box and Muller, 1958. */
function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
