import type { IncomingMessage } from "node:http";

/** Says whether a request that offers an upgrade is one. */
export type Decides = (req: IncomingMessage) => boolean;

/** Servers of Node that can be asked which upgrades they take. */
export interface UpgradeDeciding {
  shouldUpgradeCallback?: Decides | undefined;
}

/** What those that have left stood in front of. */
const left = new WeakMap<Decides, Decides | undefined>();

/** What a server asks which upgrades it takes, in front of what it asked before. They may leave in any order. */
export class UpgradeDecider {
  readonly #server: UpgradeDeciding;
  readonly #before: Decides | undefined;
  readonly #own: Decides;

  /** @param decides undefined: what stood there before is asked */
  constructor(server: object, decides: (req: IncomingMessage) => boolean | undefined) {
    this.#server = server;
    this.#before = this.#server.shouldUpgradeCallback;
    this.#own = (req) => {
      const decided = left.has(this.#own) ? undefined : decides(req);
      return decided ?? standing(this.#before)?.call(server, req) ?? true;
    };
    this.#server.shouldUpgradeCallback = this.#own;
  }

  leave(): void {
    left.set(this.#own, this.#before);
    if (this.#server.shouldUpgradeCallback === this.#own)
      this.#server.shouldUpgradeCallback = standing(this.#before);
  }
}

function standing(decides: Decides | undefined): Decides | undefined {
  let found = decides;
  while (found !== undefined && left.has(found)) found = left.get(found);
  return found;
}
