import type { Socket } from "node:net";

/** `HTTP/1.1 100`, as far as a head has to be looked at to know it. */
const START = Buffer.from("HTTP/1.1 100");

/** A head that is held back may grow to this size; a longer one is passed on, for the parser to refuse. */
const MOST_BYTES = 8_192;

/**
 * Takes `100 Continue` out of what an instance sends. Nobody asked for it on this connection, and it says nothing else
 * (RFC 9110 section 15.2.1): it must be survived, and undici gives the connection up instead.
 *
 * A head is looked at only where one is due: `isDue` is set with each request, and cleared by the first byte of
 * a final head. So no byte of a body is ever looked at, and a usual answer costs one comparison.
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

  // Other interim heads pass, and the next head is still due behind them.
  #afterContinues(all: Buffer): Buffer | undefined {
    const passed: Buffer[] = [];
    let bytes = all;
    while (bytes.length > 0 && startsAlike(bytes)) {
      const end = bytes.indexOf("\r\n\r\n");
      if (bytes.length < START.length || (end === -1 && bytes.length <= MOST_BYTES)) {
        this.#held = bytes;
        return together(passed);
      }
      if (end === -1 || !isInterim(bytes)) break;
      if (!isContinue(bytes)) passed.push(bytes.subarray(0, end + 4));
      bytes = bytes.subarray(end + 4);
    }
    if (bytes.length > 0) {
      this.isDue = false;
      passed.push(bytes);
    }
    return together(passed);
  }
}

function together(parts: readonly Buffer[]): Buffer | undefined {
  return parts.length > 1 ? Buffer.concat(parts) : parts[0];
}

// As far as the first digit of the status, which is that of an interim answer.
function startsAlike(bytes: Buffer): boolean {
  const length = Math.min(bytes.length, START.length - 2);
  return bytes.compare(START, 0, length, 0, length) === 0;
}

function isContinue(bytes: Buffer): boolean {
  return bytes.compare(START, 0, START.length, 0, START.length) === 0;
}

// Behind a 101 no head follows: what does is another protocol, which nobody asked for.
function isInterim(bytes: Buffer): boolean {
  return isBlankAfter(bytes) && !bytes.subarray(9, START.length).equals(SWITCHING);
}

const SWITCHING = Buffer.from("101");

// `HTTP/1.1 1000` is no status at all, and not ours to judge.
function isBlankAfter(bytes: Buffer): boolean {
  const next = bytes[START.length];
  return next === 32 || next === 13;
}
