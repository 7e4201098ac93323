import type { Gateway } from "@signalbox/core";
import { MOST_MS } from "./proxy-options.js";

/** Clocks differ a little, and one that is moved by hand may stand still. Unit: milliseconds. */
const LEAST_MS = 10;

/** Looks after what time alone brings: a gateway has no timer, and tells of it when it is asked. */
export class Ticker {
  readonly #gateway: Gateway;
  readonly #stopListening: () => void;
  #timer: NodeJS.Timeout | undefined;
  #isAsked = false;
  #isStopped = false;

  constructor(gateway: Gateway) {
    this.#gateway = gateway;
    this.#stopListening = gateway.onChange(() => this.#ask());
    this.#ask();
  }

  // Many changes in a row are one question, and it is asked behind all of them.
  #ask(): void {
    if (this.#isAsked) return;
    this.#isAsked = true;
    queueMicrotask(this.#look);
  }

  readonly #look = (): void => {
    this.#isAsked = false;
    if (this.#isStopped) return;
    clearTimeout(this.#timer);
    const ms = this.#gateway.tick();
    this.#timer =
      ms === Number.POSITIVE_INFINITY
        ? undefined
        : setTimeout(this.#look, Math.min(MOST_MS, Math.max(LEAST_MS, Math.ceil(ms)))).unref();
  };

  stop(): void {
    this.#isStopped = true;
    this.#stopListening();
    clearTimeout(this.#timer);
  }
}
