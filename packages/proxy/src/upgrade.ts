import type { ClientRequest, IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { createProxyServer } from "http-proxy-3";
import type { UpgradeTarget } from "./upgrade-target.js";
import type { SentHeaders, UpgradeAnswer } from "./web-socket.js";

/** What goes out to an instance. */
export interface OutgoingUpgrade {
  /** Path with query. */
  readonly path: string;
  readonly headers: SentHeaders;
  readonly target: UpgradeTarget;
}

/** Is told once what comes back, of the three. */
export interface UpgradeListener {
  /** A 101, whatever it holds. `carry` joins the two sockets; without it the instance's is the listener's to destroy. */
  onSwitched(answer: UpgradeAnswer, instance: Socket, carry: Carry): void;
  /** Any other answer. */
  onAnswer(answer: IncomingMessage): void;
  onFailure(error: Error, isConnected: boolean): void;
}

/** Sends the client a 101 with these headers, and pipes the sockets into each other. */
export type Carry = (headers: SentHeaders) => void;

/** Interim answers past this number end the attempt: an instance that never comes to the point is broken. */
const MAX_INTERIM = 50;

/** What http-proxy-3 does on a 101. */
type Pipe = (answer: { readonly headers: SentHeaders }, instance: Socket, first: Buffer) => void;

/** Sends upgrades by http-proxy-3, which is left what it does well: the request, and the pipe behind a good 101. */
export class UpgradeSender {
  readonly #server = createProxyServer({});
  #captured: ClientRequest | undefined;
  #path = "";

  constructor() {
    this.#server.on("error", ignore);
    this.#server.on("proxyReqWs", (request: ClientRequest) => {
      this.#captured = request;
      // Byte for byte: an empty query would be lost else.
      request.path = this.#path;
    });
  }

  /** Sends an upgrade. Whatever happens, the listener is told of it, later. */
  send(upgrade: OutgoingUpgrade, client: Socket, listener: UpgradeListener): SentUpgrade {
    const sent = new SentUpgrade(listener);
    // What http-proxy-3 takes for the request; it is kept as long as the sockets live.
    const facade = {
      method: "GET",
      url: upgrade.path,
      headers: upgrade.headers,
      httpVersionMajor: 1,
      connection: client,
    };
    this.#path = upgrade.path;
    try {
      // It hands its request out in an event, synchronously. A header that Node refuses makes it throw.
      const onError = (error: Error): void => sent.fail(error);
      this.#server.ws(
        facade as unknown as IncomingMessage,
        client,
        Buffer.alloc(0),
        { ...upgrade.target },
        onError as never,
      );
      sent.watch(this.#captured as ClientRequest, upgrade.target.agent !== undefined);
    } catch (error) {
      this.#captured?.on("error", ignore).destroy();
      queueMicrotask(() => sent.fail(error as Error));
    }
    facade.headers = NO_HEADERS;
    this.#captured = undefined;
    return sent;
  }
}

/** An upgrade on its way. Lets go of its listener with the first thing that it tells. */
export class SentUpgrade {
  #listener: UpgradeListener | undefined;
  #request: ClientRequest | undefined;
  #isConnected = false;
  #interim = 0;

  constructor(listener: UpgradeListener) {
    this.#listener = listener;
  }

  /** Ends it; nothing is told any more. */
  cancel(): void {
    this.#listener = undefined;
    this.#request?.destroy();
    this.#request = undefined;
  }

  /** Ends it with an error. */
  fail(error: Error & { readonly code?: unknown }): void {
    const listener = this.#listener;
    const isConnected = this.#isConnected;
    this.cancel();
    listener?.onFailure(codeOf(error), isConnected);
  }

  /**
   * Takes what http-proxy-3 would do on its own out of its hands.
   *
   * @param isReady whether the sockets that it gets are connected already
   */
  watch(request: ClientRequest, isReady: boolean): void {
    this.#request = request;
    request.maxHeadersCount = 0;
    const [pipe] = request.listeners("upgrade");
    for (const event of ["upgrade", "response", "error"]) request.removeAllListeners(event);
    request.on("error", (error) => this.fail(error));
    request.on("socket", (socket: Socket) => {
      if (isReady) this.#isConnected = true;
      const isSecure = "encrypted" in socket;
      socket.once(isSecure ? "secureConnect" : "connect", () => {
        this.#isConnected = true;
      });
    });
    request.on("information", ({ statusCode }) => {
      if (++this.#interim > MAX_INTERIM) this.fail(new Error(`unexpected ${statusCode}`));
    });
    request.on("response", (answer) => {
      // A 101 that names no protocol.
      if (answer.statusCode === 101) return this.fail(new Error("unexpected 101"));
      const listener = this.#listener;
      this.#listener = undefined;
      listener?.onAnswer(answer);
    });
    request.on("upgrade", (answer: IncomingMessage, instance: Socket, first: Buffer) => {
      instance.on("error", ignore);
      const listener = this.#listener;
      this.#listener = undefined;
      this.#request = undefined;
      if (listener === undefined) instance.destroy();
      else listener.onSwitched(answer, instance, carryOf(pipe as Pipe, instance, first));
    });
  }
}

function carryOf(pipe: Pipe, instance: Socket, first: Buffer): Carry {
  // The answer is kept as long as the sockets live: it gets a small one.
  return (headers) => {
    const answer = { headers };
    pipe(answer, instance, first);
    answer.headers = NO_HEADERS;
  };
}

const NO_HEADERS: SentHeaders = Object.freeze({});

// http-proxy-3 has a code of its own for what Node calls otherwise.
function codeOf(error: Error & { readonly code?: unknown }): Error {
  return error.code === "ECONNECT_TIMEOUT" ? Object.assign(error, { code: "ETIMEDOUT" }) : error;
}

function ignore(): void {}
