import {
  constants,
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type IncomingHttpHeaders,
  type IncomingHttpStatusHeader,
  type OutgoingHttpHeaders,
} from "node:http2";
import type { Headers } from "./head-record.js";
import { fieldsOf, http2Trailers, isUnsendable } from "./http2-head.js";
import {
  failed,
  UnprocessedError,
  type AttemptController,
  type AttemptHandler,
  type OutgoingRequest,
} from "./slot.js";

const {
  NGHTTP2_CANCEL,
  NGHTTP2_NO_ERROR,
  NGHTTP2_PROTOCOL_ERROR,
  NGHTTP2_REFUSED_STREAM,
  NGHTTP2_HTTP_1_1_REQUIRED,
} = constants;

const NO_TRAILERS: Headers = Object.freeze(Object.create(null) as Headers);

/** One request on a stream of an HTTP/2 connection. Its end is the end of the stream, never of the connection. */
export class Http2Request implements AttemptController {
  readonly #request: OutgoingRequest;
  readonly #handler: AttemptHandler;
  readonly #doubt: () => void;
  #stream: ClientHttp2Stream | undefined;
  #trailers: Headers | undefined;
  #isBodySent: boolean;
  #hasHead = false;
  /** Bytes of the body that are still to come; -1 where the head did not say. */
  #left = -1;
  #isPaused = false;
  #isOver = false;
  /** What is left of the body is not sent: it must not look whole. */
  #isCut = false;
  /** Lets go of the body of the request. */
  #release: () => void = ignore;

  /** @param doubt the instance went silent, or said nothing before the request was given up: is it there at all? */
  constructor(request: OutgoingRequest, handler: AttemptHandler, doubt: () => void) {
    this.#request = request;
    this.#handler = handler;
    this.#doubt = doubt;
    this.#isBodySent = request.body === null;
  }

