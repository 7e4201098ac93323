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
  weight: number;
  zone: string | undefined;
  /** Of its service. */
  readonly load: ServiceLoad;
  /** Undefined where the host of the URL is connected to. */
  socketPath: string | undefined;
  /** The part of it that decisions show. */
  reference: InstanceReference;
  inFlight: number;
  consecutiveFailures: number;
  /** When the ejection ends. Unit: milliseconds of the gateway's clock; 0 when it was never ejected. */
  ejectedUntil: number;
  /** How many times as long the latest ejection was as the first. */
  ejectionFactor: number;
  /** Whether the end of the latest ejection was not yet announced. */
  isEjected: boolean;
  /** Whether it left the configuration. */
  hasLeft: boolean;
}

/** An instance as decisions show it. */
export interface InstanceReference {
  readonly id: string;
  readonly url: string;
  /** Unix socket that it is reached over; absent where the host of the URL is connected to. */
  readonly socketPath?: string;
}

/** The instances that a backend may choose from: those of one version of a service, or all of them. */
export interface PoolState {
  readonly service: ServiceState;
  readonly members: readonly InstanceState[];
  /** Those that were eligible when the pool was last refreshed. */
  candidates: readonly InstanceState[];
  /** What the balancer prepared for the candidates. */
  prepared: unknown;
  /** When an ejection ends and the candidates become stale. Infinity when none is ejected. */
  staleAt: number;
  /** Requests started here. */
  cursor: number;
}

/** What traffic changes about one service. */
export interface ServiceState {
  readonly name: string;
  readonly instances: ReadonlyMap<string, InstanceState>;
  /** By version; the empty version stands for all instances. */
  readonly pools: ReadonlyMap<string, PoolState>;
  readonly retryBudget: RetryBudget;
  readonly load: ServiceLoad;
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
