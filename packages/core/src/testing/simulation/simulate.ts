import { createGateway, type Gateway } from "../../gateway.js";
import type { RequestView } from "../../request.js";
import { EventQueue } from "./event-queue.js";
import { Latencies, Tally, type SimulationPoint, type SimulationResult } from "./results.js";
import type { Deploy, Fault, InstanceModel, Scenario, TrafficModel } from "./scenario.js";
import { seededRandom } from "./seeded-random.js";
import { SimulatedExchange } from "./simulated-exchange.js";
import { SimulatedInstance } from "./simulated-instance.js";

/** The gateway's clock must be above 0. */
const CLOCK_START = 1_000;
const DEFAULT_VIEW: RequestView = { method: "GET", url: "/", headers: { host: "localhost" } };

/**
 * Runs a whole outage on a virtual clock: real decisions, health, retries and breakers of a gateway, over instances and
 * traffic that are scripted. A minute of thousands of requests a second takes a second or two.
 *
 * @returns the same for the same scenario, to the last digit
 * @throws GatewayConfigError when the configuration does not pass its check
 * @throws RangeError when an instance has no model
 *
 * @example
 * const { successRatio, latency } = simulate({
 *   config: { services: { s: { instances: ["http://a", "http://b"] } }, routes: [{ to: "s" }] },
 *   traffic: { perSecond: 200 },
 *   instances: { "*": { serviceMs: { kind: "exponential", mean: 20 } } },
 *   faults: [{ instance: "http://a", kind: "down", fromMs: 10_000, toMs: 40_000 }],
 *   durationMs: 60_000,
 * });
 */
export function simulate(scenario: Scenario): SimulationResult {
  return new SimulatedWorld(scenario).run();
}

/** All that a simulation holds. */
export class SimulatedWorld {
  readonly gateway: Gateway;
  readonly #scenario: Scenario;
  readonly #events = new EventQueue();
  readonly #instances = new Map<string, SimulatedInstance>();
  readonly #arrivals: () => number;
  readonly #work: () => number;
  readonly #all = new Latencies();
  readonly #recent = new Latencies();
  readonly #statuses = new Tally();
  readonly #refused = new Tally();
  readonly #told = new Tally();
  readonly #ejections = new Tally();
  readonly #series: SimulationPoint[] = [];
  #requests = 0;
  #succeeded = 0;
  #abandoned = 0;
  #attempts = 0;
  #retries = 0;
  #wastedMs = 0;
  #recentFailed = 0;
  #retriesBefore = 0;
  /** Unit: milliseconds since the start. */
  now = 0;

  constructor(scenario: Scenario) {
    this.#scenario = scenario;
    const { seed = 1, config } = scenario;
    // Streams of their own: another balancer meets the same clients and the same work.
    this.#arrivals = seededRandom(seed);
    this.#work = seededRandom(seed + 0x1000);
    const choices = seededRandom(seed + 0x2000);
    let ids = 0;
    this.gateway = createGateway(config as never, {
      env: {
        now: () => CLOCK_START + this.now,
        random: () => choices(),
        randomId: () => `id-${++ids}`,
      },
    });
    this.gateway.onChange(({ kind, instance }) => {
      this.#told.add(kind);
      if (kind === "ejected") this.#ejections.add(instance.id);
    });
  }

