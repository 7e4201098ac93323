import type { OutgoingBody } from "./slot.js";

type Listener = (...args: never[]) => void;

/** A body that is there whole, for attempts beside another one and for copies. */
export class WholeBody implements OutgoingBody {
  readonly #bytes: Buffer;
  #onData: ((chunk: Buffer) => void) | undefined;
  #onEnd: (() => void) | undefined;
  #isWanted = true;
  #hasBegun = false;
  #isGiven = false;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  readonly hasBegun = true;

  // It is kept for others.
  flowTo(): void {}

  rewind(): void {
    this.destroy();
    this.#isWanted = true;
    this.#hasBegun = false;
    this.#isGiven = false;
  }

  pipe(): void {}

  on(event: string, listener: Listener): this {
    if (event === "data") this.#onData = listener as (chunk: Buffer) => void;
    else if (event === "end") this.#onEnd = listener as () => void;
    return this;
  }

  removeListener(event: string): this {
    if (event === "data") this.#onData = undefined;
    else if (event === "end") this.#onEnd = undefined;
    return this;
  }

  off(event: string): this {
    return this.removeListener(event);
  }

  pause(): this {
    this.#isWanted = false;
    return this;
  }

  resume(): this {
    this.#isWanted = true;
    if (!this.#hasBegun) {
      this.#hasBegun = true;
      queueMicrotask(this.#give);
    } else if (this.#isGiven) {
      queueMicrotask(this.#end);
    }
    return this;
  }

  destroy(): this {
    this.#onData = undefined;
    this.#onEnd = undefined;
    return this;
  }

  readonly #give = (): void => {
    this.#isGiven = true;
    this.#onData?.(this.#bytes);
    if (this.#isWanted) this.#end();
  };

  readonly #end = (): void => {
    const onEnd = this.#onEnd;
    this.#onEnd = undefined;
    onEnd?.();
  };
}
