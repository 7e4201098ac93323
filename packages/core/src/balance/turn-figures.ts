/** How far the count of a candidate is off its share at most, over all numbers of turns from the beginning. */
export function mostOff(turns: ArrayLike<number>, weights: readonly number[]): number {
  const sum = weights.reduce((total, weight) => total + weight, 0);
  const had = weights.map(() => 0);
  let most = 0;
  const look = (index: number, after: number) => {
    const share = (after * (weights[index] as number)) / sum;
    most = Math.max(most, Math.abs((had[index] as number) - share));
  };
  for (let turn = 0; turn < turns.length; turn++) {
    const taker = turns[turn] as number;
    // A count is furthest off just before and just after a turn of its own.
    look(taker, turn);
    had[taker] = (had[taker] as number) + 1;
    look(taker, turn + 1);
  }
  for (const index of weights.keys()) look(index, turns.length);
  return most;
}

/** The most turns in a row of one candidate, where the last is followed by the first. */
export function longestRun(turns: ArrayLike<number>): number {
  let longest = 0;
  let run = 0;
  for (let turn = 0; turn < 2 * turns.length; turn++) {
    const isSame = turns[turn % turns.length] === turns[(turn - 1) % turns.length];
    run = turn > 0 && isSame ? run + 1 : 1;
    longest = Math.max(longest, run);
  }
  return Math.min(longest, turns.length);
}
