import { describe } from "vitest";
import type { Adapter } from "./adapter.js";
import { bodies } from "./bodies.js";
import { failures } from "./failures.js";
import { heads } from "./heads.js";
import { routing } from "./routing.js";
import { upgrades } from "./upgrades.js";

/** What every adapter has to do, over real sockets. */
export function adapterSuite(adapter: Adapter): void {
  describe(adapter.name, () => {
    routing(adapter);
    heads(adapter);
    bodies(adapter);
    failures(adapter);
    upgrades(adapter);
  });
}
