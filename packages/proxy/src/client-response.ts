import { buildClientResponse, type ForwardDecision } from "@signalbox/core";
import { announceTrailers } from "./answer.js";
import { answerFailure } from "./answer-failure.js";
import { lengthIn } from "./announced-length.js";
import type { ExchangeHost, ExchangeRequest } from "./exchange-host.js";
import type { Failure } from "./failure.js";
import type { Headers } from "./head-record.js";
import { Reply } from "./reply.js";
import { ResponseSteps, type ResponseFlow } from "./response-steps.js";

/** The exchange that a response belongs to. */
export interface ResponseOwner {
  /** Bytes have gone in one direction or the other. */
  active(): void;
  /** The head goes out before the response is over. */
  onHeadAlone(): void;
  /** Whether the whole request has come. */
  readonly hasWholeRequest: boolean;
  /** Holds the body of the instance back. */
  pause(): void;
  resume(): void;
  /** A policy failed. */
  failed(error: Error): void;
}

/** What the client gets: the response of an instance on its way through the policies, or an answer of the gateway. */
export class ClientResponse implements ResponseFlow {
  readonly #host: ExchangeHost;
  readonly #request: ExchangeRequest;
  readonly #owner: ResponseOwner;
  readonly #reply: Reply;
  #steps: ResponseSteps | undefined;

  constructor(host: ExchangeHost, request: ExchangeRequest, owner: ResponseOwner) {
    this.#host = host;
    this.#request = request;
    this.#owner = owner;
    this.#reply = new Reply(request.res, host.heads, this);
  }

  /** Whether the client has to catch up before more can be taken. */
  get isStalled(): boolean {
    return this.#reply.isStalled;
  }

  /** Whose turn it is, where it is neither that of the instance nor that of the client. */
  get holder(): "head" | "body" | undefined {
    return this.#steps?.holder;
  }

  /** Takes the head of the instance that answers. */
  begin(decision: ForwardDecision, status: number, headers: Headers): void {
    const { view, policies, res } = this.#request;
    const head = buildClientResponse(decision, { status, headers }, view);
    if (headers["trailer"] !== undefined) announceTrailers(res, headers, head.headers);
    if (policies?.hasResponse !== true)
      return this.head(head, Number(headers["content-length"] ?? -1));
    const final = policies.respond(head.status, head.headers, "instance");
    if (final instanceof Error) return this.failed(final);
    if (final?.transforms.length === 0) return this.head(final, lengthIn(final.headers));
    this.#steps = new ResponseSteps(policies, this.#reply, this);
    this.#steps.begin(final, hasNoBody(view.method, status));
  }

  /** Takes a part of the body; false when it has to wait. */
  data(chunk: Buffer, isOurs: boolean): boolean {
    if (this.#steps !== undefined) {
      this.#owner.active();
      return this.#steps.data(chunk);
    }
    const goesOn = this.#reply.data(chunk, isOurs);
    // A body that came whole ends at once.
    if (!this.#reply.isWhole) this.#owner.active();
    return goesOn;
  }

  end(trailers: Headers): void {
    if (this.#steps === undefined) this.#reply.end(trailers);
    else this.#steps.end(trailers);
  }

  // --- what the steps and the reply ask and tell ---

  head({ status, headers }: { status: number; headers: string[] }, length: number): void {
    // The final answer came before the whole request: nothing that follows on this connection can be trusted.
    if (!this.#owner.hasWholeRequest || this.#host.isClosing) this.#reply.closeAfter();
    this.#reply.head(status, headers, length);
  }

  pause(): void {
    this.#owner.pause();
  }

  resume(): void {
    this.#owner.resume();
  }

  failed(error: Error): void {
    this.#owner.failed(error);
  }

  onHeadAlone(): void {
    this.#owner.onHeadAlone();
  }

  onDrain(): void {
    this.#owner.active();
    if (this.#steps === undefined) this.#owner.resume();
    else this.#steps.onDrain();
  }

  // --- ends ---

  /** Answers what came to nothing. Of a response that has begun the client must see that it was cut. */
  fail(failure: Failure): void {
    if (failure.side === "client" || this.#host.isClosing) this.#reply.closeAfter();
    if (this.#request.res.headersSent) {
      this.#steps?.destroy();
      this.#reply.cut();
    } else {
      this.#answer(failure);
    }
  }

  #answer(failure: Failure): void {
    this.#request.policies?.stopWaiting();
    this.#steps?.destroy();
    answerFailure(this.#host, this.#request, failure, (error) => this.failed(error));
  }

  /** Nobody takes it any more. */
  destroy(): void {
    this.#steps?.destroy();
  }
}

// Source: RFC 9110 section 6.4.1.
function hasNoBody(method: string, status: number): boolean {
  return method === "HEAD" || status === 204 || status === 304;
}
