import type { ConfigInput } from "../../config/config.js";
import type { Gateway } from "../../gateway.js";
import type { RequestView } from "../../request.js";
import type { Distribution } from "./distribution.js";

/** Requests that come in. */
export interface TrafficModel {
  /** Requests a second; of a function, at a time of the simulation in milliseconds. */
  readonly perSecond: number | ((atMs: number) => number);
  /** Default: the whole simulation. Unit: milliseconds. */
  readonly fromMs?: number;
  readonly toMs?: number;
  /** `poisson`: at random, as clients who know nothing of each other. `even`: one after the other. Default: `"poisson"`. */
  readonly arrivals?: "poisson" | "even";
  /** A request, or the n-th one. Default: `GET /`. */
  readonly request?: RequestView | ((n: number, random: () => number) => RequestView);
  /** How often a client asks again by itself when it got an error. Default: 0. */
  readonly clientRetries?: number;
  /** How long a client waits for an answer before it leaves. Unit: milliseconds. Default: for ever. */
  readonly patienceMs?: number;
}

/** How an instance behaves. */
export interface InstanceModel {
  /** Time that one request is worked on. Unit: milliseconds. */
  readonly serviceMs: Distribution;
  /** Requests that are worked on at once. Default: 1 000. */
  readonly capacity?: number;
  /** Requests that wait beyond that; more get 503. Default: 1 000 000. */
  readonly queue?: number;
  /** Share of requests that it answers with 500. Default: 0. */
  readonly errorRatio?: number;
  /** A new process is slow at first: its times begin with this factor and come down to 1. Default: none. */
  readonly coldStart?: { readonly factor: number; readonly durationMs: number };
}

/** Something that goes wrong at instances for a time. */
export interface Fault {
  /** Id of the instance, or several. */
  readonly instance: string | readonly string[];
  /** Unit: milliseconds of the simulation. */
  readonly fromMs: number;
  /** Default: the end. */
  readonly toMs?: number;
  /**
   * `down`: the process dies; what it works on is reset, new connections are refused, and it comes back cold. `stalled`: it
   * takes requests and goes on when the time is over (SIGSTOP). `slow`: its times are longer. `failing`: it answers 503.
   */
  readonly kind: "down" | "stalled" | "slow" | "failing";
  /** How many times as long, of `slow`. Default: 10. */
  readonly factor?: number;
  /** Share of requests, of `failing`. Default: 1. */
  readonly ratio?: number;
}

/** All instances of a service are replaced, one after the other. */
export interface Deploy {
  readonly service: string;
  readonly fromMs: number;
  /** From the return of one instance to the turn of the next. Unit: milliseconds. Default: 1 000. */
  readonly pauseMs?: number;
  /** How long an instance is away. Unit: milliseconds. Default: 1 000. */
  readonly downMs?: number;
  /** Whether each is drained first; otherwise it is killed in its work. Default: true. */
  readonly drain?: boolean;
}

/** What is simulated. */
export interface Scenario {
  readonly config: ConfigInput;
  readonly traffic: TrafficModel | readonly TrafficModel[];
  /** By id; `"*"` stands for all that are not named. */
  readonly instances: { readonly [id: string]: InstanceModel };
  readonly faults?: readonly Fault[];
  readonly deploys?: readonly Deploy[];
  /** What is done at the gateway at some time: an update, instances added. */
  readonly actions?: readonly { readonly atMs: number; readonly run: (gateway: Gateway) => void }[];
  /** The same seed gives the same simulation to the last digit. Default: 1. */
  readonly seed?: number;
  /** Unit: milliseconds. Traffic ends then; what is under way is waited for. */
  readonly durationMs: number;
  /** How far the points of the series are apart. Unit: milliseconds. Default: 1 000. */
  readonly sampleMs?: number;
}
