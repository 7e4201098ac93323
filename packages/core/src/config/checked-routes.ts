import { isRecord, recordOf } from "./loose.js";

/**
 * The routes of a configuration that passed its check, as they are in JSON. A route that is the same again under the
 * same services and defaults need not be looked at again: this is what makes a small update of a large table cheap.
 */
export interface CheckedRoutes {
  /** What the check of a route depends on beside the route. */
  readonly context: string;
  /** Of each route. */
  readonly texts: readonly string[];
}

/** What a check can leave out. */
export interface Known {
  /** Positions of routes that are known to be right. */
  readonly routes: ReadonlySet<number>;
}

export const NOTHING_KNOWN: Known = { routes: new Set() };

/** What is known of a configuration from one that passed its check before. */
export function knownFrom(
  before: CheckedRoutes | undefined,
  now: CheckedRoutes | undefined,
): Known {
  if (before === undefined || now === undefined || before.context !== now.context)
    return NOTHING_KNOWN;
  const right = new Set(before.texts);
  const routes = new Set<number>();
  for (const [index, text] of now.texts.entries()) if (right.has(text)) routes.add(index);
  return { routes };
}

/** The routes of a configuration as JSON; undefined where something in it has no form in JSON. */
export function routeTexts(input: unknown): CheckedRoutes | undefined {
  const isShort = Array.isArray(input);
  const { routes = input, services, defaults } = isShort ? {} : recordOf(input);
  if (!Array.isArray(routes) || !routes.every(isRecord)) return undefined;
  try {
    const context = JSON.stringify([
      isShort,
      Object.keys(recordOf(services)),
      recordOf(defaults)["timeouts"],
    ]);
    return { context, texts: routes.map((route) => JSON.stringify(route)) };
  } catch {
    return undefined;
  }
}
