import { unknownParam } from "./check-action.js";
import { looseCompile, namesOf } from "./loose-path.js";
import { isRecord, listIn, manyOf, recordOf, type Loose } from "./loose.js";
import type { Place, ProblemList } from "./problem-list.js";
import { hasInlineMatch } from "./short-form.js";

/** A parameter that a balancer goes by, and where it is named. */
interface ParamKey {
  readonly param: string;
  readonly at: Place;
}

/**
 * Parameters that balancers go by must be in the path of some route to their service. Not in each: a key is one of a list, and
 * other routes may have another one. O(routes) where a balancer goes by a parameter, nothing else.
 */
export function checkKeys(problems: ProblemList, config: Loose, isShort: boolean): void {
  const defaults = paramsOf(recordOf(config["defaults"])["balancer"], ["defaults", "balancer"]);
  const routes = listIn(config["routes"]).filter(isRecord);
  check(problems, defaults, routes, isShort);
  for (const [name, service] of Object.entries(recordOf(config["services"]))) {
    const keys = paramsOf(recordOf(service)["balancer"], ["services", name, "balancer"]);
    if (keys.length === 0) continue;
    const own = routes.filter((route) => leadsTo([route["to"], route["mirror"]], name));
    // Nothing leads there yet: a route may come with an update.
    if (own.length > 0) check(problems, keys, own, isShort);
  }
}

function check(
  problems: ProblemList,
  keys: readonly ParamKey[],
  routes: readonly Loose[],
  isShort: boolean,
): void {
  if (keys.length === 0 || routes.length === 0) return;
  const names = new Set(routes.flatMap((route) => paramNames(route, isShort)));
  for (const { param, at } of keys)
    if (!names.has(param)) unknownParam(problems, at, param, [...names]);
}

function paramsOf(balancer: unknown, at: Place): readonly ParamKey[] {
  const { key } = recordOf(balancer);
  return manyOf(key).flatMap((each, index) => {
    const { param, ...others } = recordOf(each);
    // Of several forms at once none is meant: that is told elsewhere.
    if (Object.keys(others).length > 0) return [];
    const place = Array.isArray(key) ? [...at, "key", index] : [...at, "key"];
    return typeof param === "string" ? [{ param, at: [...place, "param"] }] : [];
  });
}

// A service is named as a text, or in a record by `service`, however deep: in a fallback, a split, a mirror.
function leadsTo(to: unknown, name: string): boolean {
  if (to === name) return true;
  if (Array.isArray(to)) return to.some((each) => leadsTo(each, name));
  if (!isRecord(to)) return false;
  return to["service"] === name || leadsTo(to["fallback"], name);
}

function paramNames(route: Loose, isShort: boolean): readonly string[] {
  const isInline = isShort && hasInlineMatch(route);
  return (isInline ? [route] : manyOf(route["match"])).flatMap((match) => {
    const path = looseCompile(recordOf(match)["path"]);
    return path === undefined ? [] : namesOf(path);
  });
}
