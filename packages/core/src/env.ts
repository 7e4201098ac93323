/** What a random number is drawn for. A test lists its draws by purpose, so a new purpose breaks no old test. */
export type DrawPurpose =
  | "split"
  | "level"
  | "balance"
  | "mirror"
  | "mirror-balance"
  | "mirror-level"
  | "retry"
  | "limit"
  | (string & {});

/**
 * The only way by which time and chance enter core.
 *
 * @example
 * const env: Env = { now: () => 5_000, random: () => 0.5, randomId: () => "id-1" };
 */
export interface Env {
  /**
   * Monotonic time. Unit: milliseconds, above 0. Read once per call of the gateway and passed on. Where it throws
   * while a place is taken or given back, its last reading holds (`envErrors` of a snapshot counts them).
   */
  now(): number;
  /** A number in [0, 1). */
  random(purpose: DrawPurpose): number;
  /** A new identifier that nobody can guess, for `X-Request-Id` and the like. */
  randomId(): string;
}

/** What the runtime offers under these names: Node 22, Bun and Deno all do. */
interface Runtime {
  readonly performance: { now(): number };
  readonly crypto: { randomUUID(): string };
}

/** The real clock and the real random source of the runtime. The default of `createGateway`. */
export function systemEnv(): Env {
  const { performance, crypto } = globalThis as unknown as Runtime;
  return {
    // From 1 on, because some caches take a clock at 0 for "not set".
    now: () => performance.now() + 1,
    random: () => Math.random(),
    randomId: () => crypto.randomUUID(),
  };
}
