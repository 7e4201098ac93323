import { request as startRequest, type ClientRequest, type IncomingMessage } from "node:http";
import type { Connector } from "./connector.js";
import { recordOf } from "./head-record.js";
import {
  failed,
  type AttemptController,
  type AttemptHandler,
  type OutgoingRequest,
} from "./slot.js";

/**
 * One HTTP/1.1 request on a connection of its own, over Node's client: it can wait for `100 Continue`, send trailers
 * and say `TE`, which undici cannot. Few requests need any of it, so the connection is closed behind it.
 */
export class SingleRequest implements AttemptController {
  readonly #request: OutgoingRequest;
  readonly #handler: AttemptHandler;
  readonly #connector: Connector;
  #client: ClientRequest | undefined;
  #response: IncomingMessage | undefined;
  #idleTimer: NodeJS.Timeout | undefined;
  #isBodySent: boolean;
  /** Whether the instance is still to say whether it wants the body. */
  #awaitsLeave: boolean;
  #isPaused = false;
  /** Whether the instance ended the connection in order, which Node calls a reset all the same. */
  #hasEnded = false;
  #isOver = false;
  /** Lets go of the body. */
  #release: () => void = ignore;

  constructor(connector: Connector, request: OutgoingRequest, handler: AttemptHandler) {
    this.#connector = connector;
    this.#request = request;
    this.#handler = handler;
    this.#isBodySent = request.body === null;
    this.#awaitsLeave = request.extras?.expectsContinue === true;
  }

