import {
  buildClientResponse,
  type ForwardDecision,
  type Gateway,
  type InstanceHandler,
  type Outcome,
  type OutcomeStage,
} from "@signalbox/core";
import { answer, closeAfter, isHttp1, type ServerReply } from "./answer.js";
import { answerFailure } from "./answer-failure.js";
import { Deadline } from "./deadlines.js";
import type { ExchangeEnd } from "./exchange-end.js";
import type { ExchangeHost, ExchangeRequest } from "./exchange-host.js";
import { isEventStream } from "./event-stream.js";
import { ExchangeLimits, type LimitsOwner } from "./exchange-limits.js";
import type { Failure } from "./failure.js";
import { rewriteRequest } from "./handler-request.js";
import { HandlerResponse, nodeResponseOf, type HeadVerdict } from "./handler-response.js";
import { isThenable } from "./hooks.js";
import { Http2Reply, type NodeResponse } from "./http2-reply.js";
import type { OpenReply } from "./open-list.js";
import type { FinalResponse } from "./response-pass.js";
import { resetSocket } from "./reset-socket.js";
import { errorOf } from "./step-wait.js";
import type { ServerRequest } from "./view.js";

/** How the function of an instance is called. */
type Handler = (req: ServerRequest, res: NodeResponse, next: (error?: unknown) => void) => unknown;

/** What a request needs that an instance in this process takes. */
type Host = Pick<
  ExchangeHost,
  "gateway" | "open" | "deadlines" | "isClosing" | "errorAnswer" | "released" | "ended"
>;

/** One request that a function of the host takes, from its decision to the end of its response. */
export class InProcess implements OpenReply, LimitsOwner {
  previous: OpenReply | undefined = undefined;
  next: OpenReply | undefined = undefined;
  readonly res: ServerReply;
  readonly #host: Host;
  readonly #request: ExchangeRequest;
  readonly #decision: ForwardDecision;
  readonly #from: number;
  readonly #limits: ExchangeLimits;
  readonly #attempt = new Deadline(this);
  readonly #response: HandlerResponse;
  /** What became of it, where that is not what the response says. */
  #outcome: Outcome | undefined;
  #failure: Failure | undefined;
  /** Bytes of the connection when they were last looked at. */
  #bytes = 0;
  #isStarted = false;
  #isHandedOn = false;
  #isOver = false;
  /** The response once an answer of our own goes out in its place. */
  #own: ServerReply | undefined;

