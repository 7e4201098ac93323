import type { Socket } from "node:net";

/** Bytes that a client may send before its tunnel is open. */
const MAX_BYTES = 16_384;

/** Any of these says that the client is gone: a websocket is of no use to one that has ended its side. */
const GONE = ["error", "close", "end"] as const;

/**
 * A client whose upgrade has no answer yet. What it sends meanwhile is held back; reading it, and not only letting
 * it wait, shows when the client goes.
 */
export class WaitingClient {
  readonly #socket: Socket;
  readonly #onGone: () => void;
  readonly #held: Buffer[] = [];
  readonly #hasHead: boolean;
  #size = 0;

  /**
   * @param head bytes that came behind the head of the request
   * @param onGone the client has gone, or sent more than is held back; may come more than once
   */
  constructor(socket: Socket, head: Buffer, onGone: () => void) {
    this.#socket = socket;
    this.#onGone = onGone;
    // Each attempt of http-proxy-3 leaves its listeners on the socket.
    socket.setMaxListeners(0);
    for (const event of GONE) socket.on(event, onGone);
    socket.on("readable", this.#read);
    this.#hasHead = head.length > 0;
    this.#hold(head);
  }

  /** Whether it is gone already: it may have died while the decision was being made. */
  get isGone(): boolean {
    return this.#socket.destroyed || this.#socket.readableEnded || this.#isOver;
  }

  /**
   * Lets go of the socket, with all that came before what is still to come.
   *
   * @param withHead whether the bytes that came behind the head of the request are among it
   */
  release(withHead: boolean): void {
    this.drop();
    const held = Buffer.concat(withHead ? this.#held : this.#held.slice(this.#hasHead ? 1 : 0));
    // Nothing can be put back behind the end: who takes the socket sees that the client is gone.
    if (this.#socket.readableEnded) this.#socket.destroy();
    else if (held.length > 0) this.#socket.unshift(held);
  }

  /** Lets go of the socket. What came goes nowhere. */
  drop(): void {
    for (const event of GONE) this.#socket.off(event, this.#onGone);
    this.#socket.off("readable", this.#read);
  }

  get #isOver(): boolean {
    return this.#size > MAX_BYTES;
  }

  #hold(bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.#size += bytes.length;
    this.#held.push(bytes);
  }

  readonly #read = (): void => {
    while (!this.#isOver) {
      const bytes = this.#socket.read() as Buffer | null;
      if (bytes === null) return;
      this.#hold(bytes);
    }
    this.#onGone();
  };
}