  /** Connects, and sends when that is done. */
  begin(): void {
    this.#connector.connect(["http/1.1"], (error, socket) => {
      if (this.#isOver) {
        socket?.destroy();
        return;
      }
      if (socket === null) {
        this.#isOver = true;
        this.#handler.onResponseError(undefined, error as Error);
        return;
      }
      // Whatever becomes of the request, the socket never errs unheard.
      socket.on("error", ignore);
      socket.once("end", () => (this.#hasEnded = true));
      try {
        this.#handler.onRequestStart(this);
      } catch (reason) {
        socket.destroy();
        this.#fail(reason as Error);
        return;
      }
      if (this.#isOver) socket.destroy();
      else this.#send(() => socket);
    });
  }

  #send(createConnection: () => import("node:net").Socket): void {
    const { method, path, idleMs, body, extras } = this.#request;
    let client: ClientRequest;
    try {
      client = startRequest({
        method,
        path,
        headers: this.#headers(),
        createConnection,
        setHost: false,
        maxHeaderSize: 65_536,
        insecureHTTPParser: false,
      } as never);
    } catch (error) {
      createConnection().destroy();
      this.#fail(failed("UND_ERR_INVALID_ARG", "a head that cannot be sent", error));
      return;
    }
    this.#client = client;
    // The size of the head is limited; their number must not cut it in silence.
    client.maxHeadersCount = 0;
    client
      .on("information", ({ statusCode, rawHeaders }) => {
        this.#idleTimer?.refresh();
        if (statusCode === 100) this.#awaitsLeave = false;
        if (!this.#isOver) this.#handler.onResponseStart(this, statusCode, recordOf(rawHeaders));
      })
      .on("response", (response) => this.#onResponse(response))
      // Nobody asked to switch protocols.
      .on("upgrade", (_, socket) => {
        socket.on("error", ignore).destroy();
        this.#fail(failed("HPE_UPGRADE", "unexpected 101"));
      })
      .on("error", (error: Error & { code?: string }) => {
        if (error.code === "HPE_HEADER_OVERFLOW")
          this.#fail(failed("UND_ERR_HEADERS_OVERFLOW", "a large head", error));
        else if (error.code === "ECONNRESET" && this.#hasEnded && this.#response === undefined)
          this.#fail(failed("UND_ERR_SOCKET", "closed", error));
        else this.#fail(error);
      })
      .on("close", () => this.#fail(failed("UND_ERR_SOCKET", "closed")));
    if (idleMs > 0) this.#idleTimer = setTimeout(() => this.#onIdle(), idleMs);
    if (body === null) client.end();
    else this.#sendBody(client, body, extras?.announced !== undefined);
  }

  #headers(): string[] {
    const { headers, body, extras } = this.#request;
    const flat = [...headers];
    const hasTrailers = body !== null && extras?.announced !== undefined;
    const isCounted = indexOf(flat, "content-length") !== -1;
    // Trailers need the chunked form.
    if (hasTrailers && isCounted) flat.splice(indexOf(flat, "content-length"), 2);
    if (body !== null && (hasTrailers || !isCounted)) flat.push("transfer-encoding", "chunked");
    if (hasTrailers) flat.push("trailer", extras.announced);
    if (body !== null && extras?.expectsContinue === true) flat.push("expect", "100-continue");
    const takesTrailers = extras?.takesTrailers === true;
    if (takesTrailers) flat.push("te", "trailers");
    flat.push("connection", takesTrailers ? "close, TE" : "close");
    return flat;
  }

  #sendBody(
    client: ClientRequest,
    body: NonNullable<OutgoingRequest["body"]>,
    hasTrailers: boolean,
  ): void {
    // The head of an upload that is slow to begin must not wait for it.
    client.flushHeaders();
    client.on("drain", () => {
      this.#idleTimer?.refresh();
      if (!this.#isOver) body.resume();
    });
    const onData = (chunk: Buffer): void => {
      if (this.#isOver) return;
      this.#awaitsLeave = false;
      this.#idleTimer?.refresh();
      if (!client.write(chunk)) body.pause();
    };
    const onEnd = (): void => {
      if (this.#isOver) return;
      this.#isBodySent = true;
      this.#handler.onRequestSent();
      if (hasTrailers) addTrailers(client, this.#request.extras?.trailers() ?? []);
      client.end();
    };
    body
      .on("data", onData)
      .on("end", onEnd)
      .on("error", (error: Error) => this.abort(error));
    body.resume();
    this.#release = () => void body.off("data", onData).off("end", onEnd);
  }

  #onResponse(response: IncomingMessage): void {
    this.#response = response;
    response.on("error", (error) => this.#fail(error));
    if (this.#isOver) return void response.destroy();
    this.#idleTimer?.refresh();
    response
      .on("aborted", () => this.#fail(failed("UND_ERR_RES_CONTENT_LENGTH_MISMATCH", "truncated")))
      .on("data", (chunk: Buffer) => {
        this.#idleTimer?.refresh();
        if (!this.#isOver) this.#handler.onResponseData(this, chunk);
      })
      .on("end", () => this.#onEnd(response));
    this.#handler.onResponseStart(
      this,
      response.statusCode as number,
      recordOf(response.rawHeaders),
    );
    if (this.#isPaused) response.pause();
  }

  #onEnd(response: IncomingMessage): void {
    if (this.#isOver) return;
    if (!response.complete) {
      this.#fail(failed("UND_ERR_RES_CONTENT_LENGTH_MISMATCH", "truncated"));
      return;
    }
    this.#finish();
    this.#handler.onResponseEnd(this, recordOf(response.rawTrailers));
  }

  // The instance is silent, unless it is the client that is waited for.
  #onIdle(): void {
    const waitsForClient =
      !this.#isBodySent &&
      this.#response === undefined &&
      !this.#awaitsLeave &&
      this.#client?.writableNeedDrain !== true;
    if (this.#isPaused || waitsForClient) this.#idleTimer?.refresh();
    else this.#fail(failed("ETIMEDOUT", "the instance is silent"));
  }

  abort(reason: Error): void {
    this.#fail(reason);
  }

  /** The pool is closed under the request. */
  destroy(): void {
    this.#fail(failed("UND_ERR_DESTROYED", "the pool was destroyed"));
  }

  pause(): void {
    this.#isPaused = true;
    this.#response?.pause();
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#idleTimer?.refresh();
    this.#response?.resume();
  }

  #fail(error: Error): void {
    if (this.#isOver) return;
    this.#finish();
    this.#handler.onResponseError(this, error);
  }

  #finish(): void {
    this.#isOver = true;
    clearTimeout(this.#idleTimer);
    this.#release();
    this.#client?.destroy();
  }
}

function addTrailers(client: ClientRequest, flat: readonly string[]): void {
  const pairs: [string, string][] = [];
  for (let i = 0; i < flat.length; i += 2) pairs.push([flat[i] as string, flat[i + 1] as string]);
  client.addTrailers(pairs);
}

function indexOf(flat: readonly string[], name: string): number {
  for (let i = 0; i < flat.length; i += 2) if ((flat[i] as string).toLowerCase() === name) return i;
  return -1;
}

function ignore(): void {}
