import type { HeaderChanges, RetryRule, Trail } from "../decision.js";
import { DEFAULT_RETRY } from "../health/retry.js";
import type { PathOptions } from "../match/path.js";
import { changedHeaders } from "../rewrite/header-changes.js";
import { compileCors } from "../rewrite/cors.js";
import { rangesOf, summable } from "../split/pick-version.js";
import type { DefaultsConfig } from "./config.js";
import type { HeaderChangesConfig, RespondConfig } from "./rewrite-config.js";
import type {
  BackendConfig,
  MirrorConfig,
  RetryConfig,
  RouteConfig,
  ToConfig,
  WeightedBackendConfig,
} from "./route-config.js";
import type {
  ActionPlan,
  BackendPlan,
  FixedResponse,
  MirrorPlan,
  SplitPlan,
  TargetPlan,
} from "./plan.js";
import { compileForwarding, mirrorRules } from "./compile-forwarding.js";
import { compileRedirect, compileResponseRewrite, compileRewrites } from "./compile-rewrite.js";
import { serviceOfUrls, urlsOf } from "./short-form.js";

/** Numbers for services with a version: the same pair is the same number. */
class Targets {
  readonly list: TargetPlan[];
  readonly #numbers = new Map<string, number>();

  constructor(known: readonly TargetPlan[]) {
    this.list = [...known];
    for (const [number, { service, version }] of known.entries())
      this.#numbers.set(JSON.stringify([service, version]), number);
  }

  numberOf(service: string, version: string): number {
    const key = JSON.stringify([service, version]);
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    this.#numbers.set(key, this.list.length);
    return this.list.push(Object.freeze({ service, version })) - 1;
  }
}

/** Compiles what routes do. Equal actions come out as the same object, so that large plans stay in the processor's caches. */
export class ActionsCompiler {
  readonly targets: Targets;
  readonly #defaults: DefaultsConfig;
  readonly #options: PathOptions;
  readonly #trail: Trail | undefined;
  readonly #known = new Map<string, ActionPlan>();

  /** @param targets those that have a number already */
  constructor(
    defaults: DefaultsConfig,
    options: PathOptions,
    trail: Trail | undefined,
    targets: readonly TargetPlan[] = [],
  ) {
    this.#options = options;
    this.#trail = trail;
    this.targets = new Targets(targets);
    this.#defaults = defaults;
  }

  compile(route: RouteConfig, id: string): ActionPlan {
    // A response holds the id of its route, so no two are equal.
    if (route.respond !== undefined) return this.#compile(route, id);
    const key = JSON.stringify({ ...route, id: undefined, match: undefined, order: undefined });
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const action = this.#compile(route, id);
    this.#known.set(key, action);
    return action;
  }

  #compile(route: RouteConfig, id: string): ActionPlan {
    return compileAction(route, id, this.#defaults, this.targets, this.#options, this.#trail);
  }
}

function compileAction(
  route: RouteConfig,
  id: string,
  defaults: DefaultsConfig,
  targets: Targets,
  options: PathOptions,
  trail: Trail | undefined,
): ActionPlan {
  const responseHeaders = levels(route.responseHeaders);
  const base = {
    responseHeaders,
    cors: route.cors && compileCors(route.cors),
    policies: Object.freeze([...(route.policies ?? [])]),
  };
  if (route.redirect !== undefined)
    return Object.freeze({
      ...base,
      kind: "redirect",
      redirect: compileRedirect(route.redirect, options),
    });
  if (route.respond !== undefined) {
    const { status, headers, body } = fixedResponse(route.respond);
    const decision = {
      kind: "respond",
      route: id,
      status,
      headers: changedHeaders(headers, responseHeaders),
      body,
    } as const;
    return Object.freeze({ ...base, kind: "respond", decision: Object.freeze(decision), headers });
  }
  const retryRule = compileRetry(route.retry ?? defaults.retry);
  return Object.freeze({
    ...base,
    kind: "forward",
    split: compileSplit(route.to as ToConfig, { route, targets, retryRule, options }),
    ...compileForwarding(route, defaults, retryRule),
    mirrors: Object.freeze(
      (route.mirror ?? []).map((mirror) =>
        compileMirror(mirror, route, defaults, targets, options),
      ),
    ),
    priority: route.priority ?? 0,
    trail,
    responseRewrite: compileResponseRewrite(route.responseRewrite),
  });
}

function fixedResponse({ status, headers = {}, body = "" }: RespondConfig): FixedResponse {
  const lower = Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
  );
  const typed =
    body === "" || "content-type" in lower
      ? lower
      : { "content-type": "text/plain; charset=utf-8", ...lower };
  return Object.freeze({ status, headers: Object.freeze(typed), body });
}

const NO_RETRY: RetryRule = Object.freeze({ ...DEFAULT_RETRY, attempts: 0 });

