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
  type RetryDecision,
} from "./gateway.js";
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
export { CONFIG_CODES, type ConfigCode } from "./config/codes.js";
export { formatProblem, GatewayConfigError, type ConfigProblem } from "./config/problem.js";
export type {
  BackendConfig,
  ConditionMap,
  ConfigInput,
  ConnectConfig,
  CorsConfig,
  DefaultsConfig,
  GatewayConfig,
  FallbackConfig,
  HeaderChangesConfig,
  InstanceConfig,
  MatchConfig,
  MirrorConfig,
  OutlierConfig,
  PathCondition,
  PathRewriteConfig,
  RedirectConfig,
  RespondConfig,
  RetryConfig,
  RewriteConfig,
  RouteConfig,
  ServiceConfig,
  ShortRouteConfig,
  SplitConfig,
  StickyConfig,
  TextCondition,
  TimeoutsConfig,
  ToConfig,
  WeightedBackendConfig,
} from "./config/config.js";
export type { KnownAnswers, KnownForward } from "./config/known-answers.js";
export type { ConnectPlan } from "./config/plan.js";
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
export { canonicalPath, type CanonicalPath, type PathOptions } from "./match/path.js";
export type { ParseOptions } from "./match/target.js";
export { pickVersion } from "./split/pick-version.js";
export { stickyPoint } from "./split/sticky-point.js";
export type { Balancer, Candidate, PickInput } from "./balance/balancer.js";
export { leastRequest } from "./balance/least-request.js";
export { random } from "./balance/random.js";
export { roundRobin } from "./balance/round-robin.js";
export {
  buildUpstreamRequest,
  type UpstreamRequestHead,
  type UpstreamRequestOptions,
} from "./rewrite/upstream-request.js";
export {
  buildClientResponse,
  type AnsweringDecision,
  type ClientResponseHead,
  type UpstreamResponseHead,
} from "./rewrite/client-response.js";
export type {
  Decision,
  ForwardDecision,
  HeaderChanges,
  NoneDecision,
  Params,
  RedirectDecision,
  RejectDecision,
  RejectReason,
  RequestTarget,
  RespondDecision,
  Timeouts,
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
export type { RetryFacts, StopReason } from "./health/retry.js";
export type { GatewayChange } from "./settle.js";
export type {
  GatewaySnapshot,
  InstanceSnapshot,
  PartialSnapshot,
  ServiceSnapshot,
} from "./snapshot.js";
export type { InstanceReference } from "./state.js";
export type { Fact, HeaderRecord, ParsedRequest, RequestView } from "./request.js";
export { systemEnv, type DrawPurpose, type Env } from "./env.js";
