import type { ParsedRequest } from "../request.js";
import { foundBy, isHeldBy, type Condition } from "./conditions.js";
import { describePath } from "./describe.js";
import { takesHost } from "./host.js";
import { paramsHaveText } from "./pattern.js";
import { methodFor } from "./search.js";
import type { Alternative } from "./table.js";

/** A condition of a route that did not hold for a request. */
export interface FailedCondition {
  /** What it looks at. */
  readonly on: "host" | "path" | Condition["on"];
  /** Name of the header, query parameter, cookie, path parameter or fact; empty where there is only one. */
  readonly name: string;
  /** What would have held, in words. */
  readonly wanted: string;
  /** What the request has there; undefined when it has no such thing. */
  readonly found: string | undefined;
}

/** The first condition of an alternative that fails for a request whose host and path it takes; undefined when all hold. */
export function firstFailed(
  alternative: Alternative,
  request: ParsedRequest,
): FailedCondition | undefined {
  const { conditions, shape } = alternative;
  if (!paramsHaveText(shape, request.path)) return failedPath(alternative, request);
  const method = methodFor(alternative, request.view);
  if (conditions.methods !== undefined && !conditions.methods.includes(method)) {
    return { on: "method", name: "", wanted: conditions.methods.join(" or "), found: method };
  }
  for (const condition of conditions.list) {
    const found = foundBy(condition, request, shape);
    if (isHeldBy(condition, found)) continue;
    return { on: condition.on, name: condition.name, wanted: condition.wanted(), found };
  }
  return undefined;
}

/** Why an alternative was not even looked at: the host or the path. */
export function failedPlace(alternative: Alternative, request: ParsedRequest): FailedCondition {
  const wanted = alternative.precedence.host;
  if (takesHost(wanted, request.host)) return failedPath(alternative, request);
  const found = request.host === "" ? undefined : request.host;
  return { on: "host", name: "", wanted, found };
}

function failedPath({ precedence }: Alternative, request: ParsedRequest): FailedCondition {
  return { on: "path", name: "", wanted: describePath(precedence.path), found: request.path };
}
