/**
 * Calls a hook that only listens. What it throws, and a promise of it that is rejected, must not take a request with it,
 * nor the process.
 */
export function tell<Args extends unknown[]>(
  hook: ((...args: Args) => unknown) | undefined,
  ...args: Args
): void {
  if (hook !== undefined) asked(hook, ...args);
}

/** What a hook gives at once; undefined for a throw and for a promise, whatever becomes of it. */
export function asked<Args extends unknown[], Value>(
  hook: (...args: Args) => Value,
  ...args: Args
): Exclude<Value, PromiseLike<unknown>> | undefined {
  try {
    const value = hook(...args);
    if (!isThenable(value)) return value as Exclude<Value, PromiseLike<unknown>>;
    letBe(value);
  } catch {
    // Listened to by nobody.
  }
  return undefined;
}

/** Lets a promise come to what it will, unheard; other values are nothing to it. */
export function letBe(value: unknown): void {
  if (isThenable(value)) value.then(undefined, ignore);
}

/** Whether a value is a promise, or goes for one. */
export function isThenable<Value>(value: Value | PromiseLike<Value>): value is PromiseLike<Value> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === "function";
}

function ignore(): void {}
