import { ServerResponse, type IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { LINGER_MS, rawResponse } from "./raw-response.js";
import { hasBody } from "./view.js";
import { asksForWebSocket } from "./web-socket.js";

/** Where a response keeps the upgrade that it stands for. Frameworks change prototypes, and leave properties alone. */
const UPGRADE = Symbol("upgrade");

type UpgradeHolder = ServerResponse & { [UPGRADE]?: UpgradeOnItsWay | undefined };

/**
 * A response for an upgrade, with which it can go the way of a request through a host: its middleware answers it, or
 * `proxy.handle` makes an upgrade of it again. Without that a client would pass every middleware, and so whatever asks who it
 * is, by asking for a websocket. What offers another protocol is an ordinary request.
 *
 * @param none hands on what no route takes. Default: the `none` of `proxy.handle`
 *
 * @example
 * server.on("upgrade", (req, socket, head) => {
 *   server.emit("request", req, upgradeResponse(req, socket, head));
 * });
 */
export function upgradeResponse(
  req: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  none?: () => void,
): ServerResponse {
  if (!asksForWebSocket(req) && !hasBody(req)) return rawResponse(req, socket);
  const res: UpgradeHolder = new ServerResponse(req);
  res.shouldKeepAlive = false;
  // Stays for good: what broke may be told only after the socket has changed hands.
  socket.on("error", ignore);
  res.once("finish", () => leave(socket));
  res[UPGRADE] = new UpgradeOnItsWay(res, socket, head, none);
  return res;
}

/** The upgrade that a response stands for; undefined for an ordinary one. */
export function upgradeBehind(res: object): UpgradeOnItsWay | undefined {
  return (res as UpgradeHolder)[UPGRADE];
}

/** Whether a response stands for an upgrade, and is not written where `proxy.handle` gets it. */
export function isUpgradeResponse(res: object): boolean {
  return upgradeBehind(res) !== undefined;
}

/** An upgrade that comes by the listeners for requests. Nothing is read from it: its bytes belong to whoever takes it. */
export class UpgradeOnItsWay {
  readonly #res: ServerResponse;
  readonly #onDrain = (): void => void this.#res.emit("drain");
  readonly #onClose = (): void => void this.#res.emit("close");

  constructor(
    res: ServerResponse,
    readonly socket: Duplex,
    readonly head: Buffer,
    readonly none: (() => void) | undefined,
  ) {
    this.#res = res;
    this.giveBack();
  }

  /** Takes the socket from the response, which is over when the socket is: middleware may wait for that. */
  take(): void {
    this.socket.off("drain", this.#onDrain);
    this.#res.detachSocket(this.socket as never);
    this.socket.on("close", this.#onClose);
  }

  /** Gives it back, for the host to answer. */
  giveBack(): void {
    this.socket.off("close", this.#onClose);
    this.#res.assignSocket(this.socket as never);
    // A server does this for its own: without it a large answer stops at the first full buffer.
    this.socket.on("drain", this.#onDrain);
  }
}

function leave(socket: Duplex): void {
  socket.resume();
  socket.end();
  const timer = setTimeout(() => socket.destroy(), LINGER_MS);
  socket.once("close", () => clearTimeout(timer));
}

function ignore(): void {}
