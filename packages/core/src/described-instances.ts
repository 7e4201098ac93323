import { isHandlerInstance } from "./config/handler-instance.js";
import type { InstancePlan } from "./config/plan.js";
import type { InstanceConfig } from "./config/service-config.js";
import type { InstanceState, ServiceState } from "./state.js";

interface Described {
  readonly instance: InstanceState;
  readonly plan: InstancePlan;
}

/** A list as it compares with what is there. */
interface ComparedList {
  /** In the order of the list, what stands as it stood; undefined for what is fresh. */
  readonly kept: readonly (InstanceState | undefined)[];
  readonly fresh: readonly FreshInstance[];
}

interface FreshInstance {
  readonly config: InstanceConfig;
  /** Empty where it says too little of the instance to be remembered. */
  readonly text: string;
}

/** What was written of the instances of a service when they were last set: what is written so again costs a comparison. */
export class DescribedInstances {
  readonly #byText = new Map<string, Described>();
  readonly #texts = new WeakMap<InstanceState, string>();

  /** Which of a list stand as they stood, and which have to be looked at. */
  compare(service: ServiceState, list: readonly InstanceConfig[]): ComparedList {
    const kept: (InstanceState | undefined)[] = [];
    const fresh: FreshInstance[] = [];
    for (const config of list) {
      const text = textOf(config);
      const known = this.#find(service, text);
      if (known === undefined) fresh.push({ config, text });
      kept.push(known);
    }
    return { kept, fresh };
  }

  /** The instance that a text stands for; undefined where it is gone, or an update has described it otherwise since. */
  #find({ instances }: ServiceState, text: string): InstanceState | undefined {
    const { instance, plan } = this.#byText.get(text) ?? {};
    if (instance === undefined || plan === undefined) return undefined;
    return instances.get(instance.id) === instance && !differs(instance, plan)
      ? instance
      : undefined;
  }

  remember(instance: InstanceState, plan: InstancePlan, text: string): void {
    if (text === "") return;
    this.#texts.set(instance, text);
    this.#byText.set(text, { instance, plan });
  }

  forget(instance: InstanceState): void {
    const text = this.#texts.get(instance);
    if (text === undefined) return;
    this.#texts.delete(instance);
    if (this.#byText.get(text)?.instance === instance) this.#byText.delete(text);
  }

  /** Forgets those that an update or a restore has taken away, which nobody tells. O(1) while there are none. */
  forgetGone({ instances }: ServiceState): void {
    if (this.#byText.size <= instances.size) return;
    for (const { instance } of this.#byText.values())
      if (instances.get(instance.id) !== instance) this.forget(instance);
  }
}

// No text tells one function from another, and metadata may be what no JSON can hold.
function textOf(config: InstanceConfig): string {
  if (isHandlerInstance(config)) return "";
  try {
    return JSON.stringify(config);
  } catch {
    return "";
  }
}

/** Whether an instance is another than what is written of it. */
export function differs(instance: InstanceState, plan: InstancePlan): boolean {
  const { url, socketPath, handler, basePath, version, fullWeight, zone, tier } = instance;
  return (
    url !== plan.url ||
    handler !== plan.handler ||
    socketPath !== plan.socketPath ||
    basePath !== plan.basePath ||
    version !== plan.version ||
    fullWeight !== plan.weight ||
    zone !== plan.zone ||
    tier !== plan.tier
  );
}
