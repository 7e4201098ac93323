import type { AffinityRule } from "../affinity/affinity-rule.js";
import type { Balancer } from "../balance/balancer.js";
import type { ForwardRules, HeaderChanges, Origin, RespondDecision, Trail } from "../decision.js";
import type { ConcurrencyRule } from "../health/adaptive-concurrency.js";
import type { BreakerRule } from "../health/circuit-breaker.js";
import type { ConsecutiveRule } from "../health/consecutive.js";
import type { LevelRule } from "../health/levels.js";
import type { OutlierRule } from "../health/outlier.js";
import type { WindowRule } from "../health/outlier-window.js";
import type { ProbeRule } from "../health/probe.js";
import type { RetryBudgetRule } from "../health/retry-budget.js";
import type { SlowStartRule } from "../health/slow-start.js";
import type { Alternative } from "../match/table.js";
import type { ParseOptions } from "../match/target.js";
import type { CorsPlan } from "../rewrite/cors.js";
import type { RedirectPlan } from "../rewrite/redirect.js";
import type { ResponseRewritePlan } from "../rewrite/response-rewrite.js";
import type { RewritePlan } from "../rewrite/rewrite.js";
import type { HeaderRecord } from "../request.js";
import type { InstanceHandler } from "../state.js";
import type { KeyConfig } from "./balancer-config.js";
import type { CheckedRoutes } from "./checked-routes.js";
import type { RoutesPlan } from "./compile-routes.js";
import type { SubsetConfig } from "./service-config.js";
import type { StickyConfig } from "./route-config.js";

/** TLS to the instances of a service, after checking. */
export interface TlsPlan {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly serverName?: string;
  /** Empty for any key. */
  readonly pins: readonly string[];
  readonly minVersion: "TLSv1.2" | "TLSv1.3";
  readonly dangerouslyAcceptAnyCertificate: boolean;
}

/** An instance after checking. */
export interface InstancePlan {
  readonly id: string;
  readonly url: string;
  readonly basePath: string;
  readonly version: string;
  readonly weight: number;
  readonly zone: string | undefined;
  readonly tier: number;
  /** Undefined where the host of the URL is connected to. */
  readonly socketPath: string | undefined;
  /** Undefined where requests go to the URL. */
  readonly handler: InstanceHandler | undefined;
}

/** The pool of connections to each instance of a service, with its defaults filled in. */
export interface ConnectPlan {
  readonly timeoutMs: number;
  readonly connections: number;
  readonly queue: number;
  readonly queueMs: number;
  readonly keepAliveMs: number;
  readonly protocol: "http1" | "http2" | "auto";
  /** Most requests at once on one HTTP/2 connection. */
  readonly streams: number;
  readonly tls: TlsPlan;
  /** 0 for no limit. */
  readonly upgrades: number;
}

/** Limits of the requests under way at a service, with their defaults filled in. */
export interface ServiceLimitsPlan {
  /** 0 means no limit. */
  readonly requests: number;
  /** 0 means no limit. */
  readonly perInstance: number;
  /** Undefined where the limit is a fixed one. */
  readonly adaptive: ConcurrencyRule | undefined;
  readonly queue: number;
  readonly queueMs: number;
}

/** Judging instances by real traffic, with its defaults filled in. */
export type OutlierPlan = OutlierRule &
  ConsecutiveRule &
  WindowRule & {
    /** Whether a probe that passes ends an ejection. */
    readonly endedByProbes: boolean;
  };

/** A service after checking, with its defaults filled in. */
export interface ServicePlan {
  readonly name: string;
  readonly instances: readonly InstancePlan[];
  readonly balancer: Balancer;
  /** What the balancer knows requests by; the first that a request has counts. */
  readonly keys: readonly KeyConfig[];
  readonly outlier: OutlierPlan | undefined;
  readonly slowStart: SlowStartRule;
  /** Undefined where all instances are used. */
  readonly subset: SubsetConfig | undefined;
  /** Undefined for no limit. */
  readonly retryBudget: RetryBudgetRule | undefined;
  readonly probe: ProbeRule | undefined;
  readonly affinity: AffinityRule | undefined;
  readonly breaker: BreakerRule | undefined;
  /** Zone of the gateway; undefined where it has none. */
  readonly zone: string | undefined;
  /** How traffic is spread over tiers and zones. */
  readonly levels: LevelRule;
  readonly tryAll: boolean;
  readonly limits: ServiceLimitsPlan;
  readonly connect: ConnectPlan;
}

