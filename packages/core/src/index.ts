/**
 * Decisions as plain data: match, split, balance, health. Pure: no sockets, no timers.
 *
 * @module @signalbox/core
 */

export {
  createGateway,
  type Answers,
  type DecisionOf,
  type Gateway,
  type GatewayOptions,
} from "./gateway.js";
export type { RetryDecision } from "./next-attempt.js";
export type { GatewayMatch, MatchResult } from "./gateway-match.js";
export { formatExplanation } from "./format-explanation.js";
export type {
  ExplainedBackend,
  ExplainedCors,
  ExplainedInstance,
  ExplainedMirror,
  ExplainedPool,
  ExplainedRequest,
  ExplainedRoute,
  ExplainedSplit,
  Explanation,
  ExplainOptions,
} from "./explanation.js";
export type { FailedCondition } from "./match/trace.js";
export { checkConfig } from "./config/check.js";
export { defineConfig } from "./config/define-config.js";
export { suggest } from "./config/suggest.js";
export { CONFIG_CODES, type ConfigCode } from "./config/codes.js";
export { formatProblem, GatewayConfigError, type ConfigProblem } from "./config/problem.js";
export type {
  ConfigInput,
  DefaultsConfig,
  GatewayConfig,
  RequestLimitsConfig,
} from "./config/config.js";
export type {
  ConditionMap,
  MatchConfig,
  PathCondition,
  TextCondition,
} from "./config/match-config.js";
export type {
  CorsConfig,
  HeaderChangesConfig,
  PathRewriteConfig,
  RedirectConfig,
  RespondConfig,
  ResponseRewriteConfig,
  RewriteConfig,
} from "./config/rewrite-config.js";
export type {
  BackendConfig,
  FallbackConfig,
  HedgeConfig,
  MirrorCompareConfig,
  MirrorConfig,
  RetryConfig,
  RouteConfig,
  RouteLimitsConfig,
  ShortRouteConfig,
  SplitConfig,
  StickyConfig,
  TimeoutsConfig,
  ToConfig,
  WeightedBackendConfig,
} from "./config/route-config.js";
export type {
  ConnectConfig,
  TlsConfig,
  HandlerInstanceConfig,
  InstanceConfig,
  LevelsConfig,
  ServiceConfig,
  ServiceLimitsConfig,
  SlowStartConfig,
  SubsetConfig,
} from "./config/service-config.js";
export type {
  BalancerConfig,
  BalancerName,
  BalancerOptions,
  KeyConfig,
} from "./config/balancer-config.js";
export type { AffinityConfig, AffinityCookieConfig } from "./affinity/affinity-config.js";
export type {
  BreakerConfig,
  OutlierConfig,
  ProbeConfig,
  ProbeOptions,
  RetryBudgetConfig,
} from "./config/health-config.js";
export type { ConcurrencyRule } from "./health/adaptive-concurrency.js";
export type { BreakerPhase, BreakerRule } from "./health/circuit-breaker.js";
export type { KnownAnswers, KnownForward } from "./config/known-answers.js";
export type { ConnectPlan, ServiceLimitsPlan, TlsPlan } from "./config/plan.js";
export { analyzeRoutes } from "./analysis/analyze.js";
export type { FindingKind, RouteFinding } from "./analysis/finding.js";
export { generateRequests } from "./analysis/generate.js";
export {
  compareConfigs,
  type ConfigChange,
  type ConfigComparison,
  type Destination,
  type DestinationField,
} from "./analysis/compare.js";
export { compileRoutes, matchRoute, type RouteMatch, type RouteTable } from "./match/table.js";
export {
  canonicalPath,
  isCanonicalTarget,
  type CanonicalPath,
  type PathOptions,
} from "./match/path.js";
export type { ParseOptions, RequestLimits } from "./match/target.js";
export { pickVersion } from "./split/pick-version.js";
export { stickyPoint } from "./split/sticky-point.js";
export type { BoundedLoadOptions } from "./balance/bounded-load.js";
export type { Balancer, Candidate, PickInput } from "./balance/balancer.js";
export {
  consistentHash,
  consistentHashWith,
  type ConsistentHashOptions,
} from "./balance/consistent-hash.js";
export { firstEligible } from "./balance/first-eligible.js";
export {
  leastRequest,
  leastRequestWith,
  type LeastRequestOptions,
} from "./balance/least-request.js";
export { maglev, maglevWith, type MaglevOptions } from "./balance/maglev.js";
export {
  observeLatency,
  peakEwma,
  peakEwmaWith,
  type LatencyState,
  type PeakEwmaOptions,
} from "./balance/peak-ewma.js";
export { random } from "./balance/random.js";
export { rendezvous, rendezvousWith, type RendezvousOptions } from "./balance/rendezvous.js";
export { subsetOf } from "./balance/subset.js";
export { roundRobin } from "./balance/round-robin.js";
export {
  buildUpstreamRequest,
  type UpstreamRequestHead,
  type UpstreamRequestOptions,
} from "./rewrite/upstream-request.js";
export { acceptsTrailers } from "./rewrite/trailers.js";
export {
  buildClientResponse,
  type AnsweringDecision,
  type ClientResponseHead,
  type UpstreamResponseHead,
} from "./rewrite/client-response.js";
export {
  changeHeaders,
  changeRequest,
  checkHeader,
  type ViewChange,
} from "./rewrite/request-change.js";
export type {
  Decision,
  ForwardDecision,
  ForwardLimits,
  HeaderChanges,
  HedgeRule,
  MirrorCompare,
  NoneDecision,
  Params,
  RedirectDecision,
  RejectDecision,
  RejectReason,
  RequestTarget,
  RespondDecision,
  ResponseRewrite,
  Timeouts,
  Trail,
} from "./decision.js";
export type {
  CancelledOutcome,
  FailureCause,
  FailureOutcome,
  HeadOutcome,
  Outcome,
  OutcomeStage,
  ResponseOutcome,
} from "./outcome.js";
export type { HedgeFacts } from "./health/hedge.js";
export type { RetryFacts, StopReason } from "./health/retry.js";
export type { BreakerChange, GatewayChange, InstanceChange, InstanceCounts } from "./change.js";
export type { EjectionReason } from "./health/ejection-reason.js";
export type { ProbeRule } from "./health/probe.js";
export type {
  DrainOptions,
  InstanceDifference,
  InstanceStatus,
  ServiceControl,
} from "./service-control.js";
export type {
  GatewaySnapshot,
  InstanceSnapshot,
  BreakerSnapshot,
  PartialSnapshot,
  ServiceSnapshot,
} from "./snapshot.js";
export type { InstanceHandler, InstanceReference } from "./state.js";
export {
  headerOf as headerValue,
  type Fact,
  type HeaderRecord,
  type ParsedRequest,
  type RequestView,
} from "./request.js";
export { systemEnv, type DrawPurpose, type Env } from "./env.js";
