import { assertConfig } from "./check.js";
import { isHandlerInstance, withHandlerIds } from "./handler-instance.js";
import { instanceId, instanceUrl } from "./instance-url.js";
import type { InstancePlan } from "./plan.js";
import type { InstanceConfig } from "./service-config.js";
import { longInstance } from "./short-form.js";

/** The instances of a service that were checked, with their defaults filled in. */
export function compileChecked(instances: readonly InstanceConfig[]): readonly InstancePlan[] {
  return withHandlerIds(instances).map(compileInstance);
}

function compileInstance(config: InstanceConfig): InstancePlan {
  const instance = longInstance(config);
  const { version = "", weight = 1, zone, tier = 0 } = instance;
  return Object.freeze({ ...placeOf(instance), version, weight, zone, tier });
}

function placeOf(
  instance: ReturnType<typeof longInstance>,
): Pick<InstancePlan, "id" | "url" | "basePath" | "socketPath" | "handler"> {
  if (isHandlerInstance(instance)) {
    const { handler, id = "" } = instance;
    return { id, url: `handler:${id}`, basePath: "", socketPath: undefined, handler };
  }
  const { url, basePath } = instanceUrl(instance.url) ?? { url: instance.url, basePath: "" };
  const { id = instanceId(instance), socketPath } = instance;
  return { id, url, basePath, socketPath, handler: undefined };
}

/** Checks and compiles instances that come at run time. @throws GatewayConfigError holding every problem */
export function compileInstances(
  service: string,
  instances: readonly InstanceConfig[],
): readonly InstancePlan[] {
  assertConfig({ services: { [service]: { instances } }, routes: [] });
  return compileChecked(instances);
}
