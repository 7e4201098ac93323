import type { OutgoingHttpHeader, OutgoingHttpHeaders } from "node:http";
import type { ServerReply } from "./answer.js";
import { recordOf, type Headers } from "./head-record.js";
import { Http2Reply, type NodeResponse } from "./http2-reply.js";

/** What becomes of a head that a function wrote: it goes out, or waits, or something else was sent in its place. */
export type HeadVerdict = "go" | "wait" | "gone";

/** The part of the responses of Node over HTTP/1 and HTTP/2 that is used here. */
interface Written {
  statusCode: number;
  statusMessage: string;
  readonly headersSent: boolean;
  writeHead(status: number): unknown;
  write(...given: unknown[]): boolean;
  end(...given: unknown[]): unknown;
  flushHeaders(): void;
  getHeaders(): OutgoingHttpHeaders;
  setHeader(name: string, value: OutgoingHttpHeader): unknown;
  removeHeader(name: string): void;
  emit(event: string): boolean;
}

/** Changes that come too late are without effect, where Node would throw. */
const LATE = [
  "setHeader",
  "setHeaders",
  "appendHeader",
  "removeHeader",
  "addTrailers",
  "writeContinue",
  "writeEarlyHints",
  "writeProcessing",
] as const;

const OF_CONNECTION: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/**
 * The response that a function of the host writes. Its head is shown before it goes out; and once the proxy has answered
 * itself, what the function still writes is dropped.
 */
export class HandlerResponse {
  readonly #reply: ServerReply;
  readonly #res: Written;
  readonly #original: Pick<Written, "writeHead" | "write" | "end" | "flushHeaders">;
  readonly #onHead: () => HeadVerdict;
  #phase: "fresh" | "held" | "open" | "silent" = "fresh";
  /** What the function wrote while a policy looked at the head. */
  #held: (() => unknown)[] = [];

  constructor(reply: ServerReply, onHead: () => HeadVerdict) {
    this.#reply = reply;
    this.#onHead = onHead;
    const res = (this.#res = nodeResponseOf(reply) as unknown as Written);
    const { writeHead, write, end, flushHeaders } = res;
    this.#original = {
      writeHead: (...given) => writeHead.apply(res, given),
      write: (...given) => write.apply(res, given),
      end: (...given) => end.apply(res, given),
      flushHeaders: () => flushHeaders.call(res),
    };
    res.writeHead = (...given): Written => this.#writeHead(...given);
    res.write = (...given) => this.#write(given);
    res.end = (...given): Written => {
      this.#pass(() => this.#original.end(...given), undefined);
      return res;
    };
    res.flushHeaders = (): void => this.#pass(() => this.#original.flushHeaders(), undefined);
  }

  /** Whether the function has not begun with its response. */
  get isFresh(): boolean {
    return this.#phase === "fresh";
  }

  /** Whether the head is on its way to the client. */
  get hasHead(): boolean {
    return this.#phase !== "held" && this.#res.headersSent;
  }

  get status(): number {
    return this.#res.statusCode;
  }

  /** The headers as the function set them, by lower-case name. */
  get headers(): Headers {
    const headers = this.#res.getHeaders();
    const flat: string[] = [];
    for (const name of Object.keys(headers))
      for (const line of [headers[name] ?? []].flat()) flat.push(name, String(line));
    return recordOf(flat);
  }

  /** Changes the head before it goes out; the connection stays that of the function. */
  change(status: number, headers: readonly string[]): void {
    const res = this.#res;
    if (status !== res.statusCode) {
      res.statusCode = status;
      // What the function said of another status. Over HTTP/2 there is nothing to say.
      if (!(this.#reply instanceof Http2Reply)) res.statusMessage = "";
    }
    const before = this.headers;
    const after = recordOf(headers);
    for (const name of Object.keys(before))
      if (after[name] === undefined && !OF_CONNECTION.has(name)) res.removeHeader(name);
    for (const [name, value] of Object.entries(after))
      if (String(value) !== String(before[name])) res.setHeader(name, value);
  }

  /** What was held back goes out. */
  release(): void {
    if (this.#phase !== "held") return;
    this.#open();
    const held = this.#held;
    this.#held = [];
    let goesOn: unknown = true;
    for (const act of held) goesOn = act();
    if (goesOn !== false) this.#res.emit("drain");
  }

  /** The response for an answer of our own: the function has no more say in it. */
  take(): ServerReply {
    this.#open();
    this.#phase = "silent";
    this.#held = [];
    const res = this.#res;
    const nothing = (): Written => res;
    const own = this.#reply instanceof Http2Reply ? this.#reply : this.#ours();
    Object.assign(res, Object.fromEntries(LATE.map((name) => [name, nothing])));
    return own;
  }

  // The same response with the methods that it had.
  #ours(): ServerReply {
    const original: { readonly [name: PropertyKey]: unknown } = { ...this.#original };
    return new Proxy(this.#reply, {
      get: (target, name) => {
        const value: unknown = original[name] ?? Reflect.get(target, name, target);
        return typeof value === "function" ? (value as () => unknown).bind(target) : value;
      },
      set: (target, name, value) => Reflect.set(target, name, value, target),
    });
  }

  #writeHead(status: number, ...given: unknown[]): Written {
    const res = this.#res;
    if (this.#phase === "open") {
      Reflect.apply(this.#original.writeHead, res, [status, ...given]);
    } else if (this.#phase === "fresh") {
      const [reason, headers = given[1]] =
        typeof given[0] === "string" ? given : [undefined, given[0]];
      res.statusCode = status;
      if (typeof reason === "string" && reason !== "") res.statusMessage = reason;
      setAll(res, headers);
      this.#pass(() => this.#original.writeHead(res.statusCode), undefined);
    }
    return res;
  }

  #write(given: unknown[]): boolean {
    const isSilent = this.#phase === "silent";
    const done = given.at(-1);
    if (isSilent && typeof done === "function") queueMicrotask(done as () => void);
    const goesOn = this.#pass(() => this.#original.write(...given), undefined);
    return goesOn ?? this.#phase === "silent";
  }

  #pass<Value>(act: () => Value, otherwise: undefined): Value | undefined {
    if (this.#phase === "fresh") {
      const verdict = this.#onHead();
      if (verdict === "go") this.#phase = "open";
      else if (verdict === "wait") this.#hold();
    }
    if (this.#phase === "open") return act();
    if (this.#phase === "held") this.#held.push(act);
    return otherwise;
  }

  // For the function the head is written: it must not begin anew with an error.
  #hold(): void {
    this.#phase = "held";
    Object.defineProperty(this.#res, "headersSent", { configurable: true, get: () => true });
  }

  #open(): void {
    if (this.#phase === "held") Reflect.deleteProperty(this.#res, "headersSent");
    this.#phase = "open";
  }
}

/** The response of Node behind a reply. */
export function nodeResponseOf(reply: ServerReply): NodeResponse {
  return reply instanceof Http2Reply ? reply.response : reply;
}

// Headers that were given with the head, in any of the forms that Node takes.
function setAll(res: Written, headers: unknown): void {
  if (Array.isArray(headers)) {
    const flat = headers.flat() as unknown[];
    const lines = recordOf(flat.map(String));
    for (const [name, value] of Object.entries(lines)) res.setHeader(name, value);
  } else if (typeof headers === "object" && headers !== null) {
    for (const [name, value] of Object.entries(headers as OutgoingHttpHeaders))
      if (value !== undefined) res.setHeader(name, value);
  }
}