  run(): SimulationResult {
    const { traffic, faults = [], deploys = [], actions = [], sampleMs = 1_000 } = this.#scenario;
    for (const model of [traffic].flat()) this.#flow(model);
    for (const fault of faults) if (fault.kind === "down") this.#takeDown(fault);
    for (const deploy of deploys) this.after(deploy.fromMs, () => this.#deploy(deploy));
    for (const { atMs, run } of actions) this.after(atMs, () => run(this.gateway));
    for (const service of this.gateway.services) this.#probe(service);
    for (let at = sampleMs; at <= this.#scenario.durationMs; at += sampleMs)
      this.after(at, () => this.#samplePoint());
    while (this.#events.nextAt < Number.POSITIVE_INFINITY) {
      this.now = this.#events.nextAt;
      this.#events.take()?.();
    }
    return this.#result();
  }

  after(ms: number, action: () => void): void {
    this.#events.plan(this.now + ms, action);
  }

  instanceAt(id: string): SimulatedInstance {
    const known = this.#instances.get(id);
    if (known !== undefined) return known;
    const instance = new SimulatedInstance(
      this.#modelOf(id),
      this.#events,
      this.#work,
      this.#faultsOf(id),
    );
    this.#instances.set(id, instance);
    return instance;
  }

  #modelOf(id: string): InstanceModel {
    const { instances } = this.#scenario;
    const model = Object.hasOwn(instances, id) ? instances[id] : instances["*"];
    if (model !== undefined) return model;
    throw new RangeError(`instances: there is no model for "${id}"; "*" stands for all others`);
  }

  #faultsOf(id: string): readonly Fault[] {
    return (this.#scenario.faults ?? []).filter(({ instance }) => [instance].flat().includes(id));
  }

  // --- clients ---

  #flow(model: TrafficModel): void {
    const { perSecond, fromMs = 0, toMs = this.#scenario.durationMs, arrivals = "poisson" } = model;
    const end = Math.min(toMs, this.#scenario.durationMs);
    let n = 0;
    const next = (): void => {
      const rate = typeof perSecond === "number" ? perSecond : perSecond(this.now);
      // Nobody comes now: somebody may in a moment.
      const gap =
        rate > 0
          ? (1_000 / rate) * (arrivals === "even" ? 1 : -Math.log(1 - this.#arrivals()))
          : 100;
      if (this.now + gap >= end) return;
      this.after(gap, () => {
        if (rate > 0) this.#arrive(model, n++);
        next();
      });
    };
    this.after(fromMs, next);
  }

  #arrive(model: TrafficModel, n: number): void {
    const { request = DEFAULT_VIEW } = model;
    const view = typeof request === "function" ? request(n, this.#arrivals) : request;
    this.#ask(model, view, model.clientRetries ?? 0);
  }

  #ask(model: TrafficModel, view: RequestView, retriesLeft: number): void {
    const beganAt = this.now;
    this.#requests++;
    const exchange = new SimulatedExchange(this, view, (status) => {
      this.#onAnswer(status, this.now - beganAt);
      if (status >= 500 && retriesLeft > 0) this.#ask(model, view, retriesLeft - 1);
    });
    if (model.patienceMs !== undefined) this.after(model.patienceMs, () => exchange.leave());
    exchange.begin();
  }

  #onAnswer(status: number, ms: number): void {
    this.#statuses.add(status);
    if (status === 499) {
      this.#abandoned++;
      return;
    }
    this.#all.add(ms);
    this.#recent.add(ms);
    if (status < 500) this.#succeeded++;
    else this.#recentFailed++;
  }

  onAttempt(attempt: number): void {
    this.#attempts++;
    if (attempt > 1) this.#retries++;
  }

  onRefused(reason: string): void {
    this.#refused.add(reason);
  }

  onWasted(ms: number): void {
    this.#wastedMs += ms;
  }

  // --- what happens to instances ---

  #takeDown({ instance, fromMs, toMs }: Fault): void {
    for (const id of [instance].flat()) {
      this.after(fromMs, () => this.instanceAt(id).kill());
      if (toMs !== undefined) this.after(toMs, () => this.instanceAt(id).startCold(this.now));
    }
  }

  #deploy({ service, pauseMs = 1_000, downMs = 1_000, drain = true }: Deploy): void {
    const control = this.gateway.service(service);
    const ids = control.instances().map(({ id }) => id);
    const replace = (index: number): void => {
      const id = ids[index];
      if (id === undefined) return;
      const goDown = (): void => {
        this.instanceAt(id).kill();
        this.after(downMs, () => {
          this.instanceAt(id).startCold(this.now);
          if (drain) control.resume(id);
          this.after(pauseMs, () => replace(index + 1));
        });
      };
      if (!drain) return goDown();
      const stop = this.gateway.onChange((change) => {
        if (change.kind !== "drained" || change.instance.id !== id) return;
        stop();
        this.after(0, goDown);
      });
      void control.drain(id);
    };
    replace(0);
  }

  // As a proxy does, but for its jitter.
  #probe(service: string): void {
    const { probe } = this.gateway.service(service);
    if (probe === undefined) return;
    const control = this.gateway.service(service);
    for (const [index, { id }] of control.instances().entries()) {
      const ask = (): void => {
        if (this.now > this.#scenario.durationMs) return;
        control.reportProbe(id, this.instanceAt(id).isWell(this.now));
        this.after(probe.intervalMs, ask);
      };
      this.after(index, ask);
    }
  }

  // --- results ---

  #samplePoint(): void {
    this.gateway.tick();
    const { p50, p99 } = this.#recent.quantiles();
    this.#series.push({
      ...{ atMs: this.now, requests: this.#recent.count, failed: this.#recentFailed, p50, p99 },
      retries: this.#retries - this.#retriesBefore,
      inFlight: this.#each(({ inFlight }) => inFlight),
      served: this.#each(({ requests }) => requests),
    });
    this.#recent.clear();
    this.#recentFailed = 0;
    this.#retriesBefore = this.#retries;
  }

  #each<Value>(of: (instance: SimulatedInstance, id: string) => Value): { [id: string]: Value } {
    return Object.fromEntries([...this.#instances].map(([id, instance]) => [id, of(instance, id)]));
  }

  #result(): SimulationResult {
    let served = 0;
    for (const { requests } of this.#instances.values()) served += requests;
    const answered = this.#requests - this.#abandoned;
    return {
      requests: this.#requests,
      succeeded: this.#succeeded,
      successRatio: answered === 0 ? 1 : this.#succeeded / answered,
      abandoned: this.#abandoned,
      latency: this.#all.quantiles(),
      attempts: this.#attempts,
      retries: this.#retries,
      statuses: this.#statuses.all(),
      refused: this.#refused.all(),
      events: this.#told.all(),
      wastedMs: this.#wastedMs,
      instances: this.#each(({ requests, busyMs, maxInFlight }, id) => ({
        ...{ requests, busyMs, maxInFlight },
        share: served === 0 ? 0 : requests / served,
        ejections: this.#ejections.of(id),
      })),
      series: this.#series,
    };
  }
}
