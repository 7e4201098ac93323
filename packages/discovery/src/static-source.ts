import type { InstanceConfig } from "@signalbox/core";
import type { WatchInstances } from "./source.js";

/**
 * A list that never changes: for tests, and where a list is needed in the form of a source.
 *
 * @example
 * discover(gateway.service("products"), staticSource(["http://10.0.0.1:8080"]));
 */
export function staticSource(instances: readonly InstanceConfig[]): WatchInstances {
  return (found) => {
    found(instances);
    return () => {};
  };
}
