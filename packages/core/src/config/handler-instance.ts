import type { InstanceHandler } from "../state.js";
import type { HandlerInstanceConfig, InstanceConfig } from "./service-config.js";

/** Whether an instance is a function in this process. */
export function isHandlerInstance(instance: InstanceConfig): instance is HandlerInstanceConfig {
  return typeof instance === "object" && instance !== null && Object.hasOwn(instance, "handler");
}

/** An instance as far as ids are given by it. */
interface Known {
  readonly id: string;
  readonly handler: InstanceHandler | undefined;
}

/**
 * Gives the functions without an id one, in their order: `handler`, `handler (2)`, and so on past those that are taken.
 *
 * @param others those that are there already: a function that is one of them keeps its id
 */
export function withHandlerIds(
  instances: readonly InstanceConfig[],
  others: Iterable<Known> = [],
): readonly InstanceConfig[] {
  const lacks = (instance: InstanceConfig): instance is HandlerInstanceConfig =>
    isHandlerInstance(instance) && instance.id === undefined;
  if (!instances.some(lacks)) return instances;
  const known = new Map<InstanceHandler, string>();
  const taken = new Set<string>();
  for (const { id, handler } of others) {
    taken.add(id);
    if (handler !== undefined && !known.has(handler)) known.set(handler, id);
  }
  for (const instance of instances)
    if (typeof instance === "object" && instance.id !== undefined) taken.add(instance.id);
  return instances.map((instance) => {
    if (!lacks(instance)) return instance;
    const id = known.get(instance.handler) ?? freeId(taken);
    taken.add(id);
    return { ...instance, id };
  });
}

function freeId(taken: ReadonlySet<string>): string {
  let id = "handler";
  for (let number = 2; taken.has(id); number++) id = `handler (${number})`;
  return id;
}
