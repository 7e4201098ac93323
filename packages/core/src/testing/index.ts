/**
 * What tests of routes need: requests, an environment without chance, matchers, coverage.
 *
 * @module @signalbox/core/testing
 */

export {
  formatCoverage,
  type ConditionCoverage,
  type RouteCoverage,
  type SplitCoverage,
} from "./coverage.js";
export { listed, testEnv, type TestEnv, type TestEnvOptions } from "./env.js";
export {
  matchers,
  type Decided,
  type MatcherResult,
  type RouteMatchers,
  type WantedLocation,
} from "./matchers.js";
export { request, type RequestParts } from "./request.js";
export type { Distribution } from "./simulation/distribution.js";
export type {
  InstanceTotals,
  LatencyQuantiles,
  SimulationPoint,
  SimulationResult,
} from "./simulation/results.js";
export type {
  Deploy,
  Fault,
  InstanceModel,
  Scenario,
  TrafficModel,
} from "./simulation/scenario.js";
export { simulate } from "./simulation/simulate.js";
export { routeTester, type RouteTester } from "./tester.js";
