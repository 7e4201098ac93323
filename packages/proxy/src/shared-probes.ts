import type { Gateway } from "@signalbox/core";
import { Probes } from "./probes.js";

interface Shared {
  readonly probes: Probes;
  holders: number;
}

/** By gateway: proxies that share one let each instance be asked once. */
const shared = new WeakMap<Gateway, Shared>();

/**
 * Has the instances of a gateway probed, until everybody who wanted it has let go.
 *
 * @returns lets go
 */
export function holdProbes(gateway: Gateway): () => void {
  const held = shared.get(gateway) ?? { probes: new Probes(gateway), holders: 0 };
  shared.set(gateway, held);
  held.holders++;
  return () => {
    if (--held.holders > 0) return;
    shared.delete(gateway);
    held.probes.stop();
  };
}