  /** @param from when the function was about to be called */
  constructor(host: Host, request: ExchangeRequest, decision: ForwardDecision, from: number) {
    this.res = request.res;
    this.#host = host;
    this.#request = request;
    this.#decision = decision;
    this.#from = from;
    this.res.on("error", ignore);
    this.res.on("close", () => this.#onClose());
    this.#response = new HandlerResponse(this.res, () => this.#onHead());
    const { timeouts } = decision;
    this.#limits = new ExchangeLimits(this, host.deadlines, timeouts, request.startedAt, from);
    if (timeouts.attemptMs > 0) host.deadlines.set(this.#attempt, timeouts.attemptMs, from);
  }

  /** Calls the function. */
  begin(): void {
    const { req, policies, options, view } = this.#request;
    // The client left while it waited: nothing will tell of it any more.
    if (this.res.destroyed) return queueMicrotask(() => this.#onClose());
    if (policies?.changesBody === true) return this.#failPolicy(new TypeError(NO_REQUEST_BODY));
    if ((this.#limits.remainingMs ?? 1) <= 0) return this.onRequestTimeout();
    const handler = this.#decision.instance.handler as InstanceHandler;
    const problem = options.handlerProblem?.(handler);
    if (problem !== undefined) return this.#threw(new TypeError(problem));
    if (!this.#host.gateway.start(this.#decision))
      return this.#fail({ side: "gateway", stage: "connect", cause: "no-instance" });
    this.#isStarted = true;
    try {
      rewriteRequest(req, view, this.#decision);
      const res = nodeResponseOf(this.res);
      if (options.awaitsContinue === true) res.writeContinue();
      this.#limits.waitForHead();
      const made = (handler as Handler)(req, res, (error) => this.#next(error));
      if (isThenable(made)) made.then(undefined, (error: unknown) => this.#threw(error));
    } catch (error) {
      this.#threw(error);
    }
  }

  get #stage(): OutcomeStage {
    if (!this.#isStarted) return "connect";
    return this.#response.hasHead ? "body" : "head";
  }

  // --- what the function does ---

  // Routers have words of their own for "go on elsewhere".
  #next(error: unknown): void {
    if (this.#isHandedOn || this.#isOver) return;
    const isError =
      error !== undefined && error !== null && error !== "route" && error !== "router";
    if (isError) return this.#threw(error);
    this.#isHandedOn = true;
    if (!this.#response.isFresh) return;
    const { options, req, view } = this.#request;
    try {
      if (options.none !== undefined) return options.none();
    } catch (reason) {
      return this.#threw(reason);
    }
    const { status, headers, body } = this.#host.errorAnswer({ view, status: 404 }, []);
    answer(req, (this.#own = this.#response.take()), status, headers, body);
  }

  #threw(reason: unknown): void {
    if (this.#isOver || this.#own !== undefined) return;
    const failure = { side: "gateway", stage: this.#stage, cause: "error" } as const;
    const error = errorOf(reason);
    // The response is whole: there is nothing to say but to logs.
    if (nodeResponseOf(this.res).writableEnded) {
      this.#failure ??= { ...failure, error };
      return;
    }
    if (failure.stage === "body")
      this.#outcome = { kind: "failure", stage: "body", cause: "truncated" };
    const { options } = this.#request;
    if (options.error === undefined || !this.#response.isFresh || this.#failure !== undefined)
      return this.#fail({ ...failure, error });
    this.#failure = { ...failure, error };
    options.error(error);
  }

  #onHead(): HeadVerdict {
    const { policies, view } = this.#request;
    const { status, headers } = this.#response;
    const decision = this.#decision;
    this.#limits.active();
    this.#limits.headCame();
    if (isEventStream(headers)) {
      this.#limits.liftRequest();
      this.#host.deadlines.clear(this.#attempt);
    }
    if (this.#host.isClosing) closeAfter(this.res);
    const headMs = performance.now() - this.#from;
    if (this.#failure === undefined)
      this.#gateway.report(decision, { kind: "head", status, headMs });
    const head = buildClientResponse(decision, { status, headers }, view);
    if (policies?.hasResponse !== true || policies.hasResponded) return this.#go(head);
    const final = policies.respond(head.status, head.headers, "instance");
    if (final !== undefined) return this.#final(final);
    policies.whenResponded = (later) => {
      if (this.#isOver || this.#own !== undefined) return;
      if (this.#final(later) === "go") this.#response.release();
    };
    return "wait";
  }

  #final(final: FinalResponse | Error): HeadVerdict {
    if (!(final instanceof Error) && final.transforms.length === 0) return this.#go(final);
    this.#failPolicy(final instanceof Error ? final : new TypeError(NO_RESPONSE_BODY));
    return "gone";
  }

  #go({ status, headers }: { readonly status: number; readonly headers: string[] }): HeadVerdict {
    this.#response.change(status, headers);
    return "go";
  }

  get #gateway(): Gateway {
    return this.#host.gateway;
  }

  // --- limits of time ---

  onSilence(): void {
    const { req } = this.#request;
    const { bytesRead, bytesWritten } = req.socket;
    const before = this.#bytes;
    this.#bytes = bytesRead + bytesWritten;
    // The body is read and written past us: the connection tells whether anything moves.
    if (this.#bytes !== before) return this.#limits.active();
    if (this.res.writableLength > 0 || !req.complete)
      this.#giveUp({ side: "client", stage: this.#stage, cause: "silent" });
    else this.#timeOut();
  }

  onHeadTimeout(): void {
    this.#timeOut();
  }

  onRequestTimeout(): void {
    this.#timeOut();
  }

  onRateDue(): boolean {
    return false;
  }

  onDeadline(): void {
    this.#timeOut();
  }

  #timeOut(): void {
    const stage = this.#stage;
    this.#outcome = { kind: "failure", stage, cause: "timeout" };
    this.#fail({ side: this.#isStarted ? "instance" : "gateway", stage, cause: "timeout" });
  }

  // --- ends ---

  /** The proxy closes and waits no longer. */
  hangUp(): void {
    this.#giveUp({ side: "gateway", stage: this.#stage, cause: "closing" });
  }

  #failPolicy(error: Error): void {
    this.#giveUp({ side: "gateway", stage: this.#stage, cause: "policy", error });
  }

  // What the function has no part in.
  #giveUp(failure: Failure): void {
    this.#outcome = { kind: "cancelled", stage: failure.stage };
    this.#fail(failure);
  }

  #fail(failure: Failure): void {
    if (this.#isOver) return;
    this.#failure = failure;
    this.#limits.endWaiting();
    this.#host.deadlines.clear(this.#attempt);
    this.#request.policies?.stopWaiting();
    const isCut = this.#own?.headersSent === true || this.#response.hasHead;
    const res = (this.#own = this.#response.take());
    if (failure.side === "client" || this.#host.isClosing) closeAfter(this.res);
    if (isCut) return this.#cut();
    answerFailure(this.#host, { ...this.#request, res }, failure, (error) =>
      this.#failPolicy(error),
    );
  }

  // Where the end of the connection is the end of the body, only a reset tells the two apart.
  #cut(): void {
    const { res } = this;
    if (isHttp1(res) && !res.chunkedEncoding && res.getHeader("content-length") === undefined)
      resetSocket(res.socket);
    res.destroy();
  }

  // Comes once, after the last byte of the response or when the client is gone.
  #onClose(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const stage = this.#stage;
    if (!this.#isWhole) this.#failure ??= { side: "client", stage, cause: "left" };
    this.#limits.end();
    this.#host.deadlines.clear(this.#attempt);
    if (this.#isStarted) this.#gateway.report(this.#decision, this.#outcome ?? this.#result(stage));
    this.#host.released(this.#decision.service);
    this.#host.open.remove(this);
    this.#host.ended(this, this.#request.policies);
  }

  // Whatever a host makes of an error of the function, it was no success.
  #result(stage: OutcomeStage): Outcome {
    if (!this.#isWhole) return { kind: "cancelled", stage };
    const status = this.#failure?.cause === "error" && this.#status < 400 ? 500 : this.#status;
    return { kind: "response", status, totalMs: performance.now() - this.#from };
  }

  get #isWhole(): boolean {
    const { res } = this;
    if (this.#own !== undefined || !(res instanceof Http2Reply)) return res.writableFinished;
    const { stream, writableEnded } = res.response;
    return writableEnded && stream.writableFinished && !stream.aborted;
  }

  get #status(): number {
    return this.#own?.statusCode ?? this.#response.status;
  }

  /** What became of it. */
  end(): ExchangeEnd {
    const isAnswered = this.res.headersSent || this.#response.hasHead;
    const end = {
      view: this.#request.view,
      decision: this.#decision,
      status: isAnswered ? this.#status : 499,
      isComplete: this.#isWhole,
      attempts: this.#isStarted ? 1 : 0,
      durationMs: performance.now() - this.#request.startedAt,
      failed: [],
    };
    return this.#failure === undefined ? end : { ...end, failure: this.#failure };
  }
}

const NO_REQUEST_BODY =
  "onRequest: the body of a request that a handler takes cannot be changed: give the route an instance with a url";
const NO_RESPONSE_BODY =
  "onResponse: the body of the response of a handler cannot be changed: give the route an instance with a url";

function ignore(): void {}
