import type { BehaviourName } from "../hostile/behaviours.js";
import type { Http2OwnName } from "../chaos/http2-behaviours.js";
import type { Plan, Result, Verdict } from "../hostile/plan.js";
import type { RouteName } from "./leak-routes.js";
import type { LeakWorld } from "./leak-world.js";

/** A kind of exchange that must leave nothing behind. */
export interface LeakKind {
  readonly name: string;
  readonly route: RouteName;
  readonly behaviour: BehaviourName | Http2OwnName;
  /** What the client does beside asking. */
  readonly client?: Partial<Plan>;
  /** Asks. Default: a client over HTTP/1.1 that checks every byte. */
  readonly ask?: (world: LeakWorld, plan: Plan) => Promise<Result>;
  /** What stands while exchanges run. Returns what ends it. Default: nothing. */
  readonly beside?: (world: LeakWorld, path: string) => Promise<() => void>;
  /** What nine exchanges of ten must come to at least: otherwise another kind was measured. */
  readonly verdict: Verdict;
  readonly status: number;
  /** How many run at the same time. Default: 32. Those that wait for a coarse timer need many. */
  readonly parallel?: number;
  /** How many run of those that are asked for. Default: 1, all of them. */
  readonly share?: number;
}

/** How long an exchange may take until it counts as hung. Unit: milliseconds. */
export const LIMIT_MS = 60_000;

export const upload = {
  method: "POST",
  upload: { length: 20_000, isChunked: false },
} as const;
export const chunked = { method: "PUT", upload: { length: 20_000, isChunked: true } } as const;

export const whole = { verdict: "whole", status: 200 } as const;
export const left = { verdict: "left", status: 0 } as const;
export const leftIn = { verdict: "left", status: 200 } as const;
export const bad = { verdict: "ours", status: 502 } as const;
export const late = { verdict: "ours", status: 504 } as const;
export const large = { verdict: "ours", status: 413 } as const;
export const cut = { verdict: "cut", status: 200 } as const;

/** A fifth: beside the others they show little that is new. */
export const brief = { share: 0.2 } as const;

export const slow = { parallel: 1_000 } as const;
export const long = { parallel: 250 } as const;
