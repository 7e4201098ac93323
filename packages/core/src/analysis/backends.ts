import type { GatewayConfig } from "../config/config.js";
import { actionOf, type BackendPlan, type ForwardPlan } from "../config/plan.js";
import { pointerOf } from "../config/problem.js";
import type { Alternative } from "../match/table.js";
import { isBad, parseRequest } from "../match/target.js";
import { preflightMethod, type RequestView } from "../request.js";
import { readSplit } from "../split/read-split.js";
import type { Scope } from "./analyze.js";
import type { RouteFinding } from "./finding.js";

/** Weights that add up to nothing, shares that lead to no instance, and instances that nothing leads to. */
export function findIdleBackends(scope: Scope, config: GatewayConfig): RouteFinding[] {
  const used = new Map<string, Set<string>>();
  const findings: RouteFinding[] = [];
  const seen = new Set<number>();
  for (const alternative of scope.plan.table.alternatives) {
    const reach = scope.reach.get(alternative);
    const action = actionOf(scope.plan, alternative);
    // A route of which it is not known whether anything reaches it may use its backends.
    if (action.kind !== "forward" || reach?.kind === "hidden" || reach?.kind === "contradiction")
      continue;
    for (const [service, version] of leadsTo(scope, action)) {
      const versions = used.get(service) ?? new Set();
      used.set(service, versions.add(version));
    }
    if (reach?.kind !== "reached" || seen.has(alternative.precedence.route)) continue;
    // Reached by preflights only, which are answered before any backend is chosen.
    if (preflightMethod(reach.view) !== undefined) continue;
    seen.add(alternative.precedence.route);
    findings.push(...findEmptyShares(scope, alternative, action, reach.view));
  }
  return [...findings, ...findUnused(scope, config, used)];
}

// Services and versions that a route can send a request to; the empty version is every one.
function leadsTo({ plan }: Scope, { split, mirrors }: ForwardPlan): (readonly [string, string])[] {
  const backends = split.backends.filter(
    ({ redirect }, index) => redirect === undefined && (split.weights[index] as number) > 0,
  );
  const numbers = [
    ...backends.map(({ target }) => target),
    ...backends.flatMap(({ fallback }) => (fallback === undefined ? [] : [fallback.target])),
    ...mirrors.filter(({ ratio }) => ratio > 0).map(({ target }) => target),
  ];
  return numbers.map((number) => {
    const { service, version } = plan.targets[number] as { service: string; version: string };
    return [service, version] as const;
  });
}

function findEmptyShares(
  scope: Scope,
  alternative: Alternative,
  { split }: ForwardPlan,
  witness: RequestView,
): RouteFinding[] {
  const id = alternative.id;
  const base = { pointer: scope.pointerTo(alternative), route: id, by: [], witness };
  const sum = split.weights.reduce((total, weight) => total + weight, 0);
  if (sum === 0) {
    const message = `the weights of route "${id}" add up to nothing: it answers 500`;
    return [{ ...base, kind: "no-weight", message }];
  }
  return split.backends.flatMap((backend, index): RouteFinding[] => {
    if (split.weights[index] === 0 || !leadsNowhere(scope, backend)) return [];
    const point = pointOf(split.ranges, index);
    // A sticky key in the request fixes the point: then another request would have to show it.
    const request = parseRequest(witness, scope.plan.parse);
    if (isBad(request) || readSplit(split, request, () => point).index !== index) return [];
    const version = backend.version === "" ? "" : ` in version "${backend.version}"`;
    const message = `route "${id}" leads to service "${backend.service}", which has no instance${version}: that share answers 503`;
    return [
      { ...base, kind: "no-instance", message, ...(split.backends.length > 1 ? { point } : {}) },
    ];
  });
}

function leadsNowhere(scope: Scope, { target, fallback, redirect }: BackendPlan): boolean {
  if (redirect !== undefined || hasInstance(scope, target)) return false;
  return fallback === undefined || !hasInstance(scope, fallback.target);
}

function hasInstance({ plan }: Scope, number: number): boolean {
  const { service, version } = plan.targets[number] as { service: string; version: string };
  const instances = plan.services.get(service)?.instances ?? [];
  return instances.some((instance) => version === "" || instance.version === version);
}

// The middle of the range that a backend has when the point is drawn.
function pointOf(ranges: readonly number[], index: number): number {
  const from = index === 0 ? 0 : (ranges[index - 1] as number);
  return (from + (ranges[index] as number)) / 2;
}

function findUnused(
  { plan, reach }: Scope,
  config: GatewayConfig,
  used: ReadonlyMap<string, ReadonlySet<string>>,
): RouteFinding[] {
  return Object.keys(config.services ?? {}).flatMap((name) => {
    const versions = used.get(name) ?? new Set();
    const instances = plan.services.get(name)?.instances ?? [];
    return [...instances.entries()].flatMap(([index, { id, version }]): RouteFinding[] => {
      if (versions.has("") || (version !== "" && versions.has(version))) return [];
      const which = version === "" ? "which has no version" : `version "${version}"`;
      const why =
        versions.size === 0
          ? "no route leads to the service"
          : `no route leads to ${version === "" ? "instances without a version" : which}`;
      return [
        {
          kind: "unused-instance",
          pointer: pointerOf(["services", name, "instances", index]),
          route: undefined,
          by: [],
          message: `instance "${id}" of service "${name}" gets no requests: ${why}`,
          witness: witnessNear(plan.table.alternatives, reach, (alternative) => {
            const action = actionOf(plan, alternative);
            return (
              action.kind === "forward" &&
              action.split.backends.some(({ service }) => service === name)
            );
          }),
        },
      ];
    });
  });
}

// A request to the service that leads elsewhere in it; to anything at all when no route names the service.
function witnessNear(
  alternatives: readonly Alternative[],
  reach: Scope["reach"],
  isNear: (alternative: Alternative) => boolean,
): RequestView {
  const reached = alternatives.filter((alternative) => reach.get(alternative)?.kind === "reached");
  const nearest = reached.find(isNear) ?? reached[0];
  const best = nearest && reach.get(nearest);
  return best?.kind === "reached" ? best.view : { method: "GET", url: "/" };
}
