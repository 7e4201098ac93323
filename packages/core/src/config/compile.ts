import type { Balancer } from "../balance/balancer.js";
import { leastRequest } from "../balance/least-request.js";
import { random } from "../balance/random.js";
import { roundRobin } from "../balance/round-robin.js";
import type { OutlierRule } from "../health/outlier.js";
import { compileAddresses } from "../match/address.js";
import { compileRoutes, matchesOf } from "../match/table.js";
import type { ParseOptions } from "../match/target.js";
import { assertConfig } from "./check.js";
import { knownFrom, routeTexts } from "./checked-routes.js";
import { ActionsCompiler } from "./compile-action.js";
import type {
  ConfigInput,
  DefaultsConfig,
  GatewayConfig,
  OutlierConfig,
  RouteConfig,
  ServiceConfig,
} from "./config.js";
import { instanceUrl } from "./instance-url.js";
import type { ConnectPlan, InstancePlan, Plan, ServicePlan } from "./plan.js";
import { allServices, describeMatch, longInstance } from "./short-form.js";
import { withDefaults } from "./with-defaults.js";

/**
 * Checks a config and compiles it.
 *
 * @param before what is replaced: parts of it that stay the same are not checked again
 *
 * @throws GatewayConfigError holding every problem
 */
export function compileConfig(input: ConfigInput, before?: Plan): Plan {
  const checked = routeTexts(input);
  const config = assertConfig(input, knownFrom(before?.checked, checked));
  const defaults = config.defaults ?? {};
  const ids = routeIds(config.routes);
  const actions = new ActionsCompiler(defaults);
  return Object.freeze({
    checked,
    parse: compileParse(config),
    table: compileRoutes(
      config.routes.map((route, index) => ({ ...route, id: ids[index] as string })),
    ),
    actions: config.routes.map((route, index) => actions.compile(route, ids[index] as string)),
    targets: actions.targets.list,
    services: new Map(
      [...allServices(config)].map(([name, service]) => [
        name,
        compileService(name, service, defaults),
      ]),
    ),
    hasPolicies: config.routes.some(({ policies = [] }) => policies.length > 0),
    tellAllowedMethods: config.unmatchedMethod === "405",
  });
}

function compileParse(config: GatewayConfig): ParseOptions {
  const trusted = config.trustedProxies ?? [];
  return Object.freeze({
    ...(config.path === undefined ? {} : { path: Object.freeze({ ...config.path }) }),
    ...(trusted.length === 0 ? {} : { trustedProxies: compileAddresses(trusted) }),
  });
}

/** Ids of all routes: those that are given, else the match in words, numbered when taken. */
function routeIds(routes: readonly RouteConfig[]): string[] {
  const taken = new Set(routes.map(({ id }) => id).filter((id) => id !== undefined));
  return routes.map((route) => {
    if (route.id !== undefined) return route.id;
    const words = describeMatch(matchesOf(route.match)[0] ?? {});
    let id = words;
    for (let number = 2; taken.has(id); number++) id = `${words} (${number})`;
    taken.add(id);
    return id;
  });
}

const BALANCERS = new Map<string, Balancer>(
  [leastRequest, roundRobin, random].map((balancer) => [balancer.name, balancer]),
);

const DEFAULT_CONNECT: ConnectPlan = {
  timeoutMs: 5_000,
  connections: 256,
  queue: 1_024,
  keepAliveMs: 4_000,
};
const DEFAULT_OUTLIER: OutlierRule = {
  consecutiveFailures: 5,
  baseEjectionMs: 30_000,
  maxEjectionMs: 300_000,
  maxEjectionRatio: 0.5,
};

function compileService(
  name: string,
  service: ServiceConfig,
  defaults: DefaultsConfig,
): ServicePlan {
  const balancer = service.balancer ?? defaults.balancer ?? leastRequest;
  return Object.freeze({
    name,
    instances: Object.freeze(
      service.instances.map((instance) => compileInstance(longInstance(instance))),
    ),
    balancer: typeof balancer === "string" ? (BALANCERS.get(balancer) as Balancer) : balancer,
    outlier: compileOutlier(service.outlier ?? defaults.outlier ?? {}),
    tryAll: service.whenNoneEligible !== "reject",
    connect: Object.freeze(withDefaults(DEFAULT_CONNECT, defaults.connect, service.connect)),
  });
}

function compileOutlier(outlier: OutlierConfig): OutlierRule | undefined {
  if (outlier === false) return undefined;
  const rule = withDefaults(DEFAULT_OUTLIER, outlier);
  return Object.freeze({
    ...rule,
    maxEjectionMs: Math.max(rule.maxEjectionMs, rule.baseEjectionMs),
  });
}

function compileInstance(instance: ReturnType<typeof longInstance>): InstancePlan {
  const { url, basePath } = instanceUrl(instance.url) ?? { url: instance.url, basePath: "" };
  const { id = url, version = "", weight = 1, zone } = instance;
  return Object.freeze({ id, url, basePath, version, weight, zone });
}
