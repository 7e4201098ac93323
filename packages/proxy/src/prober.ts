import type { ConnectPlan, Gateway, InstanceReference, ProbeRule } from "@signalbox/core";
import { Connector } from "./connector.js";
import type { AskInstance, ProbeTarget } from "./probe-attempt.js";
import type { InLine, ProbeLine } from "./probe-line.js";
import { MOST_MS } from "./proxy-options.js";

/** What a prober needs of those whom it belongs to. */
export interface ProberHost {
  readonly gateway: Gateway;
  readonly line: ProbeLine;
  readonly ask: AskInstance;
  /** A number in [0, 1). */
  random(): number;
  /** It has stopped by itself: the instance is gone, or nobody wants to know any more. */
  stopped(prober: Prober): void;
}

/** Asks one instance, time and again, by the rule that holds when it asks. */
export class Prober implements InLine {
  readonly service: string;
  readonly instance: InstanceReference;
  readonly #host: ProberHost;
  #timer: NodeJS.Timeout | undefined;
  /** Gives the probe under way up. */
  #cancel: (() => void) | undefined;
  /** When the latest probe began; undefined before the first. */
  #startedAt: number | undefined;
  #known: (ProbeTarget & { readonly plan: ConnectPlan }) | undefined;
  #isStopped = false;

  /** @param delayMs until the first probe */
  constructor(host: ProberHost, service: string, instance: InstanceReference, delayMs: number) {
    this.#host = host;
    this.service = service;
    this.instance = instance;
    this.#timer = setTimeout(this.#enter, delayMs).unref();
  }

  readonly #enter = (): void => {
    this.#timer = undefined;
    this.#host.line.enter(this);
  };

  start(): void {
    const { gateway, ask } = this.#host;
    const rule = gateway.probeOf(this.service);
    const plan = gateway.connectOf(this.service);
    if (rule === undefined || plan === undefined) return this.#giveUp();
    this.#startedAt = performance.now();
    this.#cancel = ask(this.#targetOf(rule, plan), (passed) => this.#ended(passed));
  }

  // TLS material and sessions are kept as long as they stay right.
  #targetOf(rule: ProbeRule, plan: ConnectPlan): ProbeTarget {
    if (this.#known?.rule !== rule || this.#known.plan !== plan) {
      const connector = new Connector(placeOf(this.instance, rule), plan);
      this.#known = { connector, rule, plan, protocol: plan.protocol };
    }
    return this.#known;
  }

  #ended(passed: boolean): void {
    this.#cancel = undefined;
    this.#host.line.leave(this);
    const isKnown = this.#report(passed);
    // Whoever hears of the result may have stopped it.
    if (this.#isStopped) return;
    if (isKnown) this.#plan();
    else this.#giveUp();
  }

  #report(passed: boolean): boolean {
    try {
      return this.#host.gateway.service(this.service).reportProbe(this.instance.id, passed);
    } catch {
      // An update has taken the service away.
      return false;
    }
  }

  #plan(): void {
    const rule = this.#host.gateway.probeOf(this.service);
    if (rule === undefined) return this.#giveUp();
    const { intervalMs, jitter } = rule;
    const waitMs = intervalMs * (1 + jitter * (2 * this.#host.random() - 1));
    const leftMs = (this.#startedAt as number) + waitMs - performance.now();
    this.#timer = setTimeout(this.#enter, Math.min(MOST_MS, Math.max(0, leftMs))).unref();
  }

  /** The rule has changed: what is waited for is worked out anew. */
  replan(): void {
    if (this.#timer === undefined || this.#startedAt === undefined) return;
    clearTimeout(this.#timer);
    this.#plan();
  }

  #giveUp(): void {
    this.stop();
    this.#host.stopped(this);
  }

  /** Ends it at once, the probe under way included. */
  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    this.#cancel?.();
    this.#host.line.leave(this);
  }
}

/** Where an instance is asked: at its own place, or at another port of it. */
function placeOf(instance: InstanceReference, { port }: ProbeRule): InstanceReference {
  if (port === 0) return instance;
  const url = new URL(instance.url);
  url.port = String(port);
  return { ...instance, url: url.href };
}
