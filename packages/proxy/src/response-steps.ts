import { Readable } from "node:stream";
import { answer, endBody, writeBody, writeHead, type ServerReply } from "./answer.js";
import type { Answer } from "./error-answer.js";
import type { Headers } from "./head-record.js";
import type { PolicyRun } from "./policy-run.js";
import type { Reply } from "./reply.js";
import { streamOf, type FinalResponse } from "./response-pass.js";
import type { ServerRequest } from "./view.js";

/** The response of an instance as far as the steps around it hold it back. */
export interface ResponseFlow {
  pause(): void;
  resume(): void;
  /** The head as it goes out; a length below 0 is not known. */
  head(final: { readonly status: number; readonly headers: string[] }, length: number): void;
  failed(error: Error): void;
}

/** The response of an instance on its way through the policies of its request. */
export class ResponseSteps {
  readonly #policies: PolicyRun;
  readonly #reply: Reply;
  readonly #flow: ResponseFlow;
  /** What came while a policy made it wait. */
  #held: Buffer[] = [];
  #isReady = false;
  #hasEnded = false;
  #trailers: Headers | undefined;
  #source: Readable | undefined;
  #out: Readable | undefined;

  constructor(policies: PolicyRun, reply: Reply, flow: ResponseFlow) {
    this.#policies = policies;
    this.#reply = reply;
    this.#flow = flow;
  }

  /**
   * Takes the head after all policies, or waits for it.
   *
   * @param isBodyless whether the response has no body, whatever its head says
   */
  begin(final: FinalResponse | undefined, isBodyless: boolean): void {
    if (final !== undefined) return this.#go(final, isBodyless);
    this.#flow.pause();
    this.#policies.whenResponded = (final) => {
      if (this.#reply.res.destroyed) return;
      if (final instanceof Error) this.#flow.failed(final);
      else this.#go(final, isBodyless);
    };
  }

  /** Takes a part of the body; false when it has to wait. */
  data(chunk: Buffer): boolean {
    if (!this.#isReady) {
      this.#held.push(chunk);
      return false;
    }
    return this.#source === undefined ? this.#reply.data(chunk) : this.#source.push(chunk);
  }

  end(trailers?: Headers): void {
    this.#hasEnded = true;
    this.#trailers = trailers;
    if (!this.#isReady) return;
    if (this.#source === undefined) this.#reply.end(trailers);
    else this.#source.push(null);
  }

  onDrain(): void {
    if (this.#out === undefined) this.#flow.resume();
    else this.#out.resume();
  }

  destroy(): void {
    this.#held = [];
    this.#source?.destroy();
    this.#out?.destroy();
  }

  #go(final: FinalResponse, isBodyless: boolean): void {
    this.#isReady = true;
    const isChanged = final.transforms.length > 0 && !isBodyless;
    if (isChanged && !this.#transform(final)) return;
    this.#flow.head(final, isChanged ? dropLength(final.headers) : lengthIn(final.headers));
    const held = this.#held;
    this.#held = [];
    for (const chunk of held) this.data(chunk);
    if (this.#hasEnded) this.end(this.#trailers);
    else if (!this.#reply.isStalled) this.#flow.resume();
  }

  #transform({ transforms }: FinalResponse): boolean {
    const source = new Readable({ read: () => this.#flow.resume() });
    const failed = (error: Error): void => this.#flow.failed(error);
    source.on("error", failed);
    try {
      const out = through(source, transforms);
      this.#source = source;
      this.#out = out;
      out.on("error", failed);
      out.on("end", () => this.#reply.end(this.#trailers));
      out.on("data", (chunk: Buffer | string) => {
        if (!this.#reply.data(typeof chunk === "string" ? Buffer.from(chunk) : chunk)) out.pause();
      });
      return true;
    } catch (error) {
      failed(error as Error);
      return false;
    }
  }
}

/** Sends an answer of the gateway itself through the policies of its request. */
export function answerThrough(
  policies: PolicyRun,
  req: ServerRequest,
  res: ServerReply,
  { status, headers, body }: Answer,
  failed: (error: Error) => void,
): void {
  const then = (final: FinalResponse | Error): void => {
    if (res.destroyed || res.headersSent) return;
    if (final instanceof Error) return failed(final);
    const isBodyless = req.method === "HEAD" || final.status === 204 || final.status === 304;
    if (final.transforms.length === 0 || isBodyless)
      return answer(req, res, final.status, final.headers, body);
    try {
      const out = through(Readable.from([Buffer.from(body)]), final.transforms);
      out.on("error", () => res.destroy());
      writeHead(res, final.status, final.headers);
      out.on("data", (chunk: Buffer | string) => {
        writeBody(res, typeof chunk === "string" ? Buffer.from(chunk) : chunk);
      });
      out.on("end", () => endBody(res, undefined));
    } catch (error) {
      failed(error as Error);
    }
  };
  const final = policies.respond(status, headers, "gateway");
  if (final === undefined) policies.whenResponded = then;
  else then(final);
}

function through(source: Readable, transforms: FinalResponse["transforms"]): Readable {
  return streamOf(
    transforms.reduce((body, transform) => transform(body), source),
    "onResponse",
  );
}

/** The length that a flat list of headers announces; -1 for none. */
export function lengthIn(headers: readonly string[]): number {
  const at = lengthAt(headers);
  return at === -1 ? -1 : Number(headers[at + 1]);
}

/** Takes the length of a body out of a flat list of headers, because it will be another. */
export function dropLength(headers: string[]): number {
  const at = lengthAt(headers);
  if (at !== -1) headers.splice(at, 2);
  return -1;
}

function lengthAt(headers: readonly string[]): number {
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i] as string;
    if (name.length === 14 && name.toLowerCase() === "content-length") return i;
  }
  return -1;
}
