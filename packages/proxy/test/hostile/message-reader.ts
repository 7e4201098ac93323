/** The head of a message as it came. */
export interface Head {
  /** Request line or status line. */
  readonly start: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
}

/** How long a body is: so many bytes, until its last chunk, or until the connection closes. */
export type Framing = number | "chunked" | "close";

/** What a reader tells. */
export interface MessageListener {
  /** Says how the body behind this head is framed. */
  onHead(head: Head): Framing;
  onData(bytes: Buffer): void;
  onEnd(): void;
  /** The bytes are no message. Nothing follows. */
  onBad(why: string): void;
}

/** The values of all lines of a name, which is given in lower case. */
export function valuesOf(head: Head, name: string): string[] {
  return head.headers.filter(([known]) => known.toLowerCase() === name).map(([, value]) => value);
}

/** What both kinds of message say of their body; undefined when they say nothing, text when they lie. */
export function statedFraming(head: Head): Framing | undefined | { readonly bad: string } {
  const encodings = valuesOf(head, "transfer-encoding");
  const lengths = valuesOf(head, "content-length");
  if (encodings.length + lengths.length > 1) return { bad: "more than one framing" };
  if (encodings.length > 0) {
    return encodings[0] === "chunked" ? "chunked" : { bad: `encoding ${String(encodings[0])}` };
  }
  if (lengths.length === 0) return undefined;
  return /^\d+$/.test(lengths[0] as string)
    ? Number(lengths[0])
    : { bad: `length ${String(lengths[0])}` };
}

const MAX_HEAD = 262_144;

/** Reads messages of HTTP/1.1 from a connection one after the other, and forgives nothing. */
export class MessageReader {
  readonly #listener: MessageListener;
  #state: "head" | "counted" | "close" | "size" | "chunk" | "after-chunk" | "trailers" | "bad" =
    "head";
  #kept: Buffer = Buffer.alloc(0);
  #left = 0;

  constructor(listener: MessageListener) {
    this.#listener = listener;
  }

  /** Whether no message has begun that has not ended. */
  get isBetween(): boolean {
    return this.#state === "head" && this.#kept.length === 0;
  }

  push(bytes: Buffer): void {
    let rest = this.#kept.length === 0 ? bytes : Buffer.concat([this.#kept, bytes]);
    this.#kept = rest.subarray(0, 0);
    while (rest.length > 0 && this.#state !== "bad") {
      const used = this.#step(rest);
      if (used === 0) {
        this.#kept = rest;
        return;
      }
      rest = rest.subarray(used);
    }
  }

  /** The other side has closed in order: that ends a body without a length. */
  close(): void {
    if (this.#state === "close") this.#end();
  }

  /** How many bytes were used; 0 when more are needed. */
  #step(bytes: Buffer): number {
    switch (this.#state) {
      case "head":
        return this.#readHead(bytes);
      case "counted":
      case "chunk":
      case "close":
        return this.#readBody(bytes);
      case "after-chunk":
        return this.#readLine(bytes, (line) => {
          if (line === "") this.#state = "size";
          else this.#fail(`a chunk is followed by ${JSON.stringify(line)}`);
        });
      case "size":
        return this.#readLine(bytes, (line) => this.#onSize(line));
      default:
        return this.#readLine(bytes, (line) => {
          if (line === "") this.#end();
        });
    }
  }

  #readHead(bytes: Buffer): number {
    const end = bytes.indexOf("\r\n\r\n");
    if (end === -1) {
      if (bytes.length > MAX_HEAD) this.#fail("a head without end");
      return 0;
    }
    const [start = "", ...lines] = bytes.toString("latin1", 0, end).split("\r\n");
    const headers = lines.map((line) => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon), line.slice(colon + 1).trim()] as const;
    });
    this.#begin(this.#listener.onHead({ start, headers }));
    return end + 4;
  }

  #begin(framing: Framing): void {
    if (this.#state === "bad") return;
    if (framing === 0) return this.#end();
    if (framing === "chunked") this.#state = "size";
    else if (framing === "close") this.#state = "close";
    else this.#state = "counted";
    this.#left = typeof framing === "number" ? framing : Number.POSITIVE_INFINITY;
  }

  #readBody(bytes: Buffer): number {
    const part = bytes.subarray(0, Math.min(bytes.length, this.#left));
    this.#left -= part.length;
    this.#listener.onData(part);
    if (this.#left > 0 || this.#state === "bad") return part.length;
    if (this.#state === "chunk") this.#state = "after-chunk";
    else this.#end();
    return part.length;
  }

  #readLine(bytes: Buffer, take: (line: string) => void): number {
    const end = bytes.indexOf("\r\n");
    if (end === -1) {
      if (bytes.length > 16_384) this.#fail("a line without end");
      return 0;
    }
    take(bytes.toString("latin1", 0, end));
    return end + 2;
  }

  #onSize(line: string): void {
    if (!/^[0-9a-f]{1,8}$/i.test(line)) return this.#fail(`chunk size ${JSON.stringify(line)}`);
    this.#left = Number.parseInt(line, 16);
    this.#state = this.#left === 0 ? "trailers" : "chunk";
  }

  #end(): void {
    this.#state = "head";
    this.#listener.onEnd();
  }

  /** Gives up: what came cannot be understood. */
  #fail(why: string): void {
    this.#state = "bad";
    this.#listener.onBad(why);
  }

  /** Takes nothing more. */
  stop(): void {
    this.#state = "bad";
  }
}
