import {
  constants,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type ServerHttp2Stream,
} from "node:http2";
import type { Socket } from "node:net";
import type { Head } from "../hostile/message-reader.js";
import { Visit } from "../hostile/visit.js";

/** A connection of HTTP/2 at an instance. */
export interface Connection {
  readonly socket: Socket;
  /** It has said that it goes: what comes behind that is not looked at. */
  isLeaving: boolean;
}

/** One request over HTTP/2 at an instance, and what can be done with it. */
export class Http2Visit extends Visit {
  readonly stream: ServerHttp2Stream;
  readonly #connection: Connection;
  /** Whether it was ended from this side: the rest of the request does not come. */
  isBrokenOff = false;
  #isSaid = false;
  #whenSaid: (() => void) | undefined;

  constructor(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, connection: Connection) {
    super(headOf(headers), connection.socket);
    this.stream = stream;
    this.#connection = connection;
  }

  /** Whether nothing more can be said. */
  get isGone(): boolean {
    return this.stream.destroyed || this.stream.closed;
  }

  /** Sends a head that says whose answer it is; false when no body may follow. */
  respond(status: number, headers: OutgoingHttpHeaders = {}): boolean {
    if (this.isGone) return false;
    const isBodyless = this.method === "HEAD" || status === 204;
    const own = { ":status": status, "x-id": this.id, "x-length": String(this.length), ...headers };
    // Where trailers may follow, a stream that is closed early does not look like one that has ended.
    this.stream.respond(own, { endStream: isBodyless, waitForTrailers: !isBodyless });
    this.stream.on("wantTrailers", () => {
      if (!this.isGone) this.stream.sendTrailers({ "x-end": "1" });
      this.#said();
    });
    if (isBodyless) this.#said();
    return !isBodyless;
  }

  /** Calls when all of the answer went out. */
  whenSaid(then: () => void): void {
    if (this.#isSaid) then();
    else this.#whenSaid = then;
  }

  #said(): void {
    this.#isSaid = true;
    this.#whenSaid?.();
  }

  /** Sends a part of the body. */
  part(bytes: Buffer): void {
    if (!this.isGone) this.stream.write(bytes);
  }

  /** Sends the last part of the body. */
  last(bytes: Buffer): void {
    if (!this.isGone) this.stream.end(bytes);
  }

  /** Says that the connection takes nothing new; what is under way goes on. */
  goAway(): void {
    this.#connection.isLeaving = true;
    this.stream.session?.close();
  }

  /** Says that this request was not looked at, nor any behind it. */
  disown(): void {
    const { id = 1, session } = this.stream;
    // That none was looked at cannot be said: 0 stands for the last one.
    if (id < 3) return this.reset(constants.NGHTTP2_REFUSED_STREAM);
    this.#connection.isLeaving = true;
    session?.goaway(constants.NGHTTP2_NO_ERROR, id - 2);
  }

  /** Ends the stream. What was said before goes out first. */
  reset(code: number = constants.NGHTTP2_INTERNAL_ERROR): void {
    setImmediate(() => {
      if (this.isGone) return;
      this.isBrokenOff = true;
      this.stream.close(code);
    });
  }
}

function headOf(headers: IncomingHttpHeaders): Head {
  const lines = Object.entries(headers).filter(([name]) => !name.startsWith(":"));
  return {
    start: `${headers[":method"]} ${headers[":path"]} HTTP/1.1`,
    headers: lines.map(([name, value]) => [name, String(value)] as const),
  };
}
