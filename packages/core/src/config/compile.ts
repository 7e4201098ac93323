import { compileAffinity } from "../affinity/affinity-rule.js";
import { shedShares } from "../health/load-shed.js";
import { compileAddresses } from "../match/address.js";
import type { ParseOptions, RequestLimits } from "../match/target.js";
import { assertConfig } from "./check.js";
import { earlierOf, NOTHING_EARLIER, routeTexts, type Earlier } from "./checked-routes.js";
import { compileAllRoutes, patchRoutes, type RoutesPlan } from "./compile-routes.js";
import type { ConfigInput, DefaultsConfig, GatewayConfig, RequestLimitsConfig } from "./config.js";
import type { ConnectConfig, ServiceConfig, TlsConfig } from "./service-config.js";
import { compileBalancer } from "./compile-balancer.js";
import {
  compileBreaker,
  compileLevels,
  compileLimits,
  compileOutlier,
  compileProbe,
  compileRetryBudget,
  compileSlowStart,
} from "./compile-health.js";
import { compileChecked } from "./compile-instances.js";
import type { ConnectPlan, Plan, ServicePlan, TlsPlan } from "./plan.js";
import { allServices } from "./short-form.js";
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
  const earlier = earlierOf(before?.checked, checked);
  const config = assertConfig(input, earlier);
  const defaults = config.defaults ?? {};
  const routes = compileRoutesOf(config, earlier, before);
  return Object.freeze({
    checked,
    parse: compileParse(config),
    ...routes,
    services: new Map(
      [...allServices(config)].map(([name, service]) => [
        name,
        compileService(name, service, defaults, config.zone),
      ]),
    ),
    shedShares: sharesOf(routes),
    policies: Object.freeze([...(config.policies ?? [])]),
    hasPolicies:
      (config.policies ?? []).length > 0 ||
      config.routes.some(({ policies = [] }) => policies.length > 0),
    tellAllowedMethods: config.unmatchedMethod === "405",
    makesRequestIds: config.requestId === true,
  });
}

// What leads to a service, by whatever way.
function sharesOf({ actions, targets }: RoutesPlan): Plan["shedShares"] {
  const priorities = new Map<string, Set<number>>();
  for (const action of new Set(actions)) {
    if (action.kind !== "forward") continue;
    for (const { target, fallback } of action.split.backends)
      for (const number of [target, fallback?.target]) {
        const service = number === undefined ? undefined : targets[number]?.service;
        if (service === undefined) continue;
        const known = priorities.get(service);
        if (known === undefined) priorities.set(service, new Set([action.priority]));
        else known.add(action.priority);
      }
  }
  const shares = new Map<string, ReadonlyMap<number, number>>();
  for (const [service, used] of priorities)
    if (used.size > 1) shares.set(service, shedShares(used));
  return shares;
}

function compileRoutesOf(
  config: GatewayConfig,
  earlier: Earlier,
  before: Plan | undefined,
): RoutesPlan {
  const isPatchable = before !== undefined && earlier !== NOTHING_EARLIER;
  const patched = isPatchable ? patchRoutes(before, config, earlier) : undefined;
  return patched ?? compileAllRoutes(config);
}

function compileParse(config: GatewayConfig): ParseOptions {
  const trusted = config.trustedProxies ?? [];
  return Object.freeze({
    ...(config.path === undefined ? {} : { path: Object.freeze({ ...config.path }) }),
    ...(config.limits === undefined ? {} : { limits: compileRequestLimits(config.limits) }),
    ...(trusted.length === 0 ? {} : { trustedProxies: compileAddresses(trusted) }),
    ...(config.forwarded === true ? { forwarded: true } : {}),
  });
}

function compileRequestLimits(limits: RequestLimitsConfig): RequestLimits {
  const { urlBytes, headerBytes, headerCount } = limits;
  return Object.freeze({
    urlBytes: orNone(urlBytes),
    headerBytes: orNone(headerBytes),
    headerCount: orNone(headerCount),
  });
}

// 0 switches a limit off.
function orNone(limit = 0): number {
  return limit === 0 ? Number.POSITIVE_INFINITY : limit;
}

const DEFAULT_TLS: TlsPlan = {
  pins: [],
  minVersion: "TLSv1.2",
  dangerouslyAcceptAnyCertificate: false,
};
const DEFAULT_CONNECT: ConnectPlan = {
  timeoutMs: 5_000,
  connections: 256,
  queue: 1_024,
  queueMs: 5_000,
  keepAliveMs: 4_000,
  // What every instance speaks, and what costs least: HTTP/2 is asked for.
  protocol: "http1",
  streams: 100,
  tls: DEFAULT_TLS,
  upgrades: 0,
};
function compileService(
  name: string,
  service: ServiceConfig,
  defaults: DefaultsConfig,
  zone: string | undefined,
): ServicePlan {
  const outlier = service.outlier ?? defaults.outlier;
  const balanced = compileBalancer(service.balancer ?? defaults.balancer);
  return Object.freeze({
    name,
    instances: Object.freeze(compileChecked(service.instances)),
    ...balanced,
    affinity: service.affinity && compileAffinity(name, service.affinity),
    outlier: compileOutlier(outlier),
    slowStart: compileSlowStart(
      service.slowStartMs ?? defaults.slowStartMs,
      service,
      outlier,
      balanced.balancer,
    ),
    levels: compileLevels(service.levels),
    subset: service.subset && Object.freeze({ ...service.subset }),
    retryBudget: compileRetryBudget(service.retryBudget ?? defaults.retryBudget),
    probe: compileProbe(service.probe ?? defaults.probe),
    zone,
    tryAll: service.whenNoneEligible !== "reject",
    limits: compileLimits(service.limits),
    breaker: compileBreaker(service.breaker ?? defaults.breaker),
    connect: compileConnect(defaults.connect, service.connect),
  });
}

// The record of TLS counts as one value: halves of two identities would make none.
function compileConnect(...layers: readonly (ConnectConfig | undefined)[]): ConnectPlan {
  const [tls = {}] = layers.flatMap((layer) => layer?.tls ?? []).toReversed();
  const plan = withDefaults<ConnectConfig>(DEFAULT_CONNECT, ...layers) as ConnectPlan;
  return Object.freeze({
    ...plan,
    tls: Object.freeze(withDefaults<TlsConfig>(DEFAULT_TLS, tls) as TlsPlan),
  });
}
