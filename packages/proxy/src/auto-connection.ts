import type { Socket } from "node:net";
import type { ConnectPlan } from "@signalbox/core";
import type { Connector } from "./connector.js";
import { Http1Connection } from "./http1-connection.js";
import { alpnOf, Http2Connection } from "./http2-connection.js";
import {
  failed,
  type AttemptHandler,
  type ConnectionOwner,
  type OutgoingBody,
  type OutgoingRequest,
  type PoolConnection,
} from "./slot.js";

/** A connection of which the instance says what it speaks: until then it has room for one request. */
export class AutoConnection implements PoolConnection, ConnectionOwner {
  isListed = false;
  readonly #connector: Connector;
  readonly #plan: ConnectPlan;
  readonly #owner: ConnectionOwner;
  #inner: PoolConnection | undefined;
  #first: readonly [OutgoingRequest, AttemptHandler] | undefined;
  #isOver = false;

  constructor(connector: Connector, plan: ConnectPlan, owner: ConnectionOwner) {
    this.#connector = connector;
    this.#plan = plan;
    this.#owner = owner;
  }

  /** Connects, for the request that is sent meanwhile. */
  open(): this {
    this.#connector.connect(["h2", "http/1.1"], (error, socket) => {
      if (this.#isOver) socket?.destroy();
      else if (socket === null) this.#fail(error as Error);
      else this.#decide(socket);
    });
    return this;
  }

  #decide(socket: Socket): void {
    const first = this.#first;
    this.#first = undefined;
    if (alpnOf(socket) === "h2") {
      const connection = new Http2Connection(this.#connector, this.#plan, this);
      this.#inner = connection;
      if (first !== undefined) connection.occupy();
      connection.start(socket);
      if (connection.hasRoom) this.#owner.offer(this);
    } else {
      this.#inner = new Http1Connection(this.#connector, this.#plan, socket);
    }
    if (first !== undefined) this.#inner.send(...first);
    this.#owner.decided();
  }

  #fail(error: Error): void {
    this.#isOver = true;
    const first = this.#first;
    this.#first = undefined;
    this.#owner.decided();
    this.#owner.retire(this);
    first?.[1].onResponseError(undefined, error);
  }

  get partsAreOurs(): boolean {
    return this.#inner?.partsAreOurs === true;
  }

  get isBroken(): boolean {
    return this.#inner?.isBroken === true;
  }

  occupy(): boolean {
    return this.#inner?.occupy() === true;
  }

  release(): boolean {
    return this.#inner?.release() ?? !this.#isOver;
  }

  carries(body: OutgoingBody): void {
    this.#inner?.carries(body);
  }

  countRequest(): boolean {
    return this.#inner?.countRequest() === true;
  }

  send(request: OutgoingRequest, handler: AttemptHandler): void {
    if (this.#inner === undefined) this.#first = [request, handler];
    else this.#inner.send(request, handler);
  }

  retire(): void {
    this.#owner.retire(this);
  }

  offer(): void {
    this.#owner.offer(this);
  }

  withdraw(): void {
    this.#owner.withdraw(this);
  }

  decided(): void {}

  async close(): Promise<void> {
    this.#isOver = true;
    await this.#inner?.close();
  }

  async destroy(): Promise<void> {
    if (this.#inner === undefined && !this.#isOver)
      this.#fail(failed("UND_ERR_DESTROYED", "the pool was destroyed"));
    await this.#inner?.destroy();
  }
}
