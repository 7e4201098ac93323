import type { GatewayChange } from "./change.js";
import type { ConfigInput } from "./config/config.js";
import type { ConnectPlan, ServiceLimitsPlan } from "./config/plan.js";
import type { Decision, ForwardDecision } from "./decision.js";
import type { Env } from "./env.js";
import type { Explanation, ExplainOptions } from "./explanation.js";
import type { MatchResult } from "./gateway-match.js";
import type { HedgeFacts } from "./health/hedge.js";
import type { ProbeRule } from "./health/probe.js";
import type { RetryFacts } from "./health/retry.js";
import type { RetryDecision } from "./next-attempt.js";
import type { Outcome } from "./outcome.js";
import type { RequestView } from "./request.js";
import type { ServiceControl } from "./service-control.js";
import type { GatewaySnapshot, PartialSnapshot } from "./snapshot.js";
import type { InstanceReference } from "./state.js";

/** What a gateway answers to `decide` and to `match`. */
export interface Answers {
  readonly decision: Decision;
  readonly match: MatchResult;
}

/** What `decide` of a gateway answers: `DecisionOf<typeof gateway>`. */
export type DecisionOf<Of extends Gateway> = ReturnType<Of["decide"]>;

/** What `createGateway` takes beside the configuration. */
export interface GatewayOptions {
  /** Clock and random source. Default: those of the runtime. */
  readonly env?: Env;
}

/**
 * The one object that holds state. `match`, `decide` and `retry` only read; `start`, `report`, `update` and `restore` write.
 *
 * `Known` is what the type of the configuration tells of the answers; nothing by default.
 */
export interface Gateway<Known extends Answers = Answers> {
  /** The first half of `decide`, so that asynchronous policies fit between the two. */
  match(view: RequestView): Known["match"];
  /**
   * What to do with a request. Changes nothing: asked twice with the same draws it answers the same. Never throws,
   * whatever the request holds.
   *
   * @param match what `match` answered for this request, which may have got facts since. It stays with this route, also
   *   after an update. Matched anew when it is left out, or of another request
   */
  decide(view: RequestView, match?: MatchResult): Known["decision"];
  /**
   * Why a request is decided as it is: the same walk as `decide`, with reasons. Changes nothing but the draws that
   * it takes.
   */
  explain(view: RequestView, options?: ExplainOptions): Explanation;
  /** Takes the place that a decision names (in flight, cursor, budget). False when it was started before, or the instance is gone. */
  start(decision: Decision): boolean;
  /** Gives the place back and learns from what happened. A second report is ignored and counted: then false. */
  report(decision: Decision, outcome: Outcome): boolean;
  /** What follows a failed attempt: another one, or the fact that refuses it. Changes nothing. */
  retry(decision: ForwardDecision, outcome: Outcome, facts: RetryFacts): RetryDecision;
  /**
   * A second attempt while that of the decision is still waited for, where the route hedges: at another instance, in the
   * same budget as retries; or the fact that refuses it. Changes nothing.
   */
  hedge(decision: ForwardDecision, facts: HedgeFacts): RetryDecision;
  /**
   * Swaps the configuration as a whole. State stays where service name and instance id stay; requests under way
   * finish on the old one. The types of answers stay those of the configuration that the gateway was made from: take
   * one that will have other routes as plain `Gateway`.
   *
   * @throws GatewayConfigError with every problem; then nothing has changed
   */
  update(config: ConfigInput): void;
  /** All state as plain JSON data. */
  snapshot(): GatewaySnapshot;
  /**
   * Starts from a state: lays it over a fresh one, in which what is absent is new. Nobody gives back requests in
   * flight that come with it: leave them out when the state is that of another process.
   *
   * @returns JSON pointers of what the configuration does not have
   */
  restore(partial: PartialSnapshot): readonly string[];
  /** Tells what joins, leaves, drains, is ejected or returns. Answers a function that ends it. */
  onChange(listener: (change: GatewayChange) => void): () => void;
  /** Names of all services, those that URLs in `to` make among them. */
  readonly services: readonly string[];
  /**
   * The instances of a service, to change while the gateway runs.
   *
   * @throws RangeError when there is no such service
   */
  service(name: string): ServiceControl;
  /**
   * Does what time has brought since somebody looked: tells of ejections and drains that have ended. Everything else looks
   * by itself; a proxy calls it.
   *
   * @returns how long nothing more is to be told. Unit: milliseconds; `Infinity` when nothing is ahead
   */
  tick(): number;
  /** Names of the steps around every request, which run before the match. */
  readonly policies: readonly string[];
  /** Whether the gateway or a route names policies: then `match` has to be asked before `decide`. */
  readonly hasPolicies: boolean;
  /** How the instances of a service are connected to; undefined when there is no such service. */
  connectOf(service: string): ConnectPlan | undefined;
  /** Limits of the requests under way at a service; undefined when there is no such service. */
  limitsOf(service: string): ServiceLimitsPlan | undefined;
  /** What the instances of a service are asked by themselves; undefined where they are not, or there is no such service. */
  probeOf(service: string): ProbeRule | undefined;
  /** The instances of a service, as decisions and events name them; none when there is no such service. O(instances). */
  instancesOf(service: string): readonly InstanceReference[];
  /**
   * Those of them that this gateway sends requests to when they are well, and those that drain: where it keeps to a subset, not
   * all. It changes when instances come, go or drain, and with results of probes. O(n log n).
   */
  usedInstancesOf(service: string): readonly InstanceReference[];
}
