import type { Readable } from "node:stream";
import type { ForwardLimits } from "@signalbox/core";
import type { OutgoingBody } from "./slot.js";
import {
  isReadByNobody,
  isReadByUsAlone,
  isWatched,
  SpentParts,
  type Sink,
} from "./spent-parts.js";
import { bytesOf } from "./transformed.js";
import type { ServerRequest } from "./view.js";

type Listener = (...args: never[]) => void;

/** Told what comes of a body. */
export interface BodyOwner {
  /** Bytes have come from the client. */
  onBodyData(): void;
  /** More came than may. */
  onBodyTooLarge(): void;
  /** It came to its end, or it was too large to keep: then nothing of it is left. */
  onBodyKept(whole: Buffer | undefined): void;
  /** A policy made something of it that is no body. */
  failed(error: Error): void;
}

/**
 * The body of a request on its way to an instance. undici takes it for a stream, but can neither destroy the
 * client's socket by it nor lose what a later attempt needs: the request itself stays ours.
 */
export class RequestBody implements OutgoingBody {
  readonly #source: ServerRequest | Readable;
  readonly #owner: BodyOwner;
  readonly #mostBytes: number;
  readonly #mostKept: number;
  #bytes = 0;
  /** What came so far, while all of it is kept. */
  #kept: Buffer[] | undefined = [];
  #onData: ((chunk: Buffer) => void) | undefined;
  #onEnd: (() => void)[] = [];
  /** What was kept is still to be given to this attempt. */
  #isRepeating = false;
  /** For the rate: what came since it was last asked for, and whether nobody wanted it meanwhile. */
  #windowBytes = 0;
  #spent: SpentParts | undefined;
  /** Nobody else read of the request when we began. */
  #isOursAlone = false;
  #wasHeldBack = false;
  #isListening = false;
  #isWanted = false;
  #isEnded = false;
  #isDestroyed = false;

  constructor(
    source: ServerRequest | Readable,
    { bodyBytes, replayBytes }: ForwardLimits,
    owner: BodyOwner,
  ) {
    this.#source = source;
    this.#owner = owner;
    this.#mostBytes = bodyBytes === 0 ? Number.POSITIVE_INFINITY : bodyBytes;
    this.#mostKept = replayBytes;
    // Somebody else reads it already: what comes before an instance is there would be lost for us.
    if (source.readableFlowing === true) source.pause();
  }

  /** Whether it can be sent again from its start: nothing was read, or all that was is kept. */
  get isReplayable(): boolean {
    return this.#bytes === 0 || this.#kept !== undefined;
  }

  get hasBegun(): boolean {
    return this.#bytes > 0 || this.#isEnded;
  }

  /** What came since the last call; undefined when an instance did not want it all the time. Unit: bytes. */
  takeWindow(): number | undefined {
    const bytes = this.#windowBytes;
    const wasHeldBack = this.#wasHeldBack;
    this.#windowBytes = 0;
    this.#wasHeldBack = !this.#isWanted;
    return wasHeldBack || !this.#isWanted ? undefined : bytes;
  }

