import {
  tellingChange,
  type GatewayChange,
  type InstanceCounts,
  type PlainChange,
} from "./change.js";
import { carryOver, freshServices, renew } from "./carry-over.js";
import { compileConfig } from "./config/compile.js";
import type { ConfigInput } from "./config/config.js";
import type { AnswersOf } from "./config/known-answers.js";
import type { ConfigFor } from "./config/literal.js";
import type { ConnectPlan, Plan, ServiceLimitsPlan, ServicePlan } from "./config/plan.js";
import type { Draws } from "./choose.js";
import { decideStages, matchStage } from "./decide.js";
import { Forward, type Decision, type ForwardDecision } from "./decision.js";
import { systemEnv, type Env } from "./env.js";
import { settleDue } from "./due.js";
import { explainRequest } from "./explain.js";
import type { Explanation, ExplainOptions } from "./explanation.js";
import { isEligible } from "./health/eligible.js";
import { isUsedBy } from "./health/in-use.js";
import { freshen } from "./pool-levels.js";
import type { HedgeFacts } from "./health/hedge.js";
import type { ProbeRule } from "./health/probe.js";
import type { RetryFacts } from "./health/retry.js";
import type { Answers, Gateway, GatewayOptions } from "./gateway-api.js";
import { MatchValue, type MatchResult, type Reused } from "./gateway-match.js";
import type { Outcome } from "./outcome.js";
import type { RequestView } from "./request.js";
import { LiveService, type ControlHost } from "./live-service.js";
import type { ServiceControl } from "./service-control.js";
import { settleOutcome, startAttempt } from "./settle.js";
import { hedgeAttempt, retryAttempt, type RetryDecision } from "./next-attempt.js";
import { newRuntime, type Runtime } from "./runtime.js";
import type { InstanceReference, InstanceState, ServiceState } from "./state.js";
import { suggest } from "./config/suggest.js";
import { restoreServices } from "./restore.js";
import { snapshotService, type GatewaySnapshot, type PartialSnapshot } from "./snapshot.js";

export type { Answers, DecisionOf, Gateway, GatewayOptions } from "./gateway-api.js";

/**
 * Makes a gateway from a configuration, or from an array of routes.
 *
 * A configuration that is written in the call is checked by its type: unknown services, versions and path parameters,
 * and actions that exclude each other, do not compile. If each of its routes has an id, decisions have the parameters
 * of their route. What was made elsewhere (a `GatewayConfig`, an imported JSON file) is checked at run time only.
 *
 * @throws GatewayConfigError holding every problem of the configuration
 *
 * @example
 * const gateway = createGateway([{ path: "/orders/*", to: "http://10.0.0.9:8080" }]);
 * gateway.decide({ method: "GET", url: "/orders/7" }).kind; // "forward"
 */
export function createGateway<const Config extends object>(
  config: ConfigFor<Config>,
  options?: GatewayOptions,
): Gateway<AnswersOf<Config, Answers>>;
export function createGateway(config: ConfigInput, options: GatewayOptions = {}): Gateway {
  return new SignalboxGateway(compileConfig(config), options.env ?? systemEnv());
}

class SignalboxGateway implements Gateway, ControlHost {
  #runtime: Runtime;
  readonly #env: Env;
  readonly #draws: Draws;
  readonly #listeners = new Set<(change: GatewayChange) => void>();
  #ignoredReports = 0;
  #listenerErrors = 0;
  #envErrors = 0;
  #lastNow: number;
  readonly #drawLimit = (): number => this.#env.random("limit");
  readonly #controls = new Map<string, LiveService>();
  readonly announce = (change: PlainChange): void => {
    const told = tellingChange(change, () => this.#countsOf(change.service));
    for (const listener of this.#listeners) {
      try {
        const heard: unknown = listener(told);
        if (heard instanceof Promise) heard.catch(() => this.#listenerErrors++);
      } catch {
        this.#listenerErrors++;
      }
    }
  };

  constructor(plan: Plan, env: Env) {
    this.#env = env;
    this.#lastNow = env.now();
    this.#draws = {
      split: () => env.random("split"),
      balance: () => env.random("balance"),
      level: () => env.random("level"),
      mirror: () => env.random("mirror"),
      ofMirror: {
        balance: () => env.random("mirror-balance"),
        level: () => env.random("mirror-level"),
        isCopy: true,
      },
      isCopy: false,
      retry: () => env.random("retry"),
      requestId: () => env.randomId(),
      now: () => env.now(),
    };
    this.#runtime = newRuntime(plan, freshServices(plan, this.#lastNow));
  }

  // What is taken has to be given back: a clock that throws stands still where state is written.
  #now(): number {
    try {
      this.#lastNow = this.#env.now();
    } catch {
      this.#envErrors++;
    }
    return this.#lastNow;
  }

