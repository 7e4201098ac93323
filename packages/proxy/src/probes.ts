import type { Gateway, GatewayChange, InstanceReference, ProbeRule } from "@signalbox/core";
import { askInstance, type AskInstance } from "./probe-attempt.js";
import { ProbeLine } from "./probe-line.js";
import { Prober, type ProberHost } from "./prober.js";

/** Most probes under way at once. */
const MOST_UNDER_WAY = 256;

/** First probes of instances that come together are spread over a millisecond for each, and no more than this. */
const MOST_SPREAD_MS = 1_000;

/** How often rules are looked at: nothing tells of an update that changes nothing else. Unit: milliseconds. */
const LOOK_MS = 1_000;

/** For tests: everything else uses the defaults. */
export interface ProbesOptions {
  readonly random?: () => number;
  readonly ask?: AskInstance;
}

interface ProbedService {
  readonly rule: ProbeRule;
  readonly probers: Map<InstanceReference, Prober>;
}

/** The probers of a gateway: one for each instance of each service that has probes. */
export class Probes implements ProberHost {
  readonly gateway: Gateway;
  readonly line = new ProbeLine(MOST_UNDER_WAY);
  readonly ask: AskInstance;
  readonly random: () => number;
  readonly #services = new Map<string, ProbedService>();
  /** Instances that have come since the last turn, and what they belong to. */
  readonly #come = new Map<InstanceReference, string>();
  /** Those that have gone since then. Of what happens while something is told, the end may be told of before the begin. */
  readonly #gone = new Set<InstanceReference>();
  /** Services whose instances in use may be others than before. */
  readonly #changed = new Set<string>();
  readonly #stopListening: () => void;
  readonly #timer: NodeJS.Timeout;
  #isWoken = false;
  #isStopped = false;

  constructor(gateway: Gateway, { random = Math.random, ask = askInstance }: ProbesOptions = {}) {
    this.gateway = gateway;
    this.random = random;
    this.ask = ask;
    this.#stopListening = gateway.onChange((change) => this.#hear(change));
    this.#timer = setInterval(() => this.#look(), LOOK_MS).unref();
    this.#look();
  }

  #hear({ kind, service, instance }: GatewayChange): void {
    if (kind === "joined") {
      this.#follow(service);
      if (this.#services.has(service)) this.#begin(service, instance);
    } else if (kind === "left") {
      this.#end(service, instance);
      this.#gone.add(instance);
      this.#wake();
    }
    // Whoever comes, goes, drains or is well again may change whom the gateway uses.
    if (this.#services.has(service) && kind !== "breaker") {
      this.#changed.add(service);
      this.#wake();
    }
  }

  #look(): void {
    for (const service of this.gateway.services) this.#follow(service);
    for (const service of this.#services.keys()) this.#follow(service);
  }

  // Every update makes rules anew, so that another object is what there is to be seen of one.
  #follow(service: string): void {
    const rule = this.gateway.probeOf(service);
    const known = this.#services.get(service);
    if (rule === known?.rule) return;
    const probers = known?.probers ?? new Map<InstanceReference, Prober>();
    if (rule === undefined) this.#services.delete(service);
    else this.#services.set(service, { rule, probers });
    const instances = new Set(rule === undefined ? [] : this.gateway.usedInstancesOf(service));
    for (const [instance, prober] of probers) {
      if (instances.has(instance)) {
        prober.replan();
      } else {
        prober.stop();
        probers.delete(instance);
      }
    }
    for (const instance of instances) if (!probers.has(instance)) this.#begin(service, instance);
  }

  // Whom the gateway uses no more is asked no more; who has come to be used is asked from now on.
  #choose(service: string): void {
    const used = new Set(this.gateway.usedInstancesOf(service));
    const { probers } = this.#services.get(service) ?? {};
    for (const instance of probers?.keys() ?? [])
      if (!used.has(instance)) this.#end(service, instance);
    for (const [instance, of] of this.#come)
      if (of === service && !used.has(instance)) this.#come.delete(instance);
    for (const instance of used)
      if (probers?.has(instance) === false) this.#begin(service, instance);
  }

  #begin(service: string, instance: InstanceReference): void {
    // A function is never asked: it is there as long as this process is.
    if (instance.handler !== undefined) return;
    this.#come.set(instance, service);
    this.#wake();
  }

  #end(service: string, instance: InstanceReference): void {
    const probers = this.#services.get(service)?.probers;
    probers?.get(instance)?.stop();
    probers?.delete(instance);
  }

  #wake(): void {
    if (this.#isWoken) return;
    this.#isWoken = true;
    queueMicrotask(this.#startThose);
  }

  readonly #startThose = (): void => {
    this.#isWoken = false;
    for (const service of this.#changed) this.#choose(service);
    this.#changed.clear();
    const come = [...this.#come].filter(([instance]) => !this.#gone.has(instance));
    this.#come.clear();
    this.#gone.clear();
    if (this.#isStopped) return;
    const spreadMs = Math.min(MOST_SPREAD_MS, come.length - 1);
    for (const [instance, service] of come) {
      const probers = this.#services.get(service)?.probers;
      if (probers === undefined || probers.has(instance)) continue;
      probers.set(instance, new Prober(this, service, instance, this.random() * spreadMs));
    }
  };

  stopped({ service, instance }: Prober): void {
    this.#services.get(service)?.probers.delete(instance);
  }

  /** Ends all of it at once. */
  stop(): void {
    this.#isStopped = true;
    this.#stopListening();
    clearInterval(this.#timer);
    this.line.close();
    for (const { probers } of this.#services.values())
      for (const prober of probers.values()) prober.stop();
    this.#services.clear();
  }
}