function compileMirror(
  mirror: MirrorConfig,
  route: RouteConfig,
  defaults: DefaultsConfig,
  targets: Targets,
  options: PathOptions,
): MirrorPlan {
  const { service, version = "", ratio = 1 } = mirror;
  return Object.freeze({
    service,
    target: targets.numberOf(service, version),
    ratio,
    origin: Object.freeze({ retryRule: NO_RETRY, pool: version, isCopy: true }),
    requestHeaders: levels(route.requestHeaders),
    rewrite: compileRewrites(options, route.rewrite),
    rules: mirrorRules(mirror, defaults),
  });
}

/** What the backends of a route have in common. */
interface BackendScope {
  readonly route: RouteConfig;
  readonly targets: Targets;
  readonly retryRule: RetryRule;
  readonly options: PathOptions;
}

function compileSplit(to: ToConfig, scope: BackendScope): SplitPlan {
  const urls = urlsOf(to);
  if (urls !== undefined)
    return oneBackend(compileBackend({ service: serviceOfUrls(urls) }, scope));
  if (typeof to === "string") return oneBackend(compileBackend({ service: to }, scope));
  if (Array.isArray(to)) {
    const weighted = to as readonly WeightedBackendConfig[];
    return splitPlan(
      weighted.map((backend) => compileBackend(backend, scope)),
      weighted.map(({ weight = 1 }) => weight),
      undefined,
      "",
    );
  }
  const single = to as BackendConfig;
  if (single.split === undefined) return oneBackend(compileBackend(single, scope));
  const versions = Object.keys(single.split);
  return splitPlan(
    versions.map((version) => compileBackend({ ...single, version }, scope)),
    versions.map(
      (version) => (single.split as { readonly [version: string]: number })[version] as number,
    ),
    single.sticky,
    single.service,
  );
}

function oneBackend(backend: BackendPlan): SplitPlan {
  return splitPlan([backend], [1], undefined, "");
}

function splitPlan(
  backends: readonly BackendPlan[],
  weights: readonly number[],
  sticky: SplitPlan["sticky"],
  salt: string,
): SplitPlan {
  const shares = summable(weights);
  return Object.freeze({
    backends: Object.freeze(backends),
    weights: Object.freeze(shares),
    ranges: rangesOf(shares),
    sticky,
    salt,
  });
}

function compileBackend(
  backend: BackendConfig & Partial<Omit<WeightedBackendConfig, "weight">>,
  { route, targets, retryRule, options }: BackendScope,
): BackendPlan {
  const { service, version = "", fallback, redirect } = backend;
  return Object.freeze({
    service,
    version,
    target: targets.numberOf(service, version),
    fallback: fallback && compileFallback(fallback, service, targets, retryRule),
    fallbackResponse: fallback?.respond && fixedResponse(fallback.respond),
    origin: Object.freeze({ retryRule, pool: version, isCopy: false }),
    requestHeaders: levels(route.requestHeaders, backend.requestHeaders),
    responseHeaders: levels(route.responseHeaders, backend.responseHeaders),
    rewrite: compileRewrites(options, route.rewrite, backend.rewrite),
    redirect: redirect === undefined ? undefined : compileRedirect(redirect, options),
  });
}

function compileFallback(
  { service, version, respond }: NonNullable<BackendConfig["fallback"]>,
  own: string,
  targets: Targets,
  retryRule: RetryRule,
): BackendPlan["fallback"] {
  if (service === undefined && version === undefined && respond !== undefined) return undefined;
  const pool = version ?? "";
  return Object.freeze({
    target: targets.numberOf(service ?? own, pool),
    origin: Object.freeze({ retryRule, pool, isCopy: false }),
  });
}

const NO_CHANGES: readonly HeaderChanges[] = Object.freeze([]);

function levels(
  ...configs: readonly (HeaderChangesConfig | undefined)[]
): readonly HeaderChanges[] {
  const given = configs.filter((config) => config !== undefined).map(compileHeaderChanges);
  return given.length === 0 ? NO_CHANGES : Object.freeze(given);
}

function compileHeaderChanges({
  set = {},
  add = {},
  remove = [],
}: HeaderChangesConfig): HeaderChanges {
  const pairs = (map: { readonly [name: string]: string }) =>
    Object.freeze(
      Object.entries(map).map(([name, value]) =>
        Object.freeze([name.toLowerCase(), value] as const),
      ),
    );
  return Object.freeze({
    set: pairs(set),
    add: pairs(add),
    remove: Object.freeze(remove.map((name) => name.toLowerCase())),
  });
}

function compileRetry(retry: RetryConfig | undefined): RetryRule {
  if (retry === undefined) return DEFAULT_RETRY;
  const { attempts, statuses = [], methods = DEFAULT_RETRY.methods, backoff } = retry;
  const baseMs = backoff?.baseMs ?? DEFAULT_RETRY.baseMs;
  return Object.freeze({
    attempts,
    asked: true,
    statuses,
    methods,
    baseMs,
    maxMs: backoff?.maxMs ?? Math.max(DEFAULT_RETRY.maxMs, baseMs),
  });
}
