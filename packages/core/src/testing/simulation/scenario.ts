import type { ConfigInput } from "../../config/config.js";
import type { Gateway } from "../../gateway.js";
import type { RequestView } from "../../request.js";
import type { Distribution } from "./distribution.js";

/** Requests that come in. */
export interface TrafficModel {
  /**
   * Requests a second. A function is asked every 10 ms, with the time since the start in milliseconds.
   */
  readonly perSecond: number | ((atMs: number) => number);
  /** Default: the whole simulation. Unit: milliseconds. */
  readonly fromMs?: number;
  readonly toMs?: number;
  /** `poisson`: at random, as clients who know nothing of each other. `even`: one after the other. Default: `"poisson"`. */
  readonly arrivals?: "poisson" | "even";
  /** A request, or the n-th one, from 0 on. Default: `GET /`. */
  readonly request?: RequestView | ((n: number, random: () => number) => RequestView);
  /** How often a client asks again by itself, at once, when it got a status from 500 on or had no patience left. Default: 0. */
  readonly clientRetries?: number;
  /** How long a client waits for an answer before it leaves. Unit: milliseconds. Default: for ever. */
  readonly patienceMs?: number;
}

/** How an instance behaves. It works on what it has taken to the end, whoever waits for it. */
export interface InstanceModel {
  /** Time that one request is worked on. */
  readonly serviceMs: Distribution;
  /** Requests that are worked on at once. Default: 1 000. */
  readonly capacity?: number;
  /** Requests that wait beyond that; more get 503. Default: 1 000 000. */
  readonly queue?: number;
  /** Share of requests that it answers with 500. Default: 0. */
  readonly errorRatio?: number;
  /**
   * A new process is slow at first: its times begin with this factor and come down to 1. New are those that come back, and
   * instances that join during the simulation. Default: none.
   */
  readonly coldStart?: { readonly factor: number; readonly durationMs: number };
}

/** Something that goes wrong at instances for a time. */
export interface Fault {
  /** Id of the instance, or several. One that joins later has to have a model of its own. */
  readonly instance: string | readonly string[];
  /** Unit: milliseconds of the simulation. */
  readonly fromMs: number;
  /** Default: the end. */
  readonly toMs?: number;
  /**
   * `down`: the process dies; what it works on is reset, new connections are refused, and it comes back cold. `stalled`: it
   * takes requests and goes on when the time is over (SIGSTOP). `slow`: what it begins to work on takes longer. `failing`: it
   * answers 503 to requests and probes.
   */
  readonly kind: "down" | "stalled" | "slow" | "failing";
  /** How many times as long, of `slow`. Default: 10. */
  readonly factor?: number;
  /** Share of requests, of `failing`. Default: 1. */
  readonly ratio?: number;
}

/** All instances of a service are replaced by new processes under their ids, one after the other. */
export interface Deploy {
  readonly service: string;
  readonly fromMs: number;
  /** From the return of one instance to the turn of the next. Unit: milliseconds. Default: 1 000. */
  readonly pauseMs?: number;
  /** How long an instance is away. Unit: milliseconds. Default: 1 000. */
  readonly downMs?: number;
  /** Whether each is drained first; otherwise it is killed in its work, and the gateway is told nothing. Default: true. */
  readonly drain?: boolean;
}

/**
 * What is simulated: clients, the gateway, its instances and their probes. Nothing is lost on a network, and what a proxy has of its
 * own is left out: its pools of connections, its queues, and copies of requests (`mirror`).
 */
export interface Scenario {
  readonly config: ConfigInput;
  readonly traffic: TrafficModel | readonly TrafficModel[];
  /** By id; `"*"` stands for all that are not named. */
  readonly instances: { readonly [id: string]: InstanceModel };
  readonly faults?: readonly Fault[];
  readonly deploys?: readonly Deploy[];
  /** What is done at the gateway at some time: an update, instances added. What it promises is kept after the end. */
  readonly actions?: readonly { readonly atMs: number; readonly run: (gateway: Gateway) => void }[];
  /** A whole number. The same seed gives the same simulation to the last digit. Default: 1. */
  readonly seed?: number;
  /** Unit: milliseconds. Traffic ends then; what is under way is waited for. */
  readonly durationMs: number;
  /** How far the points of the series are apart. Unit: milliseconds. Default: 1 000. */
  readonly sampleMs?: number;
}
