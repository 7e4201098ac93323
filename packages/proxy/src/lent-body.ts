import type { OutgoingBody } from "./slot.js";
import type { Sink } from "./spent-parts.js";

/** A body in the hands of one sender, which may let go of it some time after it has told of its end. */
export class LentBody implements OutgoingBody {
  readonly #body: OutgoingBody;
  #isTakenBack = false;

  constructor(body: OutgoingBody) {
    this.#body = body;
  }

  get hasBegun(): boolean {
    return this.#body.hasBegun;
  }

  /** From here on the body is another sender's, whatever this one does. What comes of it meanwhile waits. */
  takeBack(): void {
    this.rewind();
    this.#isTakenBack = true;
  }

  flowTo(sink: Sink): void {
    if (!this.#isTakenBack) this.#body.flowTo(sink);
  }

  rewind(): void {
    if (!this.#isTakenBack) this.#body.rewind();
  }

  pipe(): void {}

  on(event: string, listener: (...args: never[]) => void): this {
    if (!this.#isTakenBack) this.#body.on(event, listener);
    return this;
  }

  off(event: string, listener: (...args: never[]) => void): this {
    if (!this.#isTakenBack) this.#body.off(event, listener);
    return this;
  }

  removeListener(event: string, listener: (...args: never[]) => void): this {
    return this.off(event, listener);
  }

  pause(): this {
    if (!this.#isTakenBack) this.#body.pause();
    return this;
  }

  resume(): this {
    if (!this.#isTakenBack) this.#body.resume();
    return this;
  }

  destroy(): this {
    if (!this.#isTakenBack) this.#body.destroy();
    return this;
  }
}
