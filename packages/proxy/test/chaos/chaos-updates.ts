import type { GatewayServer } from "../hostile/gateway-server.js";
import { chaosConfig, type ChaosPlaces } from "./chaos-config.js";

/** Time between two updates. Unit: milliseconds. */
const PERIOD_MS = 200;

/** Gives gateways new configurations while they work: in each, other instances have left and come back. */
export class ChaosUpdates {
  readonly #at: ChaosPlaces;
  readonly #servers: readonly [GatewayServer, GatewayServer];
  readonly #timer: NodeJS.Timeout;
  /** Updates that were made. */
  count = 0;

  /** @param servers the second has policies */
  constructor(at: ChaosPlaces, servers: readonly [GatewayServer, GatewayServer]) {
    this.#at = at;
    this.#servers = servers;
    this.#timer = setInterval(() => this.#update(), PERIOD_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #update(): void {
    const round = this.count++;
    const stays = (_: string, index: number, all: readonly string[]): boolean =>
      index !== round % all.length;
    const at = {
      ...this.#at,
      http1: this.#at.http1.filter(stays),
      http2: this.#at.http2.filter(stays),
      tls: this.#at.tls.filter(stays),
    };
    for (const [index, { gateway }] of this.#servers.entries())
      gateway.update(chaosConfig(at, { hasPolicies: index === 1 }));
  }
}
