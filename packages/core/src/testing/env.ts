import type { DrawPurpose, Env } from "../env.js";

/** What a test wants to happen by chance. */
export interface TestEnvOptions {
  /**
   * Numbers in [0, 1) by purpose, in the order in which they are drawn. The last of a list is drawn again and
   * again. Default: 0 for every purpose.
   */
  readonly draws?: { readonly [purpose in DrawPurpose]?: readonly number[] };
  /** Where the clock starts. Default: 1 000. */
  readonly now?: number;
}

/** An environment whose clock is moved by hand and whose draws are listed. */
export interface TestEnv extends Env {
  /** Moves the clock on. Unit: milliseconds. */
  advance(ms: number): void;
}

/**
 * The environment for a test: nothing happens by chance and time stands still until it is moved.
 *
 * @throws RangeError when a listed draw is not in [0, 1)
 *
 * @example
 * const env = testEnv({ draws: { split: [0.95], balance: [0, 0] } });
 * const gateway = createGateway(config, { env });
 * env.advance(30_000);
 */
export function testEnv({ draws = {}, now = 1_000 }: TestEnvOptions = {}): TestEnv {
  const byPurpose = new Map(
    Object.entries(draws).map(([purpose, list]) => [purpose, listed(...(list ?? []))]),
  );
  let time = now;
  let ids = 0;
  return {
    now: () => time,
    random: (purpose) => byPurpose.get(purpose)?.() ?? 0,
    randomId: () => `id-${++ids}`,
    advance: (ms) => {
      time += ms;
    },
  };
}

/** A random source that gives the listed numbers in turn, the last of them for ever. @throws RangeError when one is not in [0, 1) */
export function listed(...draws: readonly number[]): () => number {
  const wrong = draws.find((draw) => !(draw >= 0 && draw < 1));
  if (wrong !== undefined) throw new RangeError(`a draw must be a number in [0, 1), got ${wrong}`);
  let next = 0;
  return () => draws[Math.min(next++, draws.length - 1)] ?? 0;
}
