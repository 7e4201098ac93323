import { connect, type ClientHttp2Session } from "node:http2";
import type { Socket } from "node:net";
import type { ConnectPlan } from "@signalbox/core";
import type { Connector } from "./connector.js";
import { http2Head } from "./http2-head.js";
import { Http2Request } from "./http2-request.js";
import {
  failed,
  type AttemptHandler,
  type ConnectionOwner,
  type OutgoingRequest,
  type PoolConnection,
} from "./slot.js";

/** How much of one body may be on its way unread. Unit: bytes. */
const STREAM_WINDOW = 262_144;

/** How much of all of them. Unit: bytes. */
const CONNECTION_WINDOW = 1_048_576;

/**
 * One HTTP/2 connection with room for many requests. It lives once: when it fails, or the instance says that it goes
 * (GOAWAY), it takes nothing new, lets its streams end and is gone.
 */
export class Http2Connection implements PoolConnection {
  isListed = false;
  /** A connection that breaks tells each of its requests itself. */
  // Streams share their memory.
  readonly partsAreOurs = false;
  readonly isBroken = false;
  readonly #connector: Connector;
  readonly #plan: ConnectPlan;
  readonly #owner: ConnectionOwner;
  /** Requests that wait for the connection to stand. */
  #waiting: (readonly [Http2Request, OutgoingRequest])[] = [];
  #session: ClientHttp2Session | undefined;
  #room: number;
  #active = 0;
  #served = 0;
  #isRetired = false;
  #isProbing = false;
  #idleTimer: NodeJS.Timeout | undefined;
  readonly #gone = Promise.withResolvers<void>();

  constructor(connector: Connector, plan: ConnectPlan, owner: ConnectionOwner) {
    this.#connector = connector;
    this.#plan = plan;
    this.#owner = owner;
    this.#room = plan.streams;
  }

  /** Whether it takes another request. */
  get hasRoom(): boolean {
    return !this.#isRetired && this.#active < this.#room;
  }

  occupy(): boolean {
    // A connection that serves nobody does not keep the process alive.
    if (this.#active++ === 0) this.#session?.ref();
    return this.#active < this.#room;
  }

  release(): boolean {
    this.#active--;
    if (this.#active === 0) this.#rest();
    return this.hasRoom;
  }

  // Streams share what they send.
  carries(): void {}

  countRequest(): boolean {
    return this.#served++ > 0;
  }

  /** Connects, for the requests that are sent meanwhile. */
  open(): this {
    this.#connector.connect(["h2"], (error, socket) => {
      if (socket === null) this.#fail(error as Error);
      else if (this.#connector.isSecure && alpnOf(socket) !== "h2") {
        socket.destroy();
        this.#fail(failed("ERR_HTTP2_PROTOCOL", "the instance does not speak HTTP/2"));
      } else this.start(socket);
    });
    return this;
  }

  /** Takes a connection that stands. */
  start(socket: Socket): void {
    if (this.#isRetired) {
      socket.on("error", ignore).destroy();
      return;
    }
    const session = connect(`http://${this.#connector.authority}`, {
      createConnection: () => socket,
      maxHeaderListPairs: 2_000,
      maxSessionMemory: 64,
      settings: {
        enablePush: false,
        initialWindowSize: STREAM_WINDOW,
        maxHeaderListSize: 65_536,
      },
    });
    this.#session = session;
    session
      .on("connect", () => session.setLocalWindowSize(CONNECTION_WINDOW))
      .on("remoteSettings", ({ maxConcurrentStreams = Infinity }) =>
        this.#setRoom(maxConcurrentStreams),
      )
      .on("goaway", () => this.#retire())
      .on("error", (error) => this.#fail(error))
      .on("close", () => this.#fail(failed("UND_ERR_SOCKET", "closed")));
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const [sent, request] of waiting) this.#begin(sent, request, session);
    if (this.#active === 0) this.#rest();
  }

  send(request: OutgoingRequest, handler: AttemptHandler): void {
    const sent = new Http2Request(request, handler, this.#probe);
    if (this.#session === undefined) this.#waiting.push([sent, request]);
    else this.#begin(sent, request, this.#session);
  }

  #begin(sent: Http2Request, request: OutgoingRequest, session: ClientHttp2Session): void {
    const { isSecure, authority } = this.#connector;
    sent.begin(session, http2Head(request, isSecure ? "https" : "http", authority));
  }

  // The instance may allow fewer streams than we would open, and change its mind.
  #setRoom(allowed: number): void {
    this.#room = Math.max(1, Math.min(this.#plan.streams, allowed));
    if (this.#isRetired) return;
    if (this.hasRoom) this.#owner.offer(this);
    else this.#owner.withdraw(this);
  }

  #rest(): void {
    if (this.#isRetired) this.#session?.close();
    if (this.#isRetired || this.#session === undefined) return;
    this.#session.unref();
    if (this.#idleTimer !== undefined) this.#idleTimer.refresh();
    else this.#idleTimer = setTimeout(() => this.#onIdle(), this.#plan.keepAliveMs).unref();
  }

  #onIdle(): void {
    if (this.#active > 0) return;
    this.#retire();
    this.#session?.close();
  }

  // A connection that died without a word looks like one that is slow. It is asked, and has as long to answer as a new
  // one may take.
  readonly #probe = (): void => {
    const session = this.#session;
    if (session === undefined || session.destroyed || this.#isProbing) return;
    this.#isProbing = true;
    const timer = setTimeout(() => {
      session.destroy(failed("ETIMEDOUT", "the connection is dead"));
    }, this.#plan.timeoutMs);
    session.ping(() => {
      clearTimeout(timer);
      this.#isProbing = false;
    });
  };

  #retire(): void {
    if (this.#isRetired) return;
    this.#isRetired = true;
    clearTimeout(this.#idleTimer);
    this.#owner.retire(this);
  }

  #fail(error: Error): void {
    this.#retire();
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const [sent] of waiting) sent.fail(error);
    if (this.#session === undefined || this.#session.destroyed) this.#gone.resolve();
  }

  /** Ends when nothing is under way any more. */
  async close(): Promise<void> {
    this.#retire();
    if (this.#session === undefined) this.#gone.resolve();
    else this.#session.close();
    await this.#gone.promise;
  }

  /** Ends now. */
  async destroy(): Promise<void> {
    const error = failed("UND_ERR_DESTROYED", "the pool was destroyed");
    this.#session?.destroy(error);
    this.#fail(error);
    await this.#gone.promise;
  }
}

/** What was agreed on by ALPN. */
export function alpnOf(socket: Socket): string | undefined {
  const { alpnProtocol } = socket as Socket & { readonly alpnProtocol?: string | false | null };
  return typeof alpnProtocol === "string" ? alpnProtocol : undefined;
}

function ignore(): void {}
