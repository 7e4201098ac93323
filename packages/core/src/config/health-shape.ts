import { authority, milliseconds, name, port, ratio, whole, pathAndQuery } from "./leaf-shapes.js";
import { oneOrMany } from "./one-or-many.js";
import { outlined } from "./outline.js";
import {
  choice,
  either,
  flag,
  judged,
  number,
  optional,
  record,
  text,
  type Schema,
} from "./schema.js";

const off = (about: string) =>
  outlined(
    judged((value) => value === false, "TYPE", about, "false, or a record"),
    { const: false },
  );
const unlessOff = (about: string, fields: Record<string, Schema>): Schema => {
  const no = off(about);
  const rule = record(about, fields);
  return either(
    (input) => (input === false ? no : rule),
    () => [no, rule],
  );
};
const above = (about: string, least: number) =>
  number(
    "OUTLIER",
    about,
    `a finite number > ${least}`,
    (value) => Number.isFinite(value) && value > least,
    {
      exclusiveMinimum: least,
    },
  );
const minimums = {
  minimumInstances: optional(whole("OUTLIER", "minimumInstances", 2)),
  minimumAnswers: optional(whole("OUTLIER", "minimumAnswers", 1)),
};

/** The rules of outlier detection, or `false`. */
export const outlier = unlessOff("outlier", {
  consecutiveFailures: optional(whole("OUTLIER", "consecutiveFailures", 0)),
  consecutiveConnectFailures: optional(whole("OUTLIER", "consecutiveConnectFailures", 0)),
  baseEjectionMs: optional(milliseconds("baseEjectionMs", 1)),
  maxEjectionMs: optional(milliseconds("maxEjectionMs", 1)),
  maxEjectionRatio: optional(ratio("maxEjectionRatio")),
  endedByProbes: optional(flag("endedByProbes")),
  returnMs: optional(milliseconds("returnMs")),
  intervalMs: optional(milliseconds("intervalMs", 1)),
  failureRatio: optional(
    unlessOff("failureRatio", { ...minimums, threshold: optional(ratio("threshold")) }),
  ),
  successRate: optional(
    unlessOff("successRate", {
      ...minimums,
      factor: optional(above("factor", 0)),
      minimumDifference: optional(ratio("minimumDifference")),
      countServerErrors: optional(flag("countServerErrors")),
    }),
  ),
  latency: optional(
    unlessOff("latency", {
      ...minimums,
      factor: optional(above("factor", 1)),
      minimumMs: optional(milliseconds("minimumMs")),
    }),
  ),
});

/** When a circuit breaker opens, and how it closes again; or `false`. */
export const breaker = unlessOff("breaker", {
  failureRatio: optional(ratio("failureRatio")),
  slowRatio: optional(ratio("slowRatio")),
  slowMs: optional(milliseconds("slowMs")),
  minimumCalls: optional(whole("BREAKER", "minimumCalls", 1)),
  windowMs: optional(milliseconds("windowMs", 10)),
  openMs: optional(milliseconds("openMs", 1)),
  maxOpenMs: optional(milliseconds("maxOpenMs", 1)),
  halfOpenCalls: optional(whole("BREAKER", "halfOpenCalls", 1)),
  trialMs: optional(milliseconds("trialMs", 1)),
});

const adaptiveRule = record("adaptive", {
  minLimit: optional(whole("LIMIT", "minLimit", 1)),
  maxLimit: optional(whole("LIMIT", "maxLimit", 1)),
  initialLimit: optional(whole("LIMIT", "initialLimit", 1)),
  updateMs: optional(milliseconds("updateMs", 1)),
  bufferRatio: optional(ratio("bufferRatio")),
  measureIntervalMs: optional(milliseconds("measureIntervalMs", 1)),
  measureCalls: optional(whole("LIMIT", "measureCalls", 1)),
});
const adaptiveSwitch = flag("adaptive");
/** A limit that follows what a service bears. */
export const adaptive = either(
  (input) => (typeof input === "boolean" ? adaptiveSwitch : adaptiveRule),
  () => [adaptiveSwitch, adaptiveRule],
);

/** How many retries a service may get, or `false`. */
export const retryBudget = unlessOff("retryBudget", {
  ratio: optional(ratio("ratio")),
  perSecond: optional(
    number(
      "RETRY",
      "perSecond",
      "a finite number >= 0",
      (value) => Number.isFinite(value) && value >= 0,
      {
        minimum: 0,
      },
    ),
  ),
});

const status = whole("STATUS", "status", 100, 599);

/** How the share of an instance grows. */
export const slowStart = record("slowStart", {
  aggression: optional(
    number(
      "SLOW_START",
      "aggression",
      "a finite number > 0",
      (value) => Number.isFinite(value) && value > 0,
      { exclusiveMinimum: 0 },
    ),
  ),
  minimumShare: optional(
    number(
      "SLOW_START",
      "minimumShare",
      "a number above 0, up to 1",
      (value) => value > 0 && value <= 1,
      { exclusiveMinimum: 0, maximum: 1 },
    ),
  ),
});

/** How traffic is spread over tiers and zones. */
export const levels = record("levels", {
  overprovisioning: optional(
    number(
      "LEVELS",
      "overprovisioning",
      "a finite number >= 1",
      (value) => Number.isFinite(value) && value >= 1,
      { minimum: 1 },
    ),
  ),
  minimumMembers: optional(whole("LEVELS", "minimumMembers", 1)),
  localRatio: optional(ratio("localRatio")),
  panicRatio: optional(ratio("panicRatio")),
});

/** How instances are asked whether they are well. */
export const probe = unlessOff("probe", {
  type: optional(choice("PROBE", "type", ["http", "tcp", "grpc"])),
  path: optional(pathAndQuery),
  method: optional(choice("PROBE", "method", ["GET", "HEAD"])),
  host: optional(authority),
  port: optional(port),
  grpcService: optional(name("grpcService")),
  intervalMs: optional(milliseconds("intervalMs", 1)),
  timeoutMs: optional(milliseconds("timeoutMs", 1)),
  healthyAfter: optional(whole("PROBE", "healthyAfter", 1)),
  unhealthyAfter: optional(whole("PROBE", "unhealthyAfter", 1)),
  expect: optional(
    record("expect", {
      status: optional(oneOrMany("status", status)),
      body: optional(text("PROBE", "body", "text")),
    }),
  ),
  jitter: optional(ratio("jitter")),
});
