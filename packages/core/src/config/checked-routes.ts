import { handlerContext } from "./check-handlers.js";
import { isRecord, recordOf } from "./loose.js";

/**
 * The routes of a configuration that passed its check, as they are in JSON. A route that is the same again under the
 * same services and defaults need not be looked at again: this is what makes a small update of a large table cheap.
 */
export interface CheckedRoutes {
  /** What the check and the compiling of a route depend on beside the route. */
  readonly context: string;
  /** Of each route. */
  readonly texts: readonly string[];
}

/** Where each route of a configuration stood in the one before; -1 for those that are new. */
export type Earlier = Int32Array;

export const NOTHING_EARLIER: Earlier = new Int32Array(0);

/** Whether a route was in the configuration before. */
export function isKnown(earlier: Earlier, index: number): boolean {
  return index < earlier.length && (earlier[index] as number) >= 0;
}

/** The routes of a configuration as JSON; undefined where something in it has no form in JSON. */
export function routeTexts(input: unknown): CheckedRoutes | undefined {
  const isShort = Array.isArray(input);
  const config = isShort ? {} : recordOf(input);
  const { routes = input, services, defaults, path, forwarded, via } = config;
  if (!Array.isArray(routes) || !routes.every(isRecord)) return undefined;
  try {
    const names = Object.keys(recordOf(services));
    const handlers = handlerContext(recordOf(services));
    const context = JSON.stringify([isShort, names, defaults, path, forwarded, via, handlers]);
    return { context, texts: routes.map((route) => JSON.stringify(route)) };
  } catch {
    return undefined;
  }
}

/** Finds the routes of a configuration in the one before. What stands at both ends of the two is compared in place. */
export function earlierOf(
  before: CheckedRoutes | undefined,
  now: CheckedRoutes | undefined,
): Earlier {
  if (before === undefined || now === undefined || before.context !== now.context)
    return NOTHING_EARLIER;
  const old = before.texts;
  const texts = now.texts;
  const earlier = new Int32Array(texts.length).fill(-1);
  const most = Math.min(old.length, texts.length);
  let start = 0;
  while (start < most && old[start] === texts[start]) earlier[start] = start++;
  let end = 0;
  while (end < most - start && old[old.length - 1 - end] === texts[texts.length - 1 - end]) {
    earlier[texts.length - 1 - end] = old.length - 1 - end;
    end++;
  }
  const between = new Map<string, number[]>();
  for (let i = old.length - end - 1; i >= start; i--) {
    const places = between.get(old[i] as string);
    if (places === undefined) between.set(old[i] as string, [i]);
    else places.push(i);
  }
  for (let i = start; i < texts.length - end; i++)
    earlier[i] = between.get(texts[i] as string)?.pop() ?? -1;
  return earlier;
}
