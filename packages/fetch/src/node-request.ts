import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { isIP } from "node:net";
import { Readable } from "node:stream";
import type { BodySource } from "./body-source.js";
import { rawHeadersOf, targetOf, type Framing } from "./raw-headers.js";

/** What the server knows of a request that a `Request` does not hold. */
export interface RequestOrigin {
  readonly remoteAddress?: string | undefined;
  readonly httpVersion?: string | undefined;
  readonly rawBody?: Uint8Array | undefined;
}

/** What the proxy asks a socket for. */
interface PeerSocket {
  readonly encrypted: boolean;
  readonly remoteAddress: string | undefined;
  /** Bytes of bodies: whether anything moves. */
  bytesRead: number;
  bytesWritten: number;
}

/** A `Request` with the manners of one of `node:http`, as far as the proxy looks at one. */
export class NodeRequest extends Readable {
  /** The request that it was made of. */
  readonly request: Request;
  method: string;
  url: string;
  readonly rawHeaders: string[];
  readonly headers: IncomingHttpHeaders;
  readonly httpVersion: "1.0" | "1.1";
  readonly httpVersionMajor = 1;
  readonly httpVersionMinor: 0 | 1;
  /** Whether a response may ask the server to close the connection: over HTTP/2 none may. */
  readonly isOnHttp1: boolean;
  /** The body of a `Request` has none behind it. */
  readonly rawTrailers: readonly string[] = [];
  readonly socket: PeerSocket;
  /** The bytes of the body, where somebody has read it before. */
  readonly rawBody: Uint8Array | undefined;
  /** Whether all of it has come. */
  complete: boolean;
  readonly #body: BodySource;
  #isStopped = false;

  constructor(request: Request, framing: Framing, body: BodySource, origin: RequestOrigin) {
    super();
    this.request = request;
    this.method = request.method;
    // To the proxy it has the manners of HTTP/1, whatever the server speaks.
    this.httpVersion = origin.httpVersion === "1.0" ? "1.0" : "1.1";
    this.isOnHttp1 = origin.httpVersion?.startsWith("1.") === true;
    this.httpVersionMinor = this.httpVersion === "1.0" ? 0 : 1;
    this.url = targetOf(request.url);
    this.rawHeaders = rawHeadersOf(request, framing);
    this.headers = recordOf(this.rawHeaders);
    const encrypted = request.url.startsWith("https:");
    const address = origin.remoteAddress ?? "";
    const remoteAddress = isIP(address) === 0 ? undefined : address;
    this.socket = { encrypted, remoteAddress, bytesRead: 0, bytesWritten: 0 };
    this.rawBody = origin.rawBody;
    this.complete = framing === "none";
    this.#body = body;
    // By these the proxy knows a body that somebody has read before.
    if (framing !== "none" && request.bodyUsed)
      Object.defineProperties(this, { readableDidRead: TRUE, readableEnded: TRUE });
  }

  /** Itself, for those who take requests of `node:http`. */
  get asNode(): IncomingMessage {
    return this as unknown as IncomingMessage;
  }

  /** Nothing more is read of the body. */
  stop(): void {
    this.#isStopped = true;
    this.#body.release();
    // Who still waits for the rest learns that there is none.
    if (!this.complete) this.destroy();
  }

  override _read(): void {
    if (this.#isStopped) return;
    if (this.complete) this.push(null);
    else void this.#pull();
  }

  async #pull(): Promise<void> {
    try {
      let part = await this.#body.read();
      while (!part.done && part.value.length === 0) part = await this.#body.read();
      if (this.#isStopped) return;
      if (part.done) this.complete = true;
      else this.socket.bytesRead += part.value.length;
      this.push(part.done ? null : bytesOf(part.value));
    } catch (error) {
      if (!this.#isStopped) this.destroy(error as Error);
    }
  }
}

const TRUE: PropertyDescriptor = { value: true, configurable: true };

function bytesOf({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}

// A Request has one line of each name.
function recordOf(raw: readonly string[]): IncomingHttpHeaders {
  const record = Object.create(null) as Record<string, string>;
  for (let i = 0; i < raw.length; i += 2) record[raw[i] as string] = raw[i + 1] as string;
  return record;
}
