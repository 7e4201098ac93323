import { preflightMethod, type ParsedRequest, type RequestView } from "../request.js";
import { conditionHolds } from "./conditions.js";
import { paramsHaveText } from "./pattern.js";
import { RequestTexts } from "./request-texts.js";
import type { Alternative } from "./table.js";

/** Ranks are below it. A small integer, so that no number of a search has to live on the heap. */
export const NO_RANK = 0x7fffffff;

/** After so many conditions reading all of the request costs less than looking for one name after the other. */
const MANY_LOOK_UPS = 24;

/**
 * One search of one request. It considers the alternatives whose host and path take the request, as far as they
 * can still win.
 */
export class Search {
  /** The best alternative that holds, and its rank. */
  found: Alternative | undefined = undefined;
  best = NO_RANK;
  /** Alternatives that are passed over; undefined for none. */
  without: ReadonlySet<Alternative> | undefined = undefined;
  #texts: RequestTexts | undefined = undefined;
  #lookUps = 0;

  constructor(
    readonly request: ParsedRequest,
    /** Gets every alternative that would be considered, whether it holds or not. Then none is found. */
    readonly gather: ((alternative: Alternative) => void) | undefined,
  ) {}

  consider(alternative: Alternative): void {
    if (this.without !== undefined && this.without.has(alternative)) return;
    if (this.gather !== undefined) {
      this.gather(alternative);
      return;
    }
    const methods = alternative.conditions.methods;
    if (methods !== undefined && !methods.includes(methodFor(alternative, this.request.view)))
      return;
    if (!this.conditionsHold(alternative)) return;
    this.best = alternative.rank;
    this.found = alternative;
  }

  /** Whether all conditions but that on the method hold. */
  conditionsHold({ conditions, shape }: Alternative): boolean {
    const { list, isLong } = conditions;
    const request = this.request;
    this.#lookUps += list.length;
    const isRead = isLong || this.#lookUps > MANY_LOOK_UPS;
    const texts = isRead ? (this.#texts ??= new RequestTexts(request)) : undefined;
    for (let i = 0; i < list.length; i++)
      if (!conditionHolds(list[i] as (typeof list)[number], request, shape, texts)) return false;
    return !request.hasEmptySegment || paramsHaveText(shape, request.path);
  }
}

/** The method that an alternative looks at. */
export function methodFor({ takesPreflight }: Alternative, view: RequestView): string {
  return takesPreflight ? (preflightMethod(view) ?? view.method) : view.method;
}
