import type { EventEmitter } from "node:events";
import type { Socket } from "node:net";
import type { ConnectPlan } from "@signalbox/core";
// The file by its name: Bun has a module of its own in place of "undici", which cannot dispatch.
import { Client, type Dispatcher } from "undici/index.js";
import type { Connector } from "./connector.js";
import { ContinueFilter } from "./continue-filter.js";
import { isWatched, SocketSink } from "./spent-parts.js";
import { SingleRequest } from "./single-request.js";
import type { AttemptHandler, OutgoingBody, OutgoingRequest, PoolConnection } from "./slot.js";
import { UploadHandler } from "./upload-handler.js";

/** What is offered where HTTP/1.1 alone is spoken. */
const HTTP1 = ["http/1.1"];

/**
 * One connection at most, with one request at a time; it is made anew when it is needed again. The few requests that
 * undici cannot send have a connection of their own meanwhile.
 */
export class Http1Connection implements PoolConnection {
  isListed = false;
  readonly #client: Client;
  readonly #connector: Connector;
  readonly #serverName: string;
  readonly #filter = new ContinueFilter();
  /** A connection that stands already and has served nothing. */
  #ready: Socket | undefined;
  #socket: Socket | undefined;
  #single: SingleRequest | undefined;
  #served = 0;
  #broken = false;

  constructor(connector: Connector, plan: ConnectPlan, ready?: Socket) {
    this.#connector = connector;
    this.#ready = ready?.on("error", ignore);
    // An address has no name to ask for, and undici wants one text for all: another would cost a new connection.
    this.#serverName = connector.serverName || connector.authority;
    const scheme = connector.isSecure ? "https" : "http";
    this.#client = new Client(`${scheme}://${connector.authority}`, {
      allowH2: false,
      connect: (_, callback) => this.#connect(callback as never),
      keepAliveTimeout: plan.keepAliveMs,
      keepAliveTimeoutThreshold: 1_000,
      maxHeaderSize: 65_536,
      pipelining: 1,
    });
    this.#client.on("connect", () => {
      this.#served = 0;
      this.#broken = false;
    });
    // Every failure also reaches the attempt; a client without a listener would take the process down.
    this.#client.on("connectionError", ignore);
    (this.#client as unknown as EventEmitter).on("error", ignore);
  }

  #connect(connected: (error: Error | null, socket: Socket | null) => void): void {
    const ready = this.#ready;
    this.#ready = undefined;
    if (ready !== undefined && !ready.destroyed) {
      this.#guard(ready);
      queueMicrotask(() => connected(null, ready));
      return;
    }
    this.#connector.connect(HTTP1, (error, socket) => {
      if (socket !== null) this.#guard(socket);
      connected(error, socket);
    });
  }

  // An error of the socket just before an end by closing looks like a lawful end: it has to be noted here.
  #guard(socket: Socket): void {
    this.#socket = socket;
    socket.on("error", () => {
      this.#broken = true;
    });
    this.#filter.guard(socket);
  }

  get partsAreOurs(): boolean {
    const readers = this.#socket?.listenerCount("data") ?? 0;
    return this.#single === undefined && readers === 0 && !isWatched();
  }

  get isBroken(): boolean {
    return this.#broken && this.#single === undefined;
  }

  occupy(): boolean {
    return false;
  }

  release(): boolean {
    this.#single = undefined;
    return true;
  }

  countRequest(): boolean {
    return this.#single === undefined && this.#served++ > 0;
  }

  carries(body: OutgoingBody): void {
    if (this.#single === undefined && this.#socket !== undefined)
      body.flowTo(new SocketSink(this.#socket));
  }

  send(request: OutgoingRequest, handler: AttemptHandler): void {
    const { extras, body } = request;
    if (extras !== undefined) this.#sendAlone(request, handler);
    else if (body === null || body.hasBegun) this.#dispatch(request, handler);
    else {
      const upload = new UploadHandler(body, handler, () => this.#sendAlone(request, handler));
      this.#dispatch({ ...request, body: upload.body }, upload);
    }
  }

  #sendAlone(request: OutgoingRequest, handler: AttemptHandler): void {
    // Nobody would look after it meanwhile.
    this.#dropReady();
    this.#single = new SingleRequest(this.#connector, request, handler);
    this.#single.begin();
  }

  #dispatch(request: OutgoingRequest, handler: AttemptHandler): void {
    this.#filter.isDue = true;
    this.#client.dispatch(
      {
        method: request.method as Dispatcher.HttpMethod,
        path: request.path,
        headers: request.headers,
        body: request.body as never,
        headersTimeout: request.idleMs,
        bodyTimeout: request.idleMs,
        // Without it every answer to HEAD, and every body on DELETE and the like, would close the connection.
        reset: false,
        servername: this.#serverName,
      } as Dispatcher.DispatchOptions,
      handler,
    );
  }

  #dropReady(): void {
    this.#ready?.destroy();
    this.#ready = undefined;
  }

  async close(): Promise<void> {
    this.#dropReady();
    await this.#client.close();
  }

  async destroy(): Promise<void> {
    this.#dropReady();
    this.#single?.destroy();
    await this.#client.destroy();
  }
}

function ignore(): void {}
