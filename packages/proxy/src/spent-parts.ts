import { channel } from "node:diagnostics_channel";
import { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import type { Readable } from "node:stream";
import type { ServerReply } from "./answer.js";
import type { ServerRequest } from "./view.js";

/** Smaller parts are left to the garbage collector. Unit: bytes. */
const LEAST_BYTES = 16_384;

/** As many parts are remembered while they wait in a socket; the collector gets those that are older. */
const MOST_PARTS = 16;

/** Where parts go to. */
export interface Sink {
  /** What was written and the system has not taken. Unit: bytes; `Infinity` where that cannot be told. */
  readonly writableLength: number;
}

/**
 * Gives the memory of a body's parts back as soon as they have left. Left to the garbage collector, each 64 MiB of bodies
 * make it walk through the whole heap, which takes a sixth of the time of large transfers (docs/decisions/0009).
 *
 * A part that is given back is empty for everyone who still holds it, so only those are that nobody else can hold:
 * the sides say so (`isReadByUsAlone`, `isWrittenByUsAlone`, `Slot.partsAreOurs`), and a part has to fill its memory alone.
 */
export class SpentParts {
  readonly #sink: Sink;
  #parts: Buffer[] = [];

  constructor(sink: Sink) {
    this.#sink = sink;
  }

  /** Remembers a part that has been written. */
  add(part: Buffer): void {
    const { buffer, length } = part;
    if (length < LEAST_BYTES || length !== buffer.byteLength) return;
    if (this.#parts.length === MOST_PARTS) this.#parts.shift();
    this.#parts.push(part);
  }

  /** Gives back what has left. To be called before the next part is written: by then nobody is in the midst of one. */
  free(): void {
    // Other than 0 it may also be no number at all.
    if (this.#parts.length === 0 || this.#sink.writableLength !== 0) return;
    for (const { buffer } of this.#parts) (buffer as ArrayBuffer).transfer(0);
    this.#parts.length = 0;
  }
}

/** What waits in a socket. Of one that is closed nobody can tell what the system still reads. */
export function unsentOf(socket: Socket | null | undefined): number {
  return socket?.destroyed === false && isOfSystem(socket)
    ? socket.writableLength
    : Number.POSITIVE_INFINITY;
}

/** A socket that parts are written to: another one that takes its place knows nothing of them. */
export class SocketSink implements Sink {
  readonly #socket: Socket;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  get writableLength(): number {
    return unsentOf(this.#socket);
  }
}

const { write: send, _write, _writev } = Socket.prototype;

// A server takes any Duplex for a connection: of another than a socket nobody knows what it keeps of what was written.
function isOfSystem(socket: Socket): boolean {
  return (
    socket instanceof Socket &&
    socket.write === send &&
    socket._write === _write &&
    socket._writev === _writev
  );
}

const received = channel("undici:request:bodyChunkReceived");
const sent = channel("undici:request:bodyChunkSent");

/** Whether somebody looks at what undici sends and receives. */
export function isWatched(): boolean {
  return received.hasSubscribers || sent.hasSubscribers;
}

const { on, emit, push, read, unshift, _read } = IncomingMessage.prototype;

/** Whether nobody reads a request, or stands between it and its readers. HTTP/2 has one memory for many parts. */
export function isReadByNobody(source: ServerRequest | Readable): boolean {
  return (
    source instanceof IncomingMessage &&
    source.socket instanceof Socket &&
    source.readableFlowing === null &&
    !source.readableDidRead &&
    source.on === on &&
    source._read === _read &&
    source.unshift === unshift &&
    isPlain(source) &&
    listeners(source) === 0
  );
}

/** Whether a request that nobody read before has us as its one reader. */
export function isReadByUsAlone(source: ServerRequest | Readable): boolean {
  return listeners(source) === 1 && isPlain(source);
}

function isPlain(source: ServerRequest | Readable): boolean {
  return source.emit === emit && source.push === push && source.read === read;
}

function listeners(source: ServerRequest | Readable): number {
  return source.listenerCount("data") + source.listenerCount("readable");
}

const { write } = ServerResponse.prototype;

/** Whether nobody stands between us and the socket of a client: compression keeps what is written, and so do some logs. */
export function isWrittenByUsAlone(res: ServerReply): boolean {
  return res instanceof ServerResponse && res.write === write;
}
