import type { SessionMemory } from "./affinity/memory.js";
import type { PinTable } from "./affinity/pin-table.js";
import type { ConcurrencyState } from "./health/adaptive-concurrency.js";
import type { BreakerState } from "./health/circuit-breaker.js";
import type { ProbeState } from "./health/probe.js";
import type { Tally } from "./health/shared-failures.js";
import type { WindowCounts } from "./health/window-counts.js";

/**
 * What traffic changes about one instance, with what an update may change of its description. Balancers see
 * it as a `Candidate`.
 */
export interface InstanceState {
  readonly id: string;
  readonly service: string;
  /** Empty where the instance has none. */
  version: string;
  url: string;
  /** Path of the base URL, without a final slash. */
  basePath: string;
  /** Share of traffic as it is now: less than `fullWeight` while the instance warms up. */
  weight: number;
  /** Share of traffic as it was configured. */
  fullWeight: number;
  zone: string | undefined;
  /** Those of tier 0 get traffic first. */
  tier: number;
  /** The pools that it is a member of; none once it has left. */
  pools: readonly PoolState[];
  /** Its level in each of them, as they were worked out last; undefined where it is none of the candidates. */
  levels: (LevelState | undefined)[];
  /**
   * When it joined, or passed the first of its probes, on the gateway's clock; 0 for the instances that the gateway began with.
   * Unit: milliseconds.
   */
  joinedAt: number;
  /** When it came back from a drain or from failed probes, on the gateway's clock; 0 when it never did. Unit: milliseconds. */
  resumedAt: number;
  /** Of its service. */
  readonly load: ServiceLoad;
  /** Undefined where the host of the URL is connected to. */
  socketPath: string | undefined;
  /** Undefined where requests go to the URL. */
  handler: InstanceHandler | undefined;
  /** The part of it that decisions show. */
  reference: InstanceReference;
  inFlight: number;
  consecutiveFailures: number;
  consecutiveConnectFailures: number;
  /** Share of its latest attempts that failed, in [0, 1]. */
  failureShare: number;
  /** What it did in the running interval. */
  readonly counts: WindowCounts;
  /** What probes found at it. */
  readonly probe: ProbeState;
  /** Smoothed time until its answers, where the balancer asks for it; 0 when nothing is known. Unit: milliseconds. */
  latencyMs: number;
  /** When it was worked out, on the gateway's clock. */
  latencyAt: number;
  /** When the ejection ends. Unit: milliseconds of the gateway's clock; 0 when it was never ejected. */
  ejectedUntil: number;
  /** How many times as long the latest ejection was as the first. */
  ejectionFactor: number;
  /** Whether the end of the latest ejection was not yet announced. */
  isEjected: boolean;
  /** Until when it keeps the sessions that it has; 0 when it does not drain. Unit: milliseconds of the gateway's clock. */
  drainUntil: number;
  /** Whether the end of its last request was announced since it began to drain. */
  isDrained: boolean;
  /** Whether it left the service. */
  hasLeft: boolean;
}

/**
 * A function of the host framework that takes the requests of an instance, such as `(req, res, next) => …` or a whole
 * application. Only a proxy knows what it is called with: in the core nothing calls it.
 */
export type InstanceHandler = {
  // As a method, so that a function of any framework fits, and one that is written in place knows what `next` is.
  call(req: unknown, res: unknown, next: (error?: unknown) => void): unknown;
}["call"];

/** An instance as decisions show it. */
export interface InstanceReference {
  readonly id: string;
  /** Of a function `handler:` and its id, which leads nowhere. */
  readonly url: string;
  /** The function that takes its requests, in the same process; absent where they go to the URL. */
  readonly handler?: InstanceHandler;
  /** Unix socket that it is reached over; absent where the host of the URL is connected to. */
  readonly socketPath?: string;
}

/** The instances that a backend may choose from: those of one version of a service, or all of them. */
export interface PoolState {
  readonly service: ServiceState;
  readonly members: InstanceState[];
  /**
   * What follows from the state of the members until `staleAt`: worked out when somebody looks, and no state of its own.
   * The first level gets traffic first.
   */
  levels: readonly LevelState[];
  /** Whether no member is eligible, so that the levels have all that do not drain. */
  isPanic: boolean;
  /** When the levels become stale. `Infinity` when time alone changes nothing; `-Infinity` when something has changed. */
  staleAt: number;
  /** The plan that the levels were worked out by: what one balancer prepared is nothing to another. */
  workedOutBy: object | undefined;
  /** Requests that a balancer brought here: whose turn it is. */
  cursor: number;
  /** Those that a pin brought here: they take no turn. */
  pinnedCursor: number;
  /** The same of attempts after the first, and of copies: they take no turn of the requests. */
  laterCursor: number;
  copyCursor: number;
  /** Requests under way at its members. */
  inFlight: number;
}

/** Candidates that share a part of the traffic of a pool. */
export interface LevelState {
  readonly candidates: readonly InstanceState[];
  /** What the balancer prepared for the candidates. */
  readonly prepared: unknown;
  /** Its share of the traffic ends at this point in [0, 1]; it begins where that of the level before ends. */
  readonly upTo: number;
  /** Requests under way at the candidates. */
  inFlight: number;
}

/** What traffic changes about one service. */
export interface ServiceState {
  readonly name: string;
  readonly instances: Map<string, InstanceState>;
  /** By version; the empty version stands for all instances. */
  readonly pools: Map<string, PoolState>;
  /** When time alone brings something to be told. Unit: milliseconds of the gateway's clock; `Infinity` when nothing is ahead. */
  dueAt: number;
  /** By the cookies that clients carry; undefined without affinity by cookie. */
  readonly pins: PinTable<InstanceState> | undefined;
  /** Which instance sessions belong to; undefined without affinity by header. */
  readonly sessions: SessionMemory | undefined;
  /** When the running interval of outlier detection began. */
  windowStartedAt: number;
  readonly retryBudget: RetryBudget;
  readonly breaker: BreakerState;
  /** Undefined before the first call, and where the limit is a fixed one. */
  concurrency: ConcurrencyState | undefined;
  readonly load: ServiceLoad;
  /** What follows from the state of the instances for ejections; undefined until somebody looks. No state of its own. */
  tally: Tally | undefined;
}

/** What is under way at a service. The same object over all updates. */
export interface ServiceLoad {
  /** Requests under way at all its instances, those that left included. */
  inFlight: number;
}

/** Counts of requests and retries by second, in rings of ten. */
export interface RetryBudget {
  /** The second of the latest count. */
  second: number;
  readonly requests: number[];
  readonly retries: number[];
}
