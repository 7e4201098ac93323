import type { InstanceState } from "../state.js";

/** Whether an instance may get new traffic now. */
export function isEligible({ ejectedUntil, drainUntil }: InstanceState, now: number): boolean {
  return ejectedUntil <= now && drainUntil === 0;
}

/** When an instance becomes eligible by time alone; `Infinity` when it does not. */
export function nextChange({ ejectedUntil }: InstanceState, now: number): number {
  return ejectedUntil > now ? ejectedUntil : Number.POSITIVE_INFINITY;
}
