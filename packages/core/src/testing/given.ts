/** The property of an object; undefined for what is none. */
export function propertyOf(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  return (value as { readonly [name: string]: unknown })[name];
}

export function isText(value: unknown): value is string {
  return typeof value === "string";
}

/** Whether a status was given, or none. */
export function isStatus(value: unknown): value is number | undefined {
  return value === undefined || typeof value === "number";
}

// Not by `instanceof`: a test runner may have another RegExp than the library.
export function isRegExp(value: unknown): value is RegExp {
  return Object.prototype.toString.call(value) === "[object RegExp]";
}

/**
 * Refuses what a matcher does not take. Without types nothing else would: after `.not` such a test passes.
 *
 * @throws TypeError unless it is right
 */
export function checkAsked(
  matcher: string,
  takes: string,
  isRight: boolean,
  ...given: readonly unknown[]
): void {
  if (isRight) return;
  const last = given.findLastIndex((value) => value !== undefined);
  const list = given.slice(0, last + 1).map(shown);
  throw new TypeError(
    `${matcher} asks for ${takes}, got ${list.length === 0 ? "nothing" : list.join(", ")}`,
  );
}

/** A value in a few words, for a message. */
export function shown(value: unknown): string {
  if (isText(value)) return JSON.stringify(value);
  if (typeof value === "function") return "a function";
  if (typeof value !== "object" || value === null || isRegExp(value)) return String(value);
  if (Array.isArray(value)) return "an array";
  if (typeof propertyOf(value, "then") === "function") return "a promise";
  const names = Object.keys(value);
  return names.length === 0 ? "an object without properties" : `an object with ${names.join(", ")}`;
}
