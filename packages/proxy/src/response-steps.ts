import { Readable } from "node:stream";
import { answer, type ServerReply } from "./answer.js";
import { dropLength, lengthIn } from "./announced-length.js";
import type { Answer } from "./error-answer.js";
import type { Headers } from "./head-record.js";
import type { PolicyRun } from "./policy-run.js";
import type { Reply } from "./reply.js";
import type { FinalResponse } from "./response-pass.js";
import { bytesOf, transformed, type Transformed } from "./transformed.js";
import { errorOf } from "./step-wait.js";
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
  #made: Transformed | undefined;
  /** Whether the functions of policies ask for more of the body. */
  #wantsMore = false;

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
    if (this.#source === undefined) return this.#reply.data(chunk);
    this.#wantsMore = this.#source.push(chunk);
    return this.#wantsMore;
  }

  end(trailers?: Headers): void {
    this.#hasEnded = true;
    this.#trailers = trailers;
    if (!this.#isReady) return;
    if (this.#source === undefined) this.#reply.end(trailers);
    else this.#source.push(null);
  }

  onDrain(): void {
    if (this.#made === undefined) this.#flow.resume();
    else this.#made.out.resume();
  }

  /** Whose turn it is, where it is not that of the instance: a policy still looks at the head, or makes the body. */
  get holder(): "head" | "body" | undefined {
    if (!this.#isReady) return "head";
    return this.#source !== undefined && (this.#hasEnded || !this.#wantsMore) ? "body" : undefined;
  }

  destroy(): void {
    this.#held = [];
    this.#source?.destroy();
    this.#made?.destroy();
  }

  #go(final: FinalResponse, isBodyless: boolean): void {
    this.#isReady = true;
    const isChanged = final.transforms.length > 0;
    if (isChanged && !isBodyless && !this.#transform(final)) return;
    // Also an answer to HEAD and a 304 say no other length than the body would have (RFC 9110 section 8.6).
    this.#flow.head(final, isChanged ? dropLength(final.headers) : lengthIn(final.headers));
    const held = this.#held;
    this.#held = [];
    for (const chunk of held) this.data(chunk);
    if (this.#hasEnded) this.end(this.#trailers);
    else if (!this.#reply.isStalled) this.#flow.resume();
  }

  #transform({ transforms }: FinalResponse): boolean {
    const source = new Readable({
      read: () => {
        this.#wantsMore = true;
        this.#flow.resume();
      },
    });
    const failed = (error: Error): void => this.#flow.failed(error);
    try {
      const { out } = (this.#made = transformed(source, transforms, "onResponse", failed));
      this.#source = source;
      out.on("end", () => this.#reply.end(this.#trailers));
      out.on("data", (chunk: unknown) => {
        try {
          if (!this.#reply.data(bytesOf(chunk))) out.pause();
        } catch (error) {
          failed(error as Error);
        }
      });
      return true;
    } catch (error) {
      failed(errorOf(error));
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
    const isBodyless = final.status === 204 || final.status === 304;
    if (final.transforms.length === 0 || isBodyless)
      return answer(req, res, final.status, final.headers, body);
    policies.within(wholeOf(Readable.from([Buffer.from(body)]), final), (whole) => {
      if (res.destroyed || res.headersSent) return;
      if (whole instanceof Error) failed(whole);
      else answer(req, res, final.status, final.headers, whole);
    });
  };
  const final = policies.respond(status, headers, "gateway");
  if (final === undefined) policies.whenResponded = then;
  else then(final);
}

// An answer of the gateway is small: it is made whole before a byte of it goes out.
function wholeOf(source: Readable, { transforms }: FinalResponse): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const { out } = transformed(source, transforms, "onResponse", reject);
    const parts: Buffer[] = [];
    out.on("end", () => resolve(Buffer.concat(parts)));
    out.on("data", (chunk: unknown) => {
      try {
        parts.push(bytesOf(chunk));
      } catch (error) {
        reject(error as Error);
      }
    });
  });
}
