import type { ServerResponse } from "node:http";
import { Writable } from "node:stream";
import type { NodeRequest } from "./node-request.js";
import { headersOf, hasNoBody, plainResponse } from "./web-response.js";

/** Parts that wait for whoever reads the response hold the instance back from here on. Unit: bytes. */
const BUFFER_BYTES = 65_536;

interface Head {
  readonly status: number;
  readonly headers: Headers;
}

interface WaitingPart {
  readonly bytes: Uint8Array;
  readonly taken: () => void;
}

/**
 * A response as the proxy writes it, which comes out as a `Response`. It has the manners of one of `node:http`: `close` tells
 * that it is over, and `writableFinished` whether all of it was taken.
 */
export class NodeReply extends Writable {
  readonly req: NodeRequest;
  statusCode = 200;
  statusMessage = "";
  shouldKeepAlive = true;
  /** Trailers have no place in a `Response`. */
  readonly chunkedEncoding = false;
  readonly socket = null;
  readonly #answered: (response: Response) => void;
  readonly #fields = new Map<string, string | readonly string[]>();
  #head: Head | undefined;
  #hasHead = false;
  #isAnswered = false;
  /** The body goes nowhere: there may be none. */
  #isBodyless = false;
  /** The part that is being written is the last one. */
  #isLast = false;
  #stream: ReadableStreamDefaultController<Uint8Array> | undefined;
  /** Somebody waits for a part of the stream. */
  #isWanted = false;
  #waiting: WaitingPart | undefined;
  /** What is answered where it ends without a head. */
  #without = 499;
  #hasLeft = false;

  /** @param answered gets the response, once */
  constructor(req: NodeRequest, answered: (response: Response) => void) {
    super({ highWaterMark: BUFFER_BYTES });
    this.req = req;
    this.#answered = answered;
  }

  /** Itself, for those who take responses of `node:http`. */
  get asNode(): ServerResponse {
    return this as unknown as ServerResponse;
  }

  /** Whether there is a head, on its way or not. */
  get headersSent(): boolean {
    return this.#hasHead;
  }

  // Functions that are instances set headers one by one.

  getHeader(name: string): string | readonly string[] | undefined {
    return this.#fields.get(name.toLowerCase());
  }

  getHeaders(): { readonly [name: string]: string | readonly string[] } {
    return Object.fromEntries(this.#fields);
  }

  setHeader(name: string, value: string | readonly string[]): this {
    this.#fields.set(name.toLowerCase(), value);
    return this;
  }

  removeHeader(name: string): void {
    this.#fields.delete(name.toLowerCase());
  }

  writeContinue(): void {}

  writeEarlyHints(): void {}

  /** @param headers flat: name, value, name, value; they go before those that were set */
  writeHead(status: number, headers: readonly string[] = []): this {
    const made = headersOf(status, [...headers, ...this.#setBeside(headers)]);
    this.#hasHead = true;
    this.statusCode = status;
    // The instance may say what a Response cannot.
    if (made === undefined) this.#cannotSay();
    else this.#head = { status, headers: made };
    if (!this.shouldKeepAlive && this.req.isOnHttp1) made?.set("connection", "close");
    this.#isBodyless ||= hasNoBody(this.req.method, status);
    return this;
  }

  #setBeside(headers: readonly string[]): string[] {
    if (this.#fields.size === 0) return [];
    const given = new Set(headers.filter((_, i) => i % 2 === 0).map((name) => name.toLowerCase()));
    const beside = [...this.#fields].filter(([name]) => !given.has(name));
    return beside.flatMap(([name, value]) => [value].flat().flatMap((line) => [name, line]));
  }

  #cannotSay(): void {
    this.statusCode = 502;
    this.#isBodyless = true;
    this.#answer(plainResponse(502));
  }

  flushHeaders(): void {
    if (this.#isBodyless) this.#answerWhole(null);
    else this.#answerStream();
  }

  override end(...last: unknown[]): this {
    this.#isLast = true;
    return super.end(...(last as []));
  }

  override _write(bytes: Uint8Array, _encoding: string, taken: () => void): void {
    if (this.#isBodyless || (this.#isLast && !this.#isAnswered)) {
      this.#answerWhole(this.#isBodyless ? null : bytes);
      return taken();
    }
    this.#answerStream();
    this.#waiting = { bytes, taken };
    if (this.#isWanted) this.#give();
  }

  override _final(done: () => void): void {
    this.#answerWhole(null);
    this.#stream?.close();
    done();
  }

  /** The client has gone. */
  leave(): void {
    this.#hasLeft = true;
    this.destroy();
  }

  /** The body of the request broke: what it would have been is not known. */
  requestBroke(): void {
    this.#without = 400;
    this.destroy();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#waiting = undefined;
    if (!this.#isAnswered) {
      // A head that was ready and a body that was cut at once.
      const status = this.#head === undefined ? this.#without : 502;
      this.#answer(plainResponse(status));
    }
    if (!this.writableFinished) this.#stream?.error(cutError(this.#hasLeft));
    done(error);
  }

  #give(): void {
    const part = this.#waiting;
    if (part === undefined) return;
    this.#waiting = undefined;
    this.#isWanted = false;
    this.req.socket.bytesWritten += part.bytes.length;
    this.#stream?.enqueue(part.bytes);
    part.taken();
  }

  #answerWhole(bytes: Uint8Array | null): void {
    if (this.#head !== undefined) this.#answerWith(this.#head, bytes);
  }

  #answerStream(): void {
    if (this.#head === undefined || this.#isAnswered) return;
    const start = (controller: ReadableStreamDefaultController<Uint8Array>): void => {
      this.#stream = controller;
    };
    const pull = (): void => {
      this.#isWanted = true;
      this.#give();
    };
    const cancel = (): void => this.leave();
    // Nothing is kept in the stream: a part is taken when somebody reads it.
    const stream = new ReadableStream({ start, pull, cancel }, { highWaterMark: 0 });
    this.#answerWith(this.#head, stream);
  }

  #answerWith({ status, headers }: Head, body: Uint8Array | ReadableStream | null): void {
    if (!this.#isAnswered) this.#answer(new Response(body, { status, headers }));
  }

  #answer(response: Response): void {
    this.#isAnswered = true;
    this.#answered(response);
  }
}

// By the code servers know an end that is not worth a line of their logs.
function cutError(hasLeft: boolean): Error {
  const error = new Error("the response was cut");
  return hasLeft ? Object.assign(error, { code: "ERR_STREAM_PREMATURE_CLOSE" }) : error;
}
