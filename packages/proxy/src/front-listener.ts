import type { EventEmitter } from "node:events";

/** A listener of an event, whatever it is told. */
export type AnyListener = (...args: unknown[]) => void;

/** What listeners that have left stood in front of: whoever still holds one calls these in its place. */
const left = new WeakMap<AnyListener, FrontListener>();

/**
 * A listener in front of those that an event has, which it takes off and may call. Several may stand in front of each other,
 * and leave in any order.
 */
export class FrontListener {
  readonly #emitter: EventEmitter;
  readonly #event: string;
  readonly #listener: AnyListener;
  #behind: readonly AnyListener[];

  constructor(emitter: EventEmitter, event: string, listener: AnyListener) {
    this.#emitter = emitter;
    this.#event = event;
    this.#listener = listener;
    this.#behind = emitter.rawListeners(event) as AnyListener[];
    emitter.removeAllListeners(event);
    emitter.on(event, listener);
  }

  /** The listeners that it stands in front of. */
  get behind(): readonly AnyListener[] {
    if (this.#behind.some((listener) => left.has(listener)))
      this.#behind = this.#behind.flatMap((listener) => left.get(listener)?.behind ?? [listener]);
    return this.#behind;
  }

  /** Whether it has left, and is called by somebody who does not know. */
  get hasLeft(): boolean {
    return left.has(this.#listener);
  }

  /** Calls those behind it. */
  handOn(...args: unknown[]): void {
    for (const listener of this.behind) listener.apply(this.#emitter, args);
  }

  /** Puts those behind it back in its place, which another one may hold by now. */
  leave(): void {
    if (this.hasLeft) return;
    left.set(this.#listener, this);
    if (!this.#emitter.rawListeners(this.#event).includes(this.#listener)) return;
    this.#emitter.off(this.#event, this.#listener);
    for (const listener of this.behind) this.#emitter.on(this.#event, listener);
  }
}
