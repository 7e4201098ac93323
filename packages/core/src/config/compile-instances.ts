import { assertConfig } from "./check.js";
import { instanceId, instanceUrl } from "./instance-url.js";
import type { InstancePlan } from "./plan.js";
import type { InstanceConfig } from "./service-config.js";
import { longInstance } from "./short-form.js";

/** An instance that was checked, with its defaults filled in. */
export function compileInstance(config: InstanceConfig): InstancePlan {
  const instance = longInstance(config);
  const { url, basePath } = instanceUrl(instance.url) ?? { url: instance.url, basePath: "" };
  const { id = instanceId(instance), version = "", weight = 1, zone, tier = 0 } = instance;
  const { socketPath } = instance;
  return Object.freeze({ id, url, basePath, version, weight, zone, tier, socketPath });
}

/** Checks and compiles instances that come at run time. @throws GatewayConfigError holding every problem */
export function compileInstances(
  service: string,
  instances: readonly InstanceConfig[],
): readonly InstancePlan[] {
  assertConfig({ services: { [service]: { instances } }, routes: [] });
  return instances.map(compileInstance);
}
