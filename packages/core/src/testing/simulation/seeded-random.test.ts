import { expect, it } from "vitest";
import { seededRandom } from "./seeded-random.js";

function first(count: number, random: () => number): readonly number[] {
  return Array.from({ length: count }, random);
}

it("gives the same numbers for the same seed and stream", () => {
  expect(first(100, seededRandom(7, 2))).toEqual(first(100, seededRandom(7, 2)));
});

it.each([
  [seededRandom(7), seededRandom(8)],
  [seededRandom(7), seededRandom(7, 1)],
  [seededRandom(7), seededRandom(7 + 2 ** 32)],
  // A stream is no other seed.
  [seededRandom(8), seededRandom(7, 1)],
])("gives others, that have nothing to do with them, for another seed or stream", (a, b) => {
  const count = 20_000;
  let sum = 0;
  for (let i = 0; i < count; i++) sum += (a() - 0.5) * (b() - 0.5);
  // The correlation of what is drawn by chance: 0, with a standard error of 1 / sqrt(count).
  expect(Math.abs((12 * sum) / count)).toBeLessThan(4 / Math.sqrt(count));
});

it("spreads its numbers over [0, 1) evenly", () => {
  const random = seededRandom(3);
  const counts = new Array<number>(10).fill(0);
  for (let i = 0; i < 100_000; i++) {
    const drawn = random();
    if (!(drawn >= 0 && drawn < 1)) expect.fail(`drew ${drawn}`);
    const tenth = Math.floor(10 * drawn);
    counts[tenth] = (counts[tenth] as number) + 1;
  }
  for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(400);
});
