const CLOSE = 0x8;

/**
 * Knows where the frames of one direction of a websocket begin and end. Looks at their headers only; bytes
 * are neither kept nor copied.
 *
 * Source: RFC 6455 section 5.2.
 */
export class FrameTracker {
  /** Bytes of the header of the current frame: those seen, all of them as far as is known, and where its length ends. */
  #seen = 0;
  #needed = 2;
  #lengthEnd = 2;
  /** Bytes of payload that are still to come. */
  #payload = 0;
  #opcode = 0;
  #hasClosed = false;

  /** Whether the last byte was the last one of a frame, or none has come: a frame may be put in here. */
  get isBetweenFrames(): boolean {
    return this.#seen === 0;
  }

  /** Whether a whole Close frame has come: nothing that means anything follows it. */
  get hasClosed(): boolean {
    return this.#hasClosed;
  }

  /** Goes over all bytes. */
  follow(bytes: Uint8Array): void {
    let at = 0;
    while (at < bytes.length) at = this.step(bytes, at);
  }

  /**
   * Goes over bytes up to the end of the current frame, or of the bytes where those end first.
   *
   * @returns where it stopped
   */
  step(bytes: Uint8Array, from: number): number {
    let at = from;
    while (this.#seen < this.#needed) {
      if (at === bytes.length) return at;
      this.#readHeader(bytes[at++] as number);
    }
    const taken = Math.min(this.#payload, bytes.length - at);
    this.#payload -= taken;
    if (this.#payload === 0) {
      if (this.#opcode === CLOSE) this.#hasClosed = true;
      this.#seen = 0;
      this.#needed = 2;
    }
    return at + taken;
  }

  #readHeader(byte: number): void {
    const index = this.#seen++;
    if (index === 0) {
      this.#opcode = byte & 0x0f;
    } else if (index === 1) {
      const length = byte & 0x7f;
      this.#payload = length < 126 ? length : 0;
      this.#lengthEnd = length < 126 ? 2 : length === 126 ? 4 : 10;
      this.#needed = this.#lengthEnd + ((byte & 0x80) === 0 ? 0 : 4);
    } else if (index < this.#lengthEnd) {
      this.#payload = this.#payload * 256 + byte;
    }
  }
}
