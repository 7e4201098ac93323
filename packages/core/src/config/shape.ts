import {
  headerChanges,
  rewrite,
  redirect,
  respond,
  to,
  timeouts,
  retry,
  hedge,
  routeLimits,
  mirror,
} from "./action-shape.js";
import { affinity } from "./affinity-shape.js";
import { balancer } from "./balancer-shape.js";
import { connect } from "./connect-shape.js";
import { cors } from "./cors-shape.js";
import {
  adaptive,
  breaker,
  levels,
  outlier,
  probe,
  retryBudget,
  slowStart,
} from "./health-shape.js";
import { instance } from "./instance-shape.js";
import { name, milliseconds, whole, addressRange, pseudonym } from "./leaf-shapes.js";
import { responseRewrite } from "./response-rewrite-shape.js";
import { isKnown, NOTHING_EARLIER } from "./checked-routes.js";
import { recordOf } from "./loose.js";
import { match, matchFields } from "./match-shape.js";
import { outlined } from "./outline.js";
import type { ConfigProblem } from "./problem.js";
import { choice, either, flag, list, map, optional, problemsOf, record, text } from "./schema.js";

const routeFields = {
  id: optional(name("an id")),
  order: optional(whole("ORDER", "order", Number.MIN_SAFE_INTEGER)),
  priority: optional(whole("PRIORITY", "priority", Number.MIN_SAFE_INTEGER)),
  match: optional(match),
  to: optional(to),
  redirect: optional(redirect),
  respond: optional(respond),
  requestHeaders: optional(headerChanges),
  responseHeaders: optional(headerChanges),
  rewrite: optional(rewrite),
  responseRewrite: optional(responseRewrite),
  timeouts: optional(timeouts),
  retry: optional(retry),
  hedge: optional(hedge),
  limits: optional(routeLimits),
  mirror: optional(mirror),
  cors: optional(cors),
  policies: optional(list("policies", name("a policy"))),
};
// Relations of fields that an editor can tell; checkConfig tells them too.
const oneAction = {
  oneOf: ["to", "redirect", "respond"].map((field) => ({
    properties: { [field]: true },
    required: [field],
  })),
};
const without = (fields: object) => ({
  properties: Object.fromEntries(Object.keys(fields).map((field) => [field, false])),
});
const route = outlined(record("a route", routeFields), oneAction);
const shortRoute = outlined(record("a route", { ...routeFields, ...matchFields }), {
  ...oneAction,
  dependentSchemas: { match: without(matchFields) },
});

const serviceLimits = record("limits", {
  requests: optional(whole("LIMIT", "requests", 0)),
  perInstance: optional(whole("LIMIT", "perInstance", 0)),
  adaptive: optional(adaptive),
  queue: optional(whole("LIMIT", "queue", 0)),
  queueMs: optional(milliseconds("queueMs", 1)),
});
const requestLimits = record("limits", {
  urlBytes: optional(whole("LIMIT", "urlBytes", 0)),
  headerBytes: optional(whole("LIMIT", "headerBytes", 0)),
  headerCount: optional(whole("LIMIT", "headerCount", 0)),
});
const service = record("a service", {
  instances: list("instances", instance),
  balancer: optional(balancer),
  affinity: optional(affinity),
  outlier: optional(outlier),
  probe: optional(probe),
  breaker: optional(breaker),
  slowStartMs: optional(milliseconds("slowStartMs")),
  slowStart: optional(slowStart),
  levels: optional(levels),
  retryBudget: optional(retryBudget),
  subset: optional(record("subset", { client: name("a client"), size: whole("LIMIT", "size", 1) })),
  whenNoneEligible: optional(choice("TYPE", "whenNoneEligible", ["try-all", "reject"])),
  limits: optional(serviceLimits),
  connect: optional(connect),
});

const configFields = {
  services: optional(map("services", name("a service"), service)),
  routes: list("routes", route),
  trustedProxies: optional(list("trustedProxies", addressRange)),
  forwarded: optional(flag("forwarded")),
  via: optional(pseudonym),
  requestId: optional(flag("requestId")),
  zone: optional(name("a zone")),
  path: optional(
    record("path", {
      dotSegments: optional(choice("TYPE", "dotSegments", ["resolve", "reject"])),
      mergeSlashes: optional(flag("mergeSlashes")),
      encodedSlashes: optional(choice("TYPE", "encodedSlashes", ["keep", "reject"])),
    }),
  ),
  limits: optional(requestLimits),
  policies: optional(list("policies", name("a policy"))),
  unmatchedMethod: optional(choice("TYPE", "unmatchedMethod", ["none", "405"])),
  defaults: optional(
    record("defaults", {
      timeouts: optional(timeouts),
      retry: optional(retry),
      limits: optional(routeLimits),
      balancer: optional(balancer),
      outlier: optional(outlier),
      probe: optional(probe),
      breaker: optional(breaker),
      slowStartMs: optional(milliseconds("slowStartMs")),
      retryBudget: optional(retryBudget),
      connect: optional(connect),
    }),
  ),
};
const config = record("the configuration", configFields, {
  $schema: optional(text("TYPE", "$schema", "text")),
});
const shortForm = list("the configuration", shortRoute);

/** A config in either form. */
export const configInput = either(
  (input) => (Array.isArray(input) ? shortForm : config),
  () => [config, shortForm],
);

/** Checks the shape of a config: every field, type, name, host and number on its own. */
export function checkShape(input: unknown, earlier = NOTHING_EARLIER): ConfigProblem[] {
  const isShort = Array.isArray(input);
  const schema = isShort ? shortForm : config;
  const routes = isShort ? (input as readonly unknown[]) : recordOf(input)["routes"];
  if (earlier === NOTHING_EARLIER || !Array.isArray(routes)) return problemsOf(schema, input);
  const places = routes.flatMap((_, index) => (isKnown(earlier, index) ? [] : [index]));
  const others = places.map((index) => routes[index] as unknown);
  const rest = isShort ? others : { ...(input as object), routes: others };
  return problemsOf(schema, rest).map((problem) => withPlace(problem, isShort, places));
}

// The routes that were looked at stand at other places of the whole configuration.
function withPlace(
  problem: ConfigProblem,
  isShort: boolean,
  places: readonly number[],
): ConfigProblem {
  const start = isShort ? "/" : "/routes/";
  if (!problem.pointer.startsWith(start)) return problem;
  const [index = "", ...within] = problem.pointer.slice(start.length).split("/");
  return { ...problem, pointer: [start + String(places[Number(index)]), ...within].join("/") };
}
