import type { AttemptController, AttemptHandler, OutgoingBody } from "./slot.js";
import type { Headers } from "./head-record.js";
import type { Sink } from "./spent-parts.js";

/** How long the head of an upload waits for the first bytes of its body. Unit: milliseconds. */
const PATIENCE_MS = 50;

/**
 * Stands between undici and the attempt of an upload whose body has not begun. undici writes the head together with the
 * first bytes, which is right for most; but one that does not come to its body must not keep its head back: the instance
 * may refuse it by that alone. Then the request is taken back, of which nothing was sent, and goes out in another way.
 */
export class UploadHandler implements AttemptHandler {
  /** What undici is given for the body. */
  readonly body: LentBody;
  readonly #handler: AttemptHandler;
  readonly #sendHeadAlone: () => void;
  #controller: AttemptController | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isTakenBack = false;

  constructor(body: OutgoingBody, handler: AttemptHandler, sendHeadAlone: () => void) {
    this.body = new LentBody(body);
    this.#handler = handler;
    this.#sendHeadAlone = sendHeadAlone;
  }

  onRequestStart(controller: AttemptController): void {
    this.#handler.onRequestStart(controller);
    this.#controller = controller;
    this.#timer = setTimeout(this.#onLate, PATIENCE_MS);
  }

  readonly #onLate = (): void => {
    if (this.body.hasBegun) return;
    this.#isTakenBack = true;
    this.#controller?.abort(new Error("the body is late"));
  };

  onRequestSent(): void {
    clearTimeout(this.#timer);
    this.#handler.onRequestSent();
  }

  onResponseStart(controller: AttemptController, status: number, headers: Headers): void {
    this.#handler.onResponseStart(controller, status, headers);
  }

  onResponseData(controller: AttemptController, chunk: Buffer): void {
    this.#handler.onResponseData(controller, chunk);
  }

  onResponseEnd(controller: AttemptController, trailers: Headers): void {
    clearTimeout(this.#timer);
    this.#handler.onResponseEnd(controller, trailers);
  }

  onResponseError(controller: AttemptController | null | undefined, error: Error): void {
    clearTimeout(this.#timer);
    if (!this.#isTakenBack) return this.#handler.onResponseError(controller, error);
    this.body.takeBack();
    this.#sendHeadAlone();
  }
}

/** A body in the hands of undici, which lets go of it some time after it has told of the end. */
class LentBody implements OutgoingBody {
  readonly #body: OutgoingBody;
  #isTakenBack = false;

  constructor(body: OutgoingBody) {
    this.#body = body;
  }

  get hasBegun(): boolean {
    return this.#body.hasBegun;
  }

  /** From here on the body is another sender's, whatever undici does. */
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
