import { failed, type OutgoingBody } from "./slot.js";

/** How long the head of an upload waits for the first bytes of its body. Unit: milliseconds. */
const PATIENCE_MS = 50;

/** What becomes of an upload whose body has not begun. */
interface Starter {
  /** Its first bytes are there. */
  begun(): void;
  /** They are late: the head has to go alone. */
  late(): void;
  /** Nobody wants it any more. */
  gone(reason: Error): void;
}

/**
 * The moment before an upload: most send head and body together, and undici writes both in one. One that does not come to
 * its body must not keep its head back: the instance may refuse it by that alone.
 */
export class UploadStart {
  readonly #starter: Starter;
  readonly #timer: NodeJS.Timeout;
  #isOver = false;

  constructor(body: OutgoingBody, starter: Starter) {
    this.#starter = starter;
    this.#timer = setTimeout(() => {
      if (this.#finish()) starter.late();
    }, PATIENCE_MS);
    body.whenBegun((hasBegun) => {
      if (!this.#finish()) return;
      if (hasBegun) starter.begun();
      else starter.gone(failed("UND_ERR_ABORTED", "not wanted any more"));
    });
  }

  /** The pool is closed under it. */
  destroy(): void {
    if (this.#finish()) this.#starter.gone(failed("UND_ERR_DESTROYED", "the pool was destroyed"));
  }

  #finish(): boolean {
    if (this.#isOver) return false;
    this.#isOver = true;
    clearTimeout(this.#timer);
    return true;
  }
}