/** Where a share of a route leads. */
export interface BackendPlan {
  readonly service: string;
  /** Empty for every version. */
  readonly version: string;
  /** Number of service and version among the targets of the plan. */
  readonly target: number;
  readonly fallback: { readonly target: number; readonly origin: Origin } | undefined;
  /** What is answered where there is nowhere to go. */
  readonly fallbackResponse: FixedResponse | undefined;
  readonly origin: Origin;
  /** Route-level changes, then those of the backend. */
  readonly requestHeaders: readonly HeaderChanges[];
  readonly responseHeaders: readonly HeaderChanges[];
  readonly rewrite: RewritePlan | undefined;
  readonly redirect: RedirectPlan | undefined;
}

/** A response that the gateway gives itself. */
export interface FixedResponse {
  readonly status: number;
  readonly headers: HeaderRecord;
  readonly body: string;
}

/** The backends of a route and their shares. */
export interface SplitPlan {
  readonly backends: readonly BackendPlan[];
  readonly weights: readonly number[];
  /** The weights as ranges of [0, 1), for requests without a sticky key. */
  readonly ranges: readonly number[];
  readonly sticky: StickyConfig | undefined;
  /** Keeps the points of different services apart. */
  readonly salt: string;
}

/** A copy of requests that goes elsewhere. */
export interface MirrorPlan {
  readonly service: string;
  readonly target: number;
  readonly ratio: number;
  readonly origin: Origin;
  /** Those of the route. */
  readonly requestHeaders: readonly HeaderChanges[];
  readonly rewrite: RewritePlan | undefined;
  readonly rules: ForwardRules;
}

/** What routes have whatever they do. */
interface ActionBase {
  /** Changes of the route, without those of a backend. */
  readonly responseHeaders: readonly HeaderChanges[];
  readonly cors: CorsPlan | undefined;
  readonly policies: readonly string[];
}

/** A route that forwards. */
export interface ForwardPlan extends ActionBase {
  readonly kind: "forward";
  readonly split: SplitPlan;
  /** For requests whose body is worth keeping, because another attempt or a copy may follow. */
  readonly rules: ForwardRules;
  /** For those that are sent once. */
  readonly rulesOnce: ForwardRules;
  /** Methods that may be sent twice, where a body can be. */
  readonly replayMethods: readonly string[];
  readonly mirrors: readonly MirrorPlan[];
  readonly priority: number;
  /** Undefined where the gateway writes neither `Forwarded` nor `Via`. */
  readonly trail: Trail | undefined;
  readonly responseRewrite: ResponseRewritePlan | undefined;
}

/** What a route does once it matches. */
export type ActionPlan =
  | ForwardPlan
  | (ActionBase & { readonly kind: "redirect"; readonly redirect: RedirectPlan })
  | (ActionBase & {
      readonly kind: "respond";
      /** The answer where no CORS headers belong to it. */
      readonly decision: RespondDecision;
      /** Its headers before the configured changes. */
      readonly headers: HeaderRecord;
    });

/** A service and a version of it that backends lead to. The runtime holds what stands for it under the same number. */
export interface TargetPlan {
  readonly service: string;
  /** Empty for every version. */
  readonly version: string;
}

/** The configuration after checking and compiling. Frozen; replaced as a whole. */
export interface Plan extends RoutesPlan {
  /** Undefined where the routes have no form in JSON. */
  readonly checked: CheckedRoutes | undefined;
  readonly parse: ParseOptions;
  readonly services: ReadonlyMap<string, ServicePlan>;
  /** By service: the share of its limit that requests of each priority may fill. Those with one priority are left out. */
  readonly shedShares: ReadonlyMap<string, ReadonlyMap<number, number>>;
  readonly tellAllowedMethods: boolean;
  /** Whether requests without `X-Request-Id` get one. */
  readonly makesRequestIds: boolean;
  /** Steps around every request. */
  readonly policies: readonly string[];
  /** Whether there are any, on the gateway or on a route. */
  readonly hasPolicies: boolean;
}

/** What the route of an alternative does. */
export function actionOf(plan: Plan, alternative: Alternative): ActionPlan {
  return plan.actions[alternative.route] as ActionPlan;
}
