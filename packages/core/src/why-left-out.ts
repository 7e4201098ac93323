import type { InstanceState } from "./state.js";

/** Why an instance of a service is no candidate for a version of it, or for all (empty), in words. */
export function whyLeftOut(instance: InstanceState, version: string, now: number): string {
  if (version !== "" && instance.version !== version)
    return instance.version === "" ? "it has no version" : `it is version ${instance.version}`;
  if (instance.drainUntil !== 0) return "it drains";
  if (instance.probe.status === "waiting") return "it waits for its first probe";
  if (instance.probe.status === "failing") return "it fails its probes";
  return `it is ejected for ${Math.ceil(instance.ejectedUntil - now)} ms more`;
}
