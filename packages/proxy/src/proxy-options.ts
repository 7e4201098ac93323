import type { Fact, InstanceHandler } from "@signalbox/core";
import type { ErrorHook } from "./error-answer.js";
import type { ExchangeEnd } from "./exchange-end.js";
import type { MirrorEnd } from "./mirror.js";
import type { Policy } from "./policy.js";

/** What a proxy is told beside its gateway. */
export interface ProxyOptions {
  /** Called once for each request that a route took, when it is over; for access logs. A throw in it is ignored. */
  readonly onEnd?: (end: ExchangeEnd) => void;
  /** Replaces the answer to a request that failed or was refused. Default: status and name as text or JSON. */
  readonly onError?: ErrorHook;
  /** Called once for each copy of a request. A throw in it is ignored. */
  readonly onMirror?: (end: MirrorEnd) => void;
  /** What the names in `policies` of the gateway and its routes stand for. A route with an unknown one answers 500. */
  readonly policies?: { readonly [name: string]: Policy };
  /** Longest time for one step of a policy; then the request gets 500. 0 means none. Unit: milliseconds. Default: 30 000. */
  readonly policyMs?: number;
  /** Most copies of requests under way; more are left out. Default: 256. */
  readonly maxMirrors?: number;
  /**
   * Most upgrades (websockets) at a time, open or on their way; beyond it 503 with `Retry-After`. 0 for no limit.
   * Default: 10 000.
   */
  readonly maxUpgrades?: number;
  /**
   * Whether it asks the instances of services that have a `probe`. Proxies of one gateway share the asking; `false` is for
   * one that leaves it to others. Default: true.
   */
  readonly probes?: boolean;
}

/** What a timer of Node counts to: a longer time would pass at once. */
export const MOST_MS = 2_147_483_647;

/** The options that are numbers, checked. */
export interface ProxyLimits {
  readonly policyMs: number;
  readonly maxMirrors: number;
  readonly maxUpgrades: number;
}

/** @throws TypeError naming the option, what was given and what was expected */
export function limitsOf(options: ProxyOptions): ProxyLimits {
  const { policyMs = 30_000, maxMirrors = 256, maxUpgrades = 10_000 } = options;
  return {
    policyMs: checked(
      "policyMs",
      policyMs,
      (value) => value <= MOST_MS,
      `a number of milliseconds from 0 to ${MOST_MS}`,
    ),
    maxMirrors: checked("maxMirrors", maxMirrors, Number.isInteger, "a whole number >= 0"),
    maxUpgrades: checked("maxUpgrades", maxUpgrades, Number.isInteger, "a whole number >= 0"),
  };
}

function checked(
  name: string,
  value: number,
  isGood: (value: number) => boolean,
  expected: string,
): number {
  if (isGood(value) && value >= 0) return value;
  throw new TypeError(`createProxy: ${name} must be ${expected}, got ${String(value)}`);
}

/** What a proxy is told with a request. */
export interface HandleOptions {
  /** Hands on what no route takes. Default: 404. */
  readonly none?: (() => void) | undefined;
  /**
   * Gets what is wrong with the program and not with the request: a clock, a condition or a policy that threw, a policy
   * that is not there, a body that somebody read before. Nothing has been sent then. Default: 500.
   */
  readonly error?: ((error: Error) => void) | undefined;
  /** Target of the request as the host routes it. Default: the `originalUrl` of the request, or its `url`. */
  readonly target?: string | undefined;
  /** What the host knows of the request: conditions on facts and the split by a fact see it. Default: none. */
  readonly facts?: { readonly [name: string]: Fact } | undefined;
  /**
   * How many addresses on the way of the request the host trusts, the peer first; in place of `trustedProxies`. Default:
   * `trustedProxies` says it.
   */
  readonly trustedHops?: number | undefined;
  /**
   * Whether what a route takes is refused with 400 where its path came in another form than the canonical one that routes
   * see: for hosts that match paths themselves, as they came, and guard some of them. Default: false.
   */
  readonly canonicalPathsOnly?: boolean | undefined;
  /** Whether the request came by `checkContinue`: the client waits for leave to send its body. Default: false. */
  readonly awaitsContinue?: boolean;
  /** Why a function cannot take requests of this host, which `error` gets then. Default: each of them can. */
  handlerProblem?(handler: InstanceHandler): string | undefined;
}

/** How a proxy closes. */
export interface CloseOptions {
  /**
   * Requests and websockets that are under way may take this long; then requests are cut, and websockets get a Close
   * frame (1001) and a second to answer it. Unit: milliseconds. Default: 10 000.
   */
  readonly graceMs?: number;
}
