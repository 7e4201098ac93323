import type { InstanceState } from "../state.js";
import { isProbedWell } from "./probe.js";

/** Whether an instance may get new traffic now. */
export function isEligible(instance: InstanceState, now: number): boolean {
  return instance.drainUntil === 0 && isHealthy(instance, now);
}

/** Whether an instance may get traffic now, be it new or that of its sessions. */
export function isHealthy({ ejectedUntil, probe }: InstanceState, now: number): boolean {
  return ejectedUntil <= now && isProbedWell(probe);
}

/** When an instance becomes eligible by time alone; `Infinity` when it does not. */
export function nextChange({ ejectedUntil }: InstanceState, now: number): number {
  return ejectedUntil > now ? ejectedUntil : Number.POSITIVE_INFINITY;
}
