import { ServerResponse, type IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { closeBehindOthers, isBehindOthers } from "./behind-others.js";
import { givePlainAgain } from "./plain-again.js";
import { endSocket, rawResponse } from "./raw-response.js";
import { WaitingClient } from "./waiting-client.js";
import { asksForWebSocket } from "./web-socket.js";

/** Where a response keeps the upgrade that it stands for. Frameworks change prototypes, and leave properties alone. */
const UPGRADE = Symbol("upgrade");

type UpgradeHolder = ServerResponse & { [UPGRADE]?: UpgradeOnItsWay | undefined };

/**
 * Sends an upgrade the way of a request through a host, with a response that stands for it: middleware answers it, or
 * `proxy.handle` makes an upgrade of it again. Without that a client would pass every middleware, and so whatever asks who it
 * is, by asking for a websocket. What offers another protocol goes back to its server as an ordinary request; what stands
 * behind requests that have no response yet is refused.
 *
 * @param run gives the request and the response to the host
 * @param none hands on what no route takes. Default: the `none` of `proxy.handle`
 *
 * @example
 * server.on("upgrade", (req, socket, head) => {
 *   routeUpgrade(req, socket, head, (res) => void server.emit("request", req, res));
 * });
 */
export function routeUpgrade(
  req: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  run: (res: ServerResponse) => void,
  none?: () => void,
): void {
  // Stays for good: what broke may be told only after the socket has changed hands.
  socket.on("error", ignore);
  if (isBehindOthers(socket)) closeBehindOthers(socket);
  else if (asksForWebSocket(req)) run(upgradeResponse(req, socket, head, none));
  else if (!givePlainAgain(req, socket, head)) run(rawResponse(req, socket));
}

function upgradeResponse(
  req: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  none: (() => void) | undefined,
): ServerResponse {
  const res: UpgradeHolder = new ServerResponse(req);
  res.shouldKeepAlive = false;
  res.once("finish", () => endSocket(socket));
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

/** An upgrade that comes by the listeners for requests. What the client sends meanwhile is held back. */
export class UpgradeOnItsWay {
  readonly res: ServerResponse;
  #client: WaitingClient | undefined;
  readonly #onDrain = (): void => void this.res.emit("drain");
  readonly #onClose = (): void => void this.res.emit("close");

  constructor(
    res: ServerResponse,
    readonly socket: Duplex,
    readonly head: Buffer,
    readonly none: (() => void) | undefined,
  ) {
    this.res = res;
    this.giveBack();
  }

  /** Whether the host has answered it, or its client has left: then there is nothing to take. */
  get isOver(): boolean {
    return this.socket.destroyed || this.res.headersSent;
  }

  /** Takes the socket from the response, which is over when the socket is: middleware may wait for that. */
  take(): void {
    this.socket.off("drain", this.#onDrain);
    this.res.detachSocket(this.socket as never);
    this.socket.on("close", this.#onClose);
    this.#client?.release(false);
  }

  /** Gives it back, for the host to answer. */
  giveBack(): void {
    this.socket.off("close", this.#onClose);
    this.res.assignSocket(this.socket as never);
    // A server does this for its own: without it a large answer stops at the first full buffer.
    this.socket.on("drain", this.#onDrain);
    // It is read, so that a client that leaves is noticed.
    this.#client = new WaitingClient(this.socket as Socket, this.head, this.#onGone);
  }

  // What it is told still comes whole, as of a server.
  readonly #onGone = (): void => {
    if (!this.res.writableEnded) this.socket.destroy();
  };
}

function ignore(): void {}
