import { setImmediate } from "node:timers/promises";

/** Waits for what others bring about; the test's own time ends it. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await setImmediate();
}
