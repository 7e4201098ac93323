import type { Socket } from "node:net";
import { bodyOf, isPartOf } from "./bodies.js";
import { statedFraming, valuesOf, type Framing, type Head } from "./message-reader.js";

/** What a path asks an instance for: `/route/behaviour/id/length`. */
export function pathOf(route: string, behaviour: string, id: string, length: number): string {
  return `/${route}/${behaviour}/${id}/${length}`;
}

/** The id under which the body of a request itself is made. */
export function uploadId(id: string): string {
  return `${id}-up`;
}

/** One request at an instance, and what can be done with it. */
export class Visit {
  readonly head: Head;
  readonly socket: Socket;
  readonly id: string;
  readonly behaviour: string;
  /** Length of the body that is asked for. */
  readonly length: number;
  readonly method: string;
  readonly path: string;
  readonly framing: Framing;
  /** Why the request is not one that a proxy may send; undefined when it is. */
  readonly wrong: string | undefined;
  readonly #announced: number;
  #received = 0;
  #isWhole = false;
  #whenWhole: (() => void) | undefined;

  constructor(head: Head, socket: Socket) {
    this.head = head;
    this.socket = socket;
    const [method = "", path = "", version = ""] = head.start.split(" ");
    const [, , behaviour = "", id = "", length = ""] = path.split("/");
    this.method = method;
    this.path = path;
    this.behaviour = behaviour;
    this.id = id;
    this.length = Number(length);
    this.#announced = Number(valuesOf(head, "x-upload")[0] ?? 0);
    const framing = statedFraming(head) ?? 0;
    this.framing = typeof framing === "object" ? 0 : framing;
    if (typeof framing === "object") this.wrong = framing.bad;
    else if (version !== "HTTP/1.1" || !/^\d+$/.test(length)) this.wrong = "no request of ours";
  }

  /** Takes a part of the request's body; says what is wrong with it. */
  take(bytes: Buffer): string | undefined {
    const isRight = isPartOf(uploadId(this.id), this.#received, bytes);
    this.#received += bytes.length;
    return isRight ? undefined : "the body is that of another request";
  }

  /** The request is over; says what is wrong with it. */
  end(): string | undefined {
    this.#isWhole = true;
    this.#whenWhole?.();
    if (this.#received === this.#announced) return undefined;
    return `${this.#received} bytes of ${this.#announced} are given out as all`;
  }

  /** Calls when the body of the request has come. */
  whenWhole(then: () => void): void {
    if (this.#isWhole) then();
    else this.#whenWhole = then;
  }

  /** The whole body that is asked for. */
  get body(): Buffer {
    return bodyOf(this.id, this.length);
  }

  /** The head of an answer that says whose it is. */
  headOf(status: number, ...lines: string[]): string {
    const own = [`x-id: ${this.id}`, `x-length: ${this.length}`, ...lines];
    return `HTTP/1.1 ${status} Because\r\n${own.join("\r\n")}\r\n\r\n`;
  }

  write(...parts: (string | Buffer)[]): void {
    if (!this.socket.writable) return;
    this.socket.cork();
    for (const part of parts) this.socket.write(part, "latin1");
    this.socket.uncork();
  }
}
