import type { Gateway } from "@signalbox/core";

/** How a gateway gets into a server: what the suite is run with. Cases of what an adapter cannot do are left out. */
export interface Adapter {
  readonly name: string;
  /** Whether upgrades come to the gateway. */
  readonly takesUpgrades: boolean;
  /** Whether it can be mounted below a path. */
  readonly takesMounts: boolean;
  /** Whether its clients may speak HTTP/1.1. Default: true. */
  readonly takesHttp1?: boolean;
  /** Whether its clients may speak HTTP/2. Default: false. */
  readonly takesHttp2?: boolean;
  /** Whether trailers pass, both ways. Default: false. */
  readonly passesTrailers?: boolean;
  /** Whether 103 (Early Hints) passes. Default: false. */
  readonly passesHints?: boolean;
  /**
   * Starts a server on a free port of loopback, with the gateway in it. What no route takes is answered `app URL`, and an
   * upgrade that no route takes gets status 418.
   */
  start(gateway: Gateway, options: AdapterOptions): Promise<RunningAdapter>;
}

/** What an adapter is told. */
export interface AdapterOptions {
  /** Path to mount it below. Default: none. */
  readonly mount?: string;
}

/** A server with a gateway in it. */
export interface RunningAdapter {
  readonly url: string;
  /** Closes the gateway: it takes nothing new, and lets what is under way end. */
  drain(graceMs: number): Promise<void>;
  /** Closes the server, whatever is open. */
  stop(): Promise<void>;
}
