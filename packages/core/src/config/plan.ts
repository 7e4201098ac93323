import type { Balancer } from "../balance/balancer.js";
import type { HeaderChanges, Origin, RespondDecision, Timeouts } from "../decision.js";
import type { OutlierRule } from "../health/outlier.js";
import type { Alternative, RouteTable } from "../match/table.js";
import type { ParseOptions } from "../match/target.js";
import type { RedirectPlan } from "../rewrite/redirect.js";
import type { RewritePlan } from "../rewrite/rewrite.js";
import type { StickyConfig } from "./config.js";

/** An instance after checking. */
export interface InstancePlan {
  readonly id: string;
  readonly url: string;
  readonly basePath: string;
  readonly version: string;
  readonly weight: number;
  readonly zone: string | undefined;
}

/** The pool of connections to each instance of a service, with its defaults filled in. */
export interface ConnectPlan {
  readonly timeoutMs: number;
  readonly connections: number;
  readonly queue: number;
  readonly keepAliveMs: number;
}

/** A service after checking, with its defaults filled in. */
export interface ServicePlan {
  readonly name: string;
  readonly instances: readonly InstancePlan[];
  readonly balancer: Balancer;
  readonly outlier: OutlierRule | undefined;
  readonly tryAll: boolean;
  readonly connect: ConnectPlan;
}

/** Where a share of a route leads. */
export interface BackendPlan {
  readonly service: string;
  /** Empty for every version. */
  readonly version: string;
  readonly fallback:
    { readonly service: string; readonly version: string; readonly origin: Origin } | undefined;
  readonly origin: Origin;
  /** Route-level changes, then those of the backend. */
  readonly requestHeaders: readonly HeaderChanges[];
  readonly responseHeaders: readonly HeaderChanges[];
  readonly rewrite: RewritePlan | undefined;
  readonly redirect: RedirectPlan | undefined;
}

/** The backends of a route and their shares. */
export interface SplitPlan {
  readonly backends: readonly BackendPlan[];
  readonly weights: readonly number[];
  readonly sticky: StickyConfig | undefined;
  /** Keeps the points of different services apart. */
  readonly salt: string;
}

/** What a route does once it matches. */
export type ActionPlan =
  | { readonly kind: "forward"; readonly split: SplitPlan; readonly timeouts: Timeouts }
  | {
      readonly kind: "redirect";
      readonly redirect: RedirectPlan;
      readonly responseHeaders: readonly HeaderChanges[];
    }
  | { readonly kind: "respond"; readonly decision: RespondDecision };

/** A route after checking. */
export interface RoutePlan {
  readonly id: string;
  readonly action: ActionPlan;
}

/** The configuration after checking and compiling. Frozen; replaced as a whole. */
export interface Plan {
  readonly parse: ParseOptions;
  readonly table: RouteTable;
  /** In the order of the configuration; an alternative names its route by position. */
  readonly routes: readonly RoutePlan[];
  readonly services: ReadonlyMap<string, ServicePlan>;
  readonly tellAllowedMethods: boolean;
}

/** The route that an alternative belongs to. */
export function routeOf(plan: Plan, alternative: Alternative): RoutePlan {
  return plan.routes[alternative.route] as RoutePlan;
}
