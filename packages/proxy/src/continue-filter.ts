import type { Socket } from "node:net";

/** `HTTP/1.1 100`, as far as a head has to be looked at to know it. */
const START = Buffer.from("HTTP/1.1 100");

/** A head that is held back may grow to this size; a longer one is passed on, for the parser to refuse. */
const MOST_BYTES = 8_192;

/**
 * Takes `100 Continue` out of what an instance sends. Nobody asked for it on this connection, and it says nothing else
 * (RFC 9110 section 15.2.1): it must be survived, and undici gives the connection up instead.
 *
 * A head is looked at only where one is due: `isDue` is set with each request, and cleared by the first byte that is
 * no part of a `100`. So no byte of a body is ever looked at, and a usual answer costs one comparison.
 */
export class ContinueFilter {
  /** Whether the next bytes are the start of a head. */
  isDue = false;
  #held: Buffer | undefined;

  /** Stands between a socket and its readers. */
  guard(socket: Socket): void {
    this.#held = undefined;
    const push = socket.push.bind(socket);
    socket.push = (chunk: Buffer | null, encoding?: BufferEncoding): boolean => {
      if (!this.isDue) return push(chunk, encoding);
      const passed = this.#pass(chunk);
      // Nothing to read yet: more may come.
      return passed === undefined ? true : push(passed, encoding);
    };
  }

  /** What of the bytes is to be read; undefined for nothing so far. */
  #pass(chunk: Buffer | null): Buffer | null | undefined {
    if (chunk === null) {
      // The end: what was held back is a cut head, which says as little as none.
      this.#held = undefined;
      return null;
    }
    // The tenth byte is the first digit of the status.
    if (this.#held === undefined && chunk.length > 9 && chunk[9] !== 49) {
      this.isDue = false;
      return chunk;
    }
    const bytes = this.#held === undefined ? chunk : Buffer.concat([this.#held, chunk]);
    this.#held = undefined;
    return this.#afterContinues(bytes);
  }

  #afterContinues(all: Buffer): Buffer | undefined {
    let bytes = all;
    while (bytes.length > 0 && startsAlike(bytes)) {
      const end = bytes.indexOf("\r\n\r\n");
      if (bytes.length < START.length || (end === -1 && bytes.length <= MOST_BYTES)) {
        this.#held = bytes;
        return undefined;
      }
      if (end === -1 || !isBlankAfter(bytes)) break;
      bytes = bytes.subarray(end + 4);
    }
    if (bytes.length === 0) return undefined;
    this.isDue = false;
    return bytes;
  }
}

function startsAlike(bytes: Buffer): boolean {
  const length = Math.min(bytes.length, START.length);
  return bytes.compare(START, 0, length, 0, length) === 0;
}

// `HTTP/1.1 1000` is no status at all, and not ours to judge.
function isBlankAfter(bytes: Buffer): boolean {
  const next = bytes[START.length];
  return next === 32 || next === 13;
}
