import type { OutgoingBody } from "./pool.js";
import type { ServerRequest } from "./view.js";

type Listener = (...args: never[]) => void;

/**
 * The body of a request on its way to an instance. undici takes it for a stream, but can neither destroy the
 * client's socket by it nor lose what a later attempt needs: the request itself stays ours.
 */
export class RequestBody implements OutgoingBody {
  readonly #req: ServerRequest;
  readonly #onSilence: () => void;
  readonly #idleMs: number;
  #timer: NodeJS.Timeout | undefined;
  #onData: ((chunk: Buffer) => void) | undefined;
  #onEnd: (() => void)[] = [];
  #isTouched = false;
  #isEnded = false;
  #isDestroyed = false;

  /** @param onSilence the client has sent nothing for `idleMs`, though the instance was ready to take more */
  constructor(req: ServerRequest, idleMs: number, onSilence: () => void) {
    this.#req = req;
    this.#idleMs = idleMs;
    this.#onSilence = onSilence;
  }

  /** Whether anything was read: then the body cannot be sent again. */
  get isTouched(): boolean {
    return this.#isTouched;
  }

  get destroyed(): boolean {
    return this.#isDestroyed;
  }

  /** Makes it ready for another attempt. Only a body of which nothing was read can be sent again. */
  rewind(): void {
    this.destroy();
    this.#isDestroyed = false;
    this.#onEnd = [];
  }

  /** undici looks for it to know a stream; nothing is ever piped. */
  pipe(): void {}

  on(event: string, listener: Listener): this {
    if (event === "data") {
      this.#onData = listener as (chunk: Buffer) => void;
      this.#req.on("data", this.#pass);
      this.#watch();
    } else if (event === "end") {
      if (this.#onEnd.length === 0) this.#req.on("end", this.#end);
      this.#onEnd.push(listener as () => void);
      // An empty body may have ended in an earlier attempt.
      if (this.#isEnded) queueMicrotask(this.#end);
    }
    return this;
  }

  removeListener(event: string, listener: Listener): this {
    if (event === "data") {
      this.#onData = undefined;
      this.#req.off("data", this.#pass);
      this.#rest();
    } else if (event === "end") {
      this.#onEnd = this.#onEnd.filter((known) => known !== listener);
    }
    return this;
  }

  off(event: string, listener: Listener): this {
    return this.removeListener(event, listener);
  }

  pause(): this {
    this.#req.pause();
    this.#rest();
    return this;
  }

  resume(): this {
    if (this.#isDestroyed) return this;
    this.#req.resume();
    this.#watch();
    return this;
  }

  /** Lets go of the request without harm to it. */
  destroy(): this {
    this.#isDestroyed = true;
    this.#rest();
    this.#req.off("data", this.#pass).off("end", this.#end);
    return this;
  }

  readonly #pass = (chunk: Buffer): void => {
    this.#isTouched = true;
    this.#timer?.refresh();
    this.#onData?.(chunk);
  };

  readonly #end = (): void => {
    this.#isEnded = true;
    this.#rest();
    const listeners = this.#onEnd;
    this.#onEnd = [];
    for (const listener of listeners) listener();
  };

  #watch(): void {
    if (this.#timer === undefined && this.#idleMs > 0)
      this.#timer = setTimeout(this.#onSilence, this.#idleMs);
  }

  #rest(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
