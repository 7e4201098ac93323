import type { AttemptController, AttemptHandler, OutgoingBody } from "./slot.js";
import type { Headers } from "./head-record.js";
import { LentBody } from "./lent-body.js";

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