  match(view: RequestView): MatchResult {
    const plan = this.#runtime.plan;
    const matched = matchStage(plan, view);
    if (matched.kind === "final") return matched.decision as MatchResult;
    return new MatchValue(matched, plan);
  }

  decide(view: RequestView, match?: MatchResult): Decision {
    const runtime = this.#runtime;
    if (match !== undefined) {
      if (match.kind !== "match") return match;
      const known = MatchValue.reuse(match, view);
      if (known !== undefined) return this.#decideMatched(known);
    }
    const matched = matchStage(runtime.plan, view);
    if (matched.kind === "final") return matched.decision;
    return decideStages(runtime, matched.request, matched.alternative, this.#draws);
  }

  // A request stays with the plan that it was matched by: the policies that have run are those of its route there.
  #decideMatched({ plan, request, alternative, params }: Reused): Decision {
    const now = this.#runtime;
    const runtime = plan === now.plan ? now : newRuntime(plan, now.services);
    return decideStages(runtime, request, alternative, this.#draws, params);
  }

  explain(view: RequestView, options?: ExplainOptions): Explanation {
    return explainRequest(this.#runtime, view, this.#draws, options);
  }

  start(decision: Decision): boolean {
    if (decision.kind !== "forward") return false;
    return startAttempt(this.#runtime, ownForward(decision, "start"), this.#now(), this.announce);
  }

  report(decision: Decision, outcome: Outcome): boolean {
    if (decision.kind !== "forward") return false;
    const settled = settleOutcome(
      this.#runtime,
      ownForward(decision, "report"),
      outcome,
      this.#now(),
      this.announce,
      this.#drawLimit,
    );
    if (!settled) this.#ignoredReports++;
    return settled;
  }

  retry(decision: ForwardDecision, outcome: Outcome, facts: RetryFacts): RetryDecision {
    const before = ownForward(decision, "retry");
    return unlessThrown(() => retryAttempt(this.#runtime, this.#draws, before, outcome, facts));
  }

  hedge(decision: ForwardDecision, facts: HedgeFacts): RetryDecision {
    const before = ownForward(decision, "hedge");
    return unlessThrown(() => hedgeAttempt(this.#runtime, this.#draws, before, facts));
  }

  update(config: ConfigInput): void {
    const plan = compileConfig(config, this.#runtime.plan);
    const now = this.#now();
    const changes: PlainChange[] = [];
    const services = carryOver(this.#runtime, plan, now, changes);
    this.#runtime = newRuntime(plan, services);
    for (const change of changes) this.announce(change);
  }

  snapshot(): GatewaySnapshot {
    const now = this.#now();
    const services: { [name: string]: GatewaySnapshot["services"][string] } = Object.create(
      null,
    ) as GatewaySnapshot["services"];
    for (const [name, service] of this.#runtime.services)
      services[name] = snapshotService(service, now);
    return {
      services,
      ignoredReports: this.#ignoredReports,
      listenerErrors: this.#listenerErrors,
      envErrors: this.#envErrors,
    };
  }

  restore(partial: PartialSnapshot): readonly string[] {
    const plan = this.#runtime.plan;
    const now = this.#now();
    const services = renew(plan, this.#runtime.services, now);
    const unknown = restoreServices(services, partial, now);
    this.#runtime = newRuntime(plan, services);
    for (const control of this.#controls.values()) control.followRestore();
    this.#ignoredReports = partial.ignoredReports ?? 0;
    this.#listenerErrors = partial.listenerErrors ?? 0;
    this.#envErrors = partial.envErrors ?? 0;
    return unknown;
  }

  onChange(listener: (change: GatewayChange) => void): () => void {
    const own = (change: GatewayChange): void => listener(change);
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }

  get services(): readonly string[] {
    return [...this.#runtime.services.keys()];
  }

  service(name: string): ServiceControl {
    if (!this.#runtime.services.has(name))
      throw new RangeError(`no service is called "${name}"${hint(name, this.#runtime.services)}`);
    const known = this.#controls.get(name);
    if (known !== undefined) return known;
    const control = new LiveService(name, this);
    this.#controls.set(name, control);
    return control;
  }

  tick(): number {
    const now = this.#now();
    let dueAt = Number.POSITIVE_INFINITY;
    for (const service of this.#runtime.services.values()) {
      if (now >= service.dueAt) settleDue(service, now, this.announce);
      dueAt = Math.min(dueAt, service.dueAt);
    }
    return dueAt - now;
  }

  #countsOf(name: string): InstanceCounts {
    const instances = [...(this.#runtime.services.get(name)?.instances.values() ?? [])];
    const now = this.#now();
    const eligible = instances.filter((instance) => isEligible(instance, now)).length;
    return { instances: instances.length, eligible };
  }

  // --- what the control of a service needs ---

  stateOf(service: string): ServiceState | undefined {
    return this.#runtime.services.get(service);
  }

  planOf(service: string): ServicePlan | undefined {
    return this.#runtime.plan.services.get(service);
  }

  now(): number {
    return this.#now();
  }

  get policies(): readonly string[] {
    return this.#runtime.plan.policies;
  }

  get hasPolicies(): boolean {
    return this.#runtime.plan.hasPolicies;
  }

  connectOf(service: string): ConnectPlan | undefined {
    return this.#runtime.plan.services.get(service)?.connect;
  }

  limitsOf(service: string): ServiceLimitsPlan | undefined {
    return this.#runtime.plan.services.get(service)?.limits;
  }

  probeOf(service: string): ProbeRule | undefined {
    return this.#runtime.plan.services.get(service)?.probe;
  }

  instancesOf(service: string): readonly InstanceReference[] {
    const instances = this.#runtime.services.get(service)?.instances.values() ?? [];
    return [...instances].map(({ reference }) => reference);
  }

  usedInstancesOf(service: string): readonly InstanceReference[] {
    if (this.planOf(service)?.subset === undefined) return this.instancesOf(service);
    const now = this.#now();
    const targets = this.#runtime.targets.filter((target) => target?.plan.name === service);
    for (const target of targets) if (target !== undefined) freshen(target.pool, target.plan, now);
    const isUsed = (instance: InstanceState): boolean =>
      instance.drainUntil > 0 ||
      targets.some((target) => target !== undefined && isUsedBy(target.pool, instance));
    const instances = this.#runtime.services.get(service)?.instances.values() ?? [];
    return [...instances].filter(isUsed).map(({ reference }) => reference);
  }
}

function hint(name: string, services: ReadonlyMap<string, ServiceState>): string {
  const near = suggest(name, [...services.keys()]);
  return near === undefined ? "" : `; did you mean "${near}"?`;
}

function ownForward(decision: ForwardDecision, method: string): Forward {
  if (decision instanceof Forward) return decision;
  throw new TypeError(
    `gateway.${method}: expected a decision as decide or retry made it, got a copy or a forward decision made by hand`,
  );
}

// A clock or a random source of the user's own that throws ends the request, and nothing else.
function unlessThrown(ask: () => RetryDecision): RetryDecision {
  try {
    return ask();
  } catch {
    return { kind: "stop", reason: "internal" };
  }
}
