import type { Socket } from "node:net";
import { closeAfter, endBody, isHttp1, writeBody, writeHead, type ServerReply } from "./answer.js";
import type { Headers } from "./head-record.js";
import type { PendingHeads } from "./pending-heads.js";
import { resetSocket } from "./reset-socket.js";
import { errorOf } from "./step-wait.js";
import { isWrittenByUsAlone, SpentParts, unsentOf, type Sink } from "./spent-parts.js";

/** Told how far the client has come. */
export interface ReplyOwner {
  /** The head goes out before the response is over. */
  onHeadAlone(): void;
  /** The client has caught up. */
  onDrain(): void;
  /** The response could not be written. */
  failed(error: Error): void;
}

/** A response on its way to the client: a small one goes out in one write, the head of a stream at once. */
export class Reply implements Sink {
  readonly res: ServerReply;
  readonly #owner: ReplyOwner;
  readonly #heads: PendingHeads;
  /** Length of the body as it was announced; -1 when it was not. */
  #length = -1;
  /** The body, when it came whole. */
  #whole: Buffer | undefined;
  #spent: SpentParts | undefined;
  #isFlushed = false;
  #hasEnded = false;
  #trailers: Headers | undefined;
  /** A policy may have made it so, whatever the instance sends. */
  #isBodyless = false;
  #isWatched = false;
  /** Whether the client has to catch up before more can be taken. */
  isStalled = false;

  constructor(res: ServerReply, heads: PendingHeads, owner: ReplyOwner) {
    this.res = res;
    this.#heads = heads;
    this.#owner = owner;
  }

  get isStarted(): boolean {
    return this.res.headersSent;
  }

  // Parts may wait in the response itself, where the socket knows nothing of them.
  get writableLength(): number {
    const { res } = this;
    return isHttp1(res) ? Math.max(res.writableLength, unsentOf(res.socket)) : Infinity;
  }

  /** Whether all of the body has come, and waits for its end. */
  get isWhole(): boolean {
    return this.#whole !== undefined;
  }

  /** Takes the head; it goes out with the first of the body, or at the end of this turn of the event loop. */
  head(status: number, headers: string[], length: number): void {
    try {
      writeHead(this.res, status, headers);
    } catch (error) {
      return this.#owner.failed(errorOf(error));
    }
    this.#isBodyless = status === 204 || status === 304 || (status === 205 && !isHttp1(this.res));
    this.#length = length;
    this.#heads.push(this);
  }

  /** Called at the end of the turn in which the head came. */
  flush(): void {
    if (this.#isFlushed || this.res.destroyed) return;
    this.#isFlushed = true;
    if (this.#hasEnded) this.#end();
    else this.#begin();
  }

  // A host that stands between may fail at each call: neither the instance nor other replies of this turn have to do with it.
  #begin(): void {
    this.#owner.onHeadAlone();
    const whole = this.#whole;
    this.#whole = undefined;
    if (whole !== undefined) return void this.#write(whole);
    try {
      this.res.flushHeaders();
    } catch (error) {
      this.#owner.failed(errorOf(error));
    }
  }

  /** Takes a part of the body; false when the client has to catch up first. */
  data(chunk: Buffer, isOurs = false): boolean {
    if (this.#isBodyless) return true;
    this.#spent?.free();
    // All of the body at once: its end follows in the same breath, and both go out in one write.
    if (!this.#isFlushed && chunk.length === this.#length) {
      this.#whole = chunk;
      return true;
    }
    this.#isFlushed = true;
    // Asked before: a `write` of somebody may be gone behind the part that it took.
    const isOursAlone = isOurs && isWrittenByUsAlone(this.res);
    const goesOn = this.#write(chunk);
    if (isOursAlone) {
      this.#spent ??= new SpentParts(this);
      this.#spent.add(chunk);
    }
    return goesOn;
  }

  /**
   * Takes the end. What came in one turn goes out at its end, together with the other replies of that turn: a write that
   * finds its receiver awake costs half of one that has to wake it (docs/decisions/0011).
   */
  end(trailers?: Headers): void {
    this.#hasEnded = true;
    this.#trailers = trailers;
    if (this.#isFlushed) this.#end();
    else this.#heads.ended();
  }

  #end(): void {
    try {
      endBody(this.res, this.#whole, this.#trailers);
    } catch (error) {
      return this.#owner.failed(errorOf(error));
    }
    this.#whole = undefined;
    if (this.res.writableLength > 0) this.#stall();
  }

  /** The client must see that the response was cut: an orderly end would lie. */
  cut(): void {
    // All of it is there: nothing has to be cut.
    if (this.#hasEnded && !this.#isFlushed) return this.flush();
    // Without its head it would look as if the connection had been lost, not the answer.
    if (!this.#isFlushed && !this.res.destroyed) this.res.flushHeaders();
    this.#isFlushed = true;
    if (isHttp1(this.res)) uncork(this.res.socket);
    // Where the end of the connection is the end of the body, only a reset tells the two apart.
    if (isHttp1(this.res) && this.#length < 0 && !this.res.chunkedEncoding)
      resetSocket(this.res.socket);
    this.res.destroy();
  }

  closeAfter(): void {
    closeAfter(this.res);
  }

  #write(chunk: Buffer): boolean {
    try {
      return this.#pass(chunk);
    } catch (error) {
      this.#owner.failed(errorOf(error));
      return true;
    }
  }

  #pass(chunk: Buffer): boolean {
    const goesOn = writeBody(this.res, chunk);
    const isDirect = !isHttp1(this.res) || isWrittenByUsAlone(this.res);
    // Compression of the host keeps what is written: a stream must not wait in it.
    if (!isDirect) flushHost(this.res);
    // A part as large as the buffer of the socket asks for a drain though the system took all of it: nothing is waited for.
    if (goesOn || (isDirect && this.res.writableLength === 0)) return true;
    this.#stall();
    return false;
  }

  // Large answers stop and go on many times: the listener is made once.
  #stall(): void {
    this.isStalled = true;
    if (this.#isWatched) return;
    this.#isWatched = true;
    this.res.on("drain", () => {
      this.isStalled = false;
      this.#owner.onDrain();
    });
  }
}

// Node holds back what is written until the end of the tick: what is destroyed before that would lose it.
function uncork(socket: Socket | null): void {
  while ((socket?.writableCorked ?? 0) > 0) socket?.uncork();
}

function flushHost(res: ServerReply & { flush?(): void }): void {
  res.flush?.();
}