  /** All of it, once it has come and where it was kept. */
  get whole(): Buffer | undefined {
    if (!this.#isEnded || (this.#kept === undefined && this.#bytes > 0)) return undefined;
    return Buffer.concat(this.#kept ?? []);
  }

  /** Whether an attempt waits for the client to send. */
  get isAwaited(): boolean {
    return this.#isWanted && !this.#isEnded;
  }

  get destroyed(): boolean {
    return this.#isDestroyed;
  }

  flowTo(sink: Sink): void {
    this.#spent = new SpentParts(sink);
  }

  /** Makes it ready for another attempt. */
  rewind(): void {
    this.destroy();
    this.#isDestroyed = false;
    this.#isRepeating = this.#bytes > 0;
  }

  /** undici looks for it to know a stream; nothing is ever piped. */
  pipe(): void {}

  on(event: string, listener: Listener): this {
    if (event === "data") {
      this.#onData = listener as (chunk: Buffer) => void;
    } else if (event === "end") {
      this.#onEnd.push(listener as () => void);
      // Without a call of `resume`, for what is a stream but never pauses.
      if (this.#isEnded && !this.#isRepeating) queueMicrotask(this.#tellEnd);
    }
    return this;
  }

  removeListener(event: string, listener: Listener): this {
    if (event === "data") this.#letGo();
    else if (event === "end") this.#onEnd = this.#onEnd.filter((known) => known !== listener);
    return this;
  }

  // What came until the next attempt takes over would reach nobody.
  #letGo(): void {
    this.#onData = undefined;
    if (!this.#isEnded) this.pause();
  }

  off(event: string, listener: Listener): this {
    return this.removeListener(event, listener);
  }

  pause(): this {
    this.#isWanted = false;
    this.#wasHeldBack = true;
    if (!this.#isDestroyed) this.#source.pause();
    return this;
  }

  resume(): this {
    if (this.#isDestroyed) return this;
    this.#isWanted = true;
    if (this.#isRepeating) this.#repeat();
    if (!this.#isEnded && this.#isWanted) this.#flow();
    return this;
  }

  /** Lets go of the request without harm to it: what has not come yet stays with it. */
  destroy(): this {
    if (this.#isDestroyed) return this;
    this.#isDestroyed = true;
    this.#isWanted = false;
    this.#spent = undefined;
    this.#onData = undefined;
    this.#onEnd = [];
    if (this.#isListening && !this.#isEnded) this.#source.pause();
    return this;
  }

  /** The request is over: what still comes is of no use to anybody. */
  release(): void {
    this.destroy();
    this.#kept = undefined;
    if (!this.#isListening) return;
    this.#isListening = false;
    this.#source.off("newListener", this.#onListener);
    this.#source.off("data", this.#pass).off("end", this.#end);
    if (!this.#isEnded) this.#source.resume();
  }

  #flow(): void {
    if (!this.#isListening) {
      this.#isListening = true;
      this.#isOursAlone = isReadByNobody(this.#source);
      // One that takes a part and goes at once is not there any more when we get it.
      if (this.#isOursAlone) {
        this.#source.on("newListener", this.#onListener);
      }
      this.#source.on("end", this.#end).on("data", this.#pass);
    }
    this.#source.resume();
  }

  // At most as much as is kept: it is not worth stopping in between.
  #repeat(): void {
    this.#isRepeating = false;
    for (const chunk of this.#kept ?? []) this.#onData?.(chunk);
    if (this.#isEnded) queueMicrotask(this.#tellEnd);
  }

  readonly #onListener = (event: string | symbol, listener: unknown): void => {
    if ((event === "data" && listener !== this.#pass) || event === "readable")
      this.#isOursAlone = false;
  };

  readonly #pass = (given: Buffer): void => {
    let chunk = given;
    if (!Buffer.isBuffer(given)) {
      try {
        chunk = bytesOf(given);
      } catch (error) {
        this.#owner.failed(error as Error);
        return;
      }
    }
    this.#bytes += chunk.length;
    if (this.#bytes > this.#mostBytes) {
      this.#owner.onBodyTooLarge();
      return;
    }
    if (this.#kept !== undefined) this.#keep(chunk, this.#kept);
    this.#windowBytes += chunk.length;
    this.#owner.onBodyData();
    this.#spent?.free();
    this.#onData?.(chunk);
    if (
      this.#isOursAlone &&
      this.#kept === undefined &&
      isReadByUsAlone(this.#source) &&
      !isWatched()
    )
      this.#spent?.add(chunk);
  };

  #keep(chunk: Buffer, kept: Buffer[]): void {
    if (this.#bytes <= this.#mostKept) {
      kept.push(chunk);
      return;
    }
    this.#kept = undefined;
    this.#owner.onBodyKept(undefined);
  }

  readonly #end = (): void => {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#isWanted = false;
    if (this.#kept !== undefined || this.#bytes === 0) this.#owner.onBodyKept(this.whole);
    this.#tellEnd();
  };

  readonly #tellEnd = (): void => {
    const listeners = this.#onEnd;
    this.#onEnd = [];
    for (const listener of listeners) listener();
  };
}
