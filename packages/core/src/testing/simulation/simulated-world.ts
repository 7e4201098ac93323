import { createGateway, type Gateway } from "../../gateway.js";
import { checkNames, checkScenario } from "./check-scenario.js";
import { Recorder } from "./recorder.js";
import type { SimulationResult } from "./results.js";
import type { Fault, InstanceModel, Scenario } from "./scenario.js";
import { seededRandom } from "./seeded-random.js";
import { SimulatedDeploy } from "./simulated-deploy.js";
import { SimulatedInstance } from "./simulated-instance.js";
import { SimulatedProbes } from "./simulated-probes.js";
import { TrafficFlow } from "./traffic-flow.js";
import { VirtualClock } from "./virtual-clock.js";

/** The gateway's clock must be above 0. */
const CLOCK_START = 1_000;

/** Streams of their own: another balancer meets the same clients. Those of traffic models follow. */
const STREAMS = { work: 0, choices: 1, probes: 2, traffic: 3 };

/** A gateway that has something to tell is asked again after that time at the earliest. Unit: milliseconds. */
const LEAST_TICK_MS = 10;

/** All that a simulation holds. */
export class SimulatedWorld {
  readonly clock = new VirtualClock();
  readonly recorder = new Recorder();
  readonly gateway: Gateway;
  readonly #scenario: Scenario;
  readonly #instances = new Map<string, SimulatedInstance>();
  readonly #work: () => number;
  readonly #probes: SimulatedProbes;
  /** When the gateway is asked next what time has brought. */
  #tickAt = Number.POSITIVE_INFINITY;

  constructor(scenario: Scenario) {
    checkScenario(scenario);
    this.#scenario = scenario;
    const { seed = 1, config } = scenario;
    this.#work = seededRandom(seed, STREAMS.work);
    this.#probes = new SimulatedProbes(this, seededRandom(seed, STREAMS.probes));
    const choices = seededRandom(seed, STREAMS.choices);
    let ids = 0;
    this.gateway = createGateway(config as never, {
      env: {
        now: () => CLOCK_START + this.clock.now,
        random: () => choices(),
        randomId: () => `id-${++ids}`,
      },
    });
    checkNames(scenario, this.gateway);
    for (const id of this.#idsNow()) this.instanceAt(id);
  }

  get durationMs(): number {
    return this.#scenario.durationMs;
  }

  run(): SimulationResult {
    const { traffic, faults = [], deploys = [], actions = [], seed = 1 } = this.#scenario;
    const { clock } = this;
    this.gateway.onChange((change) => {
      this.recorder.onChange(change);
      clock.after(0, this.#tick);
    });
    this.#planPoints();
    for (const fault of faults) if (fault.kind === "down") this.#planDown(fault);
    for (const { atMs, run } of actions) clock.at(atMs, () => this.#act(run));
    for (const deploy of deploys)
      clock.at(deploy.fromMs, () => new SimulatedDeploy(this, deploy).begin());
    this.#probes.look();
    const flows = [traffic].flat();
    for (const [index, model] of flows.entries()) {
      const random = seededRandom(seed, STREAMS.traffic + index);
      new TrafficFlow(this, model, `traffic[${index}]`, random).begin();
    }
    clock.run();
    return this.recorder.result(this.#instances);
  }

  instanceAt(id: string): SimulatedInstance {
    const known = this.#instances.get(id);
    if (known !== undefined) return known;
    const instance = new SimulatedInstance(
      this.#modelOf(id),
      this.clock,
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
    throw new RangeError(
      `instances: expected a model for "${id}", or "*" for all others, got none`,
    );
  }

  #faultsOf(id: string): readonly Fault[] {
    return (this.#scenario.faults ?? []).filter(({ instance }) => [instance].flat().includes(id));
  }

  #planDown({ instance, fromMs, toMs = Number.POSITIVE_INFINITY }: Fault): void {
    for (const id of [instance].flat()) {
      this.clock.at(fromMs, () => this.instanceAt(id).kill());
      this.clock.at(toMs, () => this.instanceAt(id).start());
    }
  }

  /** What is done at the gateway may bring instances: each is a process that has just begun. */
  #act(run: (gateway: Gateway) => void): void {
    const before = this.#idsNow();
    run(this.gateway);
    for (const id of this.#idsNow()) if (!before.has(id)) this.instanceAt(id).join();
    this.#probes.look();
  }

  #idsNow(): ReadonlySet<string> {
    const { gateway } = this;
    const instances = gateway.services.flatMap((service) => gateway.instancesOf(service));
    return new Set(instances.map(({ id }) => id));
  }

  /** What time alone brings is told of in time, as a proxy does it. */
  readonly #tick = (): void => {
    const { clock } = this;
    if (clock.now >= this.#tickAt) this.#tickAt = Number.POSITIVE_INFINITY;
    const at = clock.now + Math.max(this.gateway.tick(), LEAST_TICK_MS);
    if (at > this.durationMs || at >= this.#tickAt) return;
    this.#tickAt = at;
    clock.at(at, this.#tick);
  };

  // Before all else, so that what happens at the end of a piece of time belongs to the next.
  #planPoints(): void {
    const { sampleMs = 1_000, durationMs } = this.#scenario;
    for (let nth = 1; nth * sampleMs <= durationMs; nth++) {
      const at = nth * sampleMs;
      this.clock.at(at, () => this.recorder.takePoint(at, this.#instances));
    }
  }
}
