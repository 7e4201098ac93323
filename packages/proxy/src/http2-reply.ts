import type { ServerResponse } from "node:http";
import {
  constants,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type OutgoingHttpHeaders,
  type ServerHttp2Stream,
} from "node:http2";
import { http2Lines, http2Trailers } from "./http2-head.js";

const { NGHTTP2_INTERNAL_ERROR, NGHTTP2_NO_ERROR } = constants;

/** A response as the servers of Node give it. */
export type NodeResponse = ServerResponse | Http2ServerResponse;

/**
 * A response over a stream of HTTP/2 with the manners of one over HTTP/1. Its head waits for the first byte or the end,
 * so that a response without a body is one frame, which is what gRPC calls trailers-only; and one that is cut is reset,
 * where Node's own would end it as if it were whole.
 */
export class Http2Reply {
  readonly req: Http2ServerRequest;
  statusCode = 200;
  /** Whether there is a head, on its way or not. */
  headersSent = false;
  readonly #res: Http2ServerResponse;
  readonly #stream: ServerHttp2Stream;
  #head: OutgoingHttpHeaders | undefined;
  #isEnded = false;
  #isCut = false;
  /** Whether the stream was ended behind the head, though there is more to come of which nothing goes out. */
  #isHeadAlone = false;

  constructor(res: Http2ServerResponse) {
    this.req = res.req;
    this.#res = res;
    this.#stream = res.stream;
  }

  /** The response of Node, for those who write it themselves. */
  get response(): Http2ServerResponse {
    return this.#res;
  }

  get destroyed(): boolean {
    return this.#isCut || this.#stream.destroyed || this.#stream.closed;
  }

  /** Whether all of it went out. */
  get writableFinished(): boolean {
    return this.#isEnded && !this.#isCut && this.#stream.writableFinished && !this.#stream.aborted;
  }

  get writableLength(): number {
    return this.#stream.writableLength;
  }

  on(event: string, listener: (...args: never[]) => void): this {
    this.#stream.on(event, listener as () => void);
    return this;
  }

  once(event: string, listener: (...args: never[]) => void): this {
    this.#stream.once(event, listener as () => void);
    return this;
  }

  off(event: string, listener: (...args: never[]) => void): this {
    this.#stream.off(event, listener as () => void);
    return this;
  }

  /** @param headers flat: name, value, name, value */
  writeHead(status: number, headers: readonly string[]): void {
    // What is no status is an error of the server to a client (RFC 9110 section 15), and Node would send nothing.
    this.statusCode = status > 599 ? 502 : status;
    this.headersSent = true;
    this.#head = http2Lines(headers);
    // Node ends the stream behind the head of one, which no length must contradict (RFC 9110 section 15.3.6).
    if (status === 205) delete this.#head["content-length"];
  }

  /** Sends the head alone. */
  flushHeaders(): void {
    this.#respond(false);
  }

  /** False when the client has to catch up first. */
  write(chunk: Buffer): boolean {
    this.#respond(false);
    return this.destroyed || this.#stream.write(chunk);
  }

  /** @param trailers flat; undefined for none */
  end(last?: Buffer, trailers?: readonly string[]): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#respond(last === undefined && trailers === undefined);
    if (this.destroyed) return;
    if (trailers !== undefined) this.#res.addTrailers(http2Trailers(trailers));
    if (last === undefined) this.#stream.end();
    else this.#stream.end(last);
    if (this.#isHeadAlone) this.#endRequestBehind("finish");
  }

  /** Cuts it: the client sees that what it has is not all. */
  destroy(): this {
    if (!this.destroyed) {
      this.#isCut = true;
      this.#stream.close(NGHTTP2_INTERNAL_ERROR);
    }
    return this;
  }

  writeContinue(): void {
    if (!this.destroyed) this.#res.writeContinue();
  }

  writeEarlyHints(hints: { link: string[] }): void {
    if (!this.destroyed) this.#res.writeEarlyHints(hints);
  }

  #respond(isWhole: boolean): void {
    const head = this.#head;
    if (head === undefined) return;
    this.#head = undefined;
    if (this.destroyed) return;
    try {
      // Node ends a stream that is closed early, unless trailers may follow.
      this.#stream.respond(
        { ...head, ":status": this.statusCode },
        { endStream: isWhole, waitForTrailers: !isWhole },
      );
    } catch {
      this.destroy();
      return;
    }
    // Node does so where the status, or HEAD, leaves no place for a body.
    this.#isHeadAlone = !isWhole && this.#stream.writableEnded;
    if (!this.#isHeadAlone) this.#endRequestBehind(isWhole ? "finish" : "wantTrailers");
  }

  // A client that still sends when it has its whole answer is told that nobody listens (RFC 9113 section 8.1).
  #endRequestBehind(event: "finish" | "wantTrailers"): void {
    const stream = this.#stream;
    if (stream.endAfterHeaders) return;
    const end = (): void => {
      setImmediate(() => {
        if (stream.readableEnded || stream.destroyed) return;
        stream.close(NGHTTP2_NO_ERROR);
        // What has come and was not read would keep it open.
        stream.destroy();
      });
    };
    // What may have trailers is at its end when those went out: Node's own listener, which comes first, sends them.
    if (event === "finish" && stream.writableFinished) end();
    else stream.on(event, end);
  }
}

/** The response that the proxy writes to. */
export function replyTo(res: NodeResponse): ServerResponse | Http2Reply {
  return "stream" in res ? new Http2Reply(res) : res;
}