  /** Sends it over a connection that stands. */
  begin(session: ClientHttp2Session, head: OutgoingHttpHeaders): void {
    try {
      this.#handler.onRequestStart(this);
    } catch (reason) {
      this.fail(reason as Error);
      return;
    }
    if (this.#isOver) return;
    const { headers, body, idleMs, extras } = this.#request;
    if (isUnsendable(headers)) {
      this.fail(failed("UND_ERR_INVALID_ARG", "a head that cannot be sent"));
      return;
    }
    let stream: ClientHttp2Stream;
    try {
      // Where trailers may follow, an upload that is given up does not look like one that has ended: Node ends a stream
      // that is closed early, and the instance would take half of it for all.
      stream = session.request(head, { endStream: body === null, waitForTrailers: body !== null });
    } catch (error) {
      this.fail(unopened(error as Error));
      return;
    }
    this.#stream = stream;
    this.#listen(stream);
    if (idleMs > 0) stream.setTimeout(idleMs);
    if (body !== null) this.#sendBody(stream, body, extras?.announced !== undefined);
    else this.#handler.onRequestSent();
  }

  #listen(stream: ClientHttp2Stream): void {
    stream
      .on("headers", (headers) => this.#onInterim(headers))
      .on("response", (headers) => this.#onResponse(stream, headers))
      .on("trailers", (trailers) => (this.#trailers = fieldsOf(trailers)))
      // What came with the end is told of before anything else.
      .on("end", () => process.nextTick(() => this.#onEnd(stream)))
      .on("timeout", () => this.#onIdle(stream))
      // Its request was not sent: the connection closed first.
      .on("frameError", () => this.fail(new UnprocessedError("the connection is closing")))
      .on("error", (error) => this.fail(this.#reasonOf(stream, error)))
      .on("close", () => this.fail(this.#reasonOf(stream, undefined)));
  }

  #sendBody(
    stream: ClientHttp2Stream,
    body: NonNullable<OutgoingRequest["body"]>,
    hasTrailers: boolean,
  ): void {
    const onData = (chunk: Buffer): void => {
      if (!this.#isOver && !stream.write(chunk)) body.pause();
    };
    const onEnd = (): void => {
      if (this.#isOver) return;
      this.#isBodySent = true;
      this.#handler.onRequestSent();
      stream.end();
    };
    stream.on("drain", () => {
      if (!this.#isOver && !this.#isBodySent) body.resume();
    });
    stream.on("wantTrailers", () => {
      const flat = hasTrailers ? (this.#request.extras?.trailers() ?? []) : [];
      if (this.#isBodySent && !this.#isCut) stream.sendTrailers(http2Trailers(flat));
    });
    body
      .on("data", onData)
      .on("end", onEnd)
      .on("error", (error: Error) => this.abort(error));
    body.resume();
    this.#release = () => void body.off("data", onData).off("end", onEnd);
  }

  #onInterim(headers: IncomingHttpHeaders & IncomingHttpStatusHeader): void {
    if (this.#isOver) return;
    this.#handler.onResponseStart(this, Number(headers[":status"]), fieldsOf(headers));
  }

  #onResponse(
    stream: ClientHttp2Stream,
    headers: IncomingHttpHeaders & IncomingHttpStatusHeader,
  ): void {
    if (this.#isOver) return;
    this.#hasHead = true;
    const status = Number(headers[":status"]);
    const length = headers["content-length"];
    const isBodyless = this.#request.method === "HEAD" || status === 204 || status === 304;
    if (length !== undefined && !isBodyless) this.#left = Number(length);
    this.#handler.onResponseStart(this, status, fieldsOf(headers));
    // Not sooner: of a head Node may tell in a later tick than of what came right behind it.
    stream.on("data", (chunk: Buffer) => this.#onData(chunk));
  }

  #onData(chunk: Buffer): void {
    if (this.#isOver) return;
    this.#left -= this.#left > 0 ? chunk.length : 0;
    this.#handler.onResponseData(this, chunk);
  }

  #onEnd(stream: ClientHttp2Stream): void {
    if (this.#isOver) return;
    const isWhole = this.#trailers !== undefined || stream.rstCode === NGHTTP2_NO_ERROR;
    if (!this.#hasHead || !isWhole || this.#left > 0) {
      this.fail(this.#reasonOf(stream, undefined));
      return;
    }
    this.#finish();
    // Nobody waits for the rest of an upload that was answered (RFC 9113 section 8.1). Without an error an instance that
    // still reads would take what it has for all.
    if (!this.#isBodySent || stream.writableLength > 0) this.#reset(stream);
    this.#handler.onResponseEnd(this, this.#trailers ?? NO_TRAILERS);
  }

  // The instance is silent, unless it is the client that is waited for.
  #onIdle(stream: ClientHttp2Stream): void {
    if (this.#isOver) return;
    const waitsForClient = !this.#isBodySent && !this.#hasHead && !stream.writableNeedDrain;
    if (this.#isPaused || waitsForClient) {
      stream.setTimeout(this.#request.idleMs);
      return;
    }
    this.#doubt();
    this.abort(failed("ETIMEDOUT", "the instance is silent"));
  }

  #reasonOf(stream: ClientHttp2Stream, error: (Error & { code?: unknown }) | undefined): Error {
    const code = stream.rstCode ?? NGHTTP2_NO_ERROR;
    if (error?.code === "UND_ERR_DESTROYED") return error;
    if (code === NGHTTP2_REFUSED_STREAM && !this.#hasHead)
      return new UnprocessedError("the instance refused the stream");
    if (code === NGHTTP2_PROTOCOL_ERROR || code === NGHTTP2_HTTP_1_1_REQUIRED)
      return failed("ERR_HTTP2_PROTOCOL", `the stream was reset with code ${code}`, error);
    if (this.#hasHead) return failed("UND_ERR_RES_CONTENT_LENGTH_MISMATCH", "truncated", error);
    if (error !== undefined && !isOfStream(error)) return error;
    // Node resets what is left of a connection that the instance has ended in order.
    if (code === NGHTTP2_CANCEL && error === undefined && isGone(stream))
      return failed("UND_ERR_SOCKET", "closed");
    return failed("ECONNRESET", `the stream was reset with code ${code}`, error);
  }

  abort(reason: Error): void {
    if (this.#isOver) return;
    const stream = this.#stream;
    this.fail(reason);
    if (stream === undefined) return;
    this.#reset(stream);
    if (!this.#hasHead) this.#doubt();
  }

  // Of a stream that is closed while its connection is being read, Node sends the end in place of a reset.
  #reset(stream: ClientHttp2Stream): void {
    this.#isCut = true;
    if (this.#request.body === null) stream.close(NGHTTP2_CANCEL);
    else
      setImmediate(() => {
        stream.close(NGHTTP2_CANCEL);
        // One that the instance has reset meanwhile would wait for its upload to go out.
        stream.destroy();
      });
  }

  pause(): void {
    this.#isPaused = true;
    this.#stream?.pause();
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    if (!this.#isOver) this.#stream?.resume();
  }

  /** Ends it because its connection did, or never was. */
  fail(error: Error): void {
    if (this.#isOver) return;
    this.#isCut = true;
    this.#finish();
    this.#handler.onResponseError(this, error);
  }

  #finish(): void {
    this.#isOver = true;
    this.#stream?.setTimeout(0);
    this.#release();
  }
}

function isGone({ session }: ClientHttp2Stream): boolean {
  return session === undefined || session.destroyed || session.closed;
}

function unopened(error: Error): Error {
  const { code } = error as Error & { code?: unknown };
  const isGone =
    code === "ERR_HTTP2_INVALID_SESSION" ||
    code === "ERR_HTTP2_GOAWAY_SESSION" ||
    code === "ERR_HTTP2_OUT_OF_STREAMS";
  if (isGone) return new UnprocessedError("the connection is closing");
  return failed("UND_ERR_INVALID_ARG", "a head that cannot be sent", error);
}

function isOfStream({ code }: { code?: unknown }): boolean {
  return typeof code !== "string" || code.startsWith("ERR_HTTP2_");
}

function ignore(): void {}
