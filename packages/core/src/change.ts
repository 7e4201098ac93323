import type { InstanceReference } from "./state.js";

/** Something that happened to an instance. */
export interface GatewayChange {
  /**
   * `joined`: came with the configuration, or was added. `left`: went, and gets nothing new. `draining`: gets nothing new but
   * requests of the sessions that it has. `drained`: the last request of one that drains or that left has ended; at once when
   * it only moved to another URL, or is connected to in another way (`connect`): it leaves and joins then, with its state.
   * `ejected`: gets no traffic for a while. `returned`: gets it again.
   */
  readonly kind: "joined" | "left" | "draining" | "drained" | "ejected" | "returned";
  readonly service: string;
  /** The same object as in the decisions that lead to it. */
  readonly instance: InstanceReference;
  /** How long the ejection lasts. Unit: milliseconds. Only for `ejected`. */
  readonly forMs?: number;
}

/** Tells a change to all who listen. */
export type Announce = (change: GatewayChange) => void;
