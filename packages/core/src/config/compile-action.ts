import type { HeaderChanges, RetryRule, Timeouts } from "../decision.js";
import { DEFAULT_RETRY } from "../health/retry.js";
import { canonicalHost } from "../match/host.js";
import { canonicalPath } from "../match/path.js";
import { compileReplacement } from "../match/regex.js";
import { changedHeaders } from "../rewrite/header-changes.js";
import { singleSlash, type TemplatePart } from "../rewrite/path.js";
import type { RedirectPlan } from "../rewrite/redirect.js";
import type { PathRewrite, RewritePlan } from "../rewrite/rewrite.js";
import { rangesOf } from "../split/pick-version.js";
import type {
  BackendConfig,
  DefaultsConfig,
  HeaderChangesConfig,
  PathRewriteConfig,
  RedirectConfig,
  RetryConfig,
  RewriteConfig,
  RouteConfig,
  TimeoutsConfig,
  ToConfig,
  WeightedBackendConfig,
} from "./config.js";
import type { ActionPlan, BackendPlan, SplitPlan, TargetPlan } from "./plan.js";
import { serviceOfUrls, urlsOf } from "./short-form.js";
import { withDefaults } from "./with-defaults.js";

/** Numbers for services with a version: the same pair is the same number. */
class Targets {
  readonly list: TargetPlan[] = [];
  readonly #numbers = new Map<string, number>();

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
  readonly targets = new Targets();
  readonly #defaults: DefaultsConfig;
  readonly #known = new Map<string, ActionPlan>();

  constructor(defaults: DefaultsConfig) {
    this.#defaults = defaults;
  }

  compile(route: RouteConfig, id: string): ActionPlan {
    // A response holds the id of its route, so no two are equal.
    if (route.respond !== undefined) return compileAction(route, id, this.#defaults, this.targets);
    const key = JSON.stringify({ ...route, id: undefined, match: undefined, order: undefined });
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const action = compileAction(route, id, this.#defaults, this.targets);
    this.#known.set(key, action);
    return action;
  }
}

function compileAction(
  route: RouteConfig,
  id: string,
  defaults: DefaultsConfig,
  targets: Targets,
): ActionPlan {
  const responseHeaders = levels(route.responseHeaders);
  if (route.redirect !== undefined)
    return Object.freeze({
      kind: "redirect",
      redirect: compileRedirect(route.redirect),
      responseHeaders,
    });
  if (route.respond !== undefined) {
    const { status, headers = {}, body = "" } = route.respond;
    const lower = Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
    );
    const typed =
      body === "" || "content-type" in lower
        ? lower
        : { "content-type": "text/plain; charset=utf-8", ...lower };
    const decision = {
      kind: "respond",
      route: id,
      status,
      headers: changedHeaders(typed, responseHeaders),
      body,
    } as const;
    return Object.freeze({ kind: "respond", decision: Object.freeze(decision) });
  }
  return Object.freeze({
    kind: "forward",
    split: compileSplit(route.to as ToConfig, {
      route,
      targets,
      retryRule: compileRetry(route.retry ?? defaults.retry),
    }),
    timeouts: compileTimeouts(route.timeouts, defaults.timeouts),
  });
}

/** What the backends of a route have in common. */
interface BackendScope {
  readonly route: RouteConfig;
  readonly targets: Targets;
  readonly retryRule: RetryRule;
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
  return Object.freeze({
    backends: Object.freeze(backends),
    weights: Object.freeze(weights),
    ranges: rangesOf(weights),
    sticky,
    salt,
  });
}

function compileBackend(
  backend: BackendConfig & Partial<Omit<WeightedBackendConfig, "weight">>,
  { route, targets, retryRule }: BackendScope,
): BackendPlan {
  const { service, version = "", fallback, redirect } = backend;
  const rewrite = backend.rewrite ?? route.rewrite;
  return Object.freeze({
    service,
    version,
    target: targets.numberOf(service, version),
    fallback: fallback && compileFallback(fallback, service, targets, retryRule),
    origin: Object.freeze({ retryRule, pool: version }),
    requestHeaders: levels(route.requestHeaders, backend.requestHeaders),
    responseHeaders: levels(route.responseHeaders, backend.responseHeaders),
    rewrite: rewrite === undefined ? undefined : compileRewrite(rewrite),
    redirect: redirect === undefined ? undefined : compileRedirect(redirect),
  });
}

function compileFallback(
  { service, version = "" }: NonNullable<BackendConfig["fallback"]>,
  own: string,
  targets: Targets,
  retryRule: RetryRule,
): BackendPlan["fallback"] {
  return Object.freeze({
    target: targets.numberOf(service ?? own, version),
    origin: Object.freeze({ retryRule, pool: version }),
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

function compileRewrite({ host, path, query }: RewriteConfig): RewritePlan {
  return Object.freeze({
    host,
    path: path === undefined ? undefined : compilePathRewrite(path),
    query:
      query === undefined
        ? undefined
        : {
            set: Object.entries(query.set ?? {}),
            add: Object.entries(query.add ?? {}),
            remove: [...(query.remove ?? [])],
          },
  });
}

function compilePathRewrite(path: PathRewriteConfig): PathRewrite {
  if (typeof path === "string") return { kind: "template", parts: compileTemplate(path) };
  if ("replace" in path) return { kind: "replace", path: canonicalText(path.replace) };
  if ("replacePrefix" in path)
    return {
      kind: "prefix",
      replacement: path.replacePrefix === "" ? "" : canonicalText(path.replacePrefix),
    };
  const replace = compileReplacement(path.regex, path.with);
  return { kind: "regex", replace: (given) => canonicalAgain(given, replace(given)) };
}

/** The parts of a path template: `:name` inserts a parameter, a final `*` the rest. */
function compileTemplate(template: string): readonly TemplatePart[] {
  return template
    .split("/")
    .slice(1)
    .flatMap((segment): TemplatePart[] => {
      if (segment.startsWith(":")) return [{ text: "/" }, { param: segment.slice(1) }];
      if (segment === "*") return [{ text: "/" }, { param: "*" }];
      return [{ text: segment === "" ? "/" : canonicalText(`/${segment}`) }];
    });
}

// A replacement can bring parts together that a client kept apart: `/.X./` becomes `/../`, `%2X0` becomes `%20`.
// What has no canonical form then is data as a whole.
function canonicalAgain(before: string, after: string): string {
  if (after === before) return after;
  const path = singleSlash(after);
  const canonical = canonicalPath(path);
  if (canonical.ok) return canonical.path;
  const asData = path.split("/").map((segment) => encodeURIComponent(segment.toWellFormed()));
  return canonicalText(asData.join("/"));
}

function canonicalText(path: string): string {
  const canonical = canonicalPath(path);
  return canonical.ok ? canonical.path : path;
}

function compileRedirect({
  status = 302,
  scheme,
  host,
  port,
  path,
  query = "keep",
}: RedirectConfig): RedirectPlan {
  return Object.freeze({
    status,
    scheme,
    host: host === undefined ? undefined : canonicalHost(host),
    port,
    path: path === undefined ? undefined : compilePathRewrite(path),
    keepQuery: query === "keep",
  });
}

const NO_TIMEOUTS: Timeouts = { requestMs: 0, attemptMs: 0, idleMs: 60_000 };

function compileTimeouts(
  own: TimeoutsConfig | undefined,
  defaults: TimeoutsConfig | undefined,
): Timeouts {
  return Object.freeze(withDefaults(NO_TIMEOUTS, defaults, own));
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
