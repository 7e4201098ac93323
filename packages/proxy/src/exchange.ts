import {
  buildClientResponse,
  buildUpstreamRequest,
  type ClientResponseHead,
  type ForwardDecision,
  type Gateway,
  type Outcome,
  type RequestView,
} from "@signalbox/core";
import { announceTrailers, answer, type ServerReply } from "./answer.js";
import type { Attempt } from "./attempt.js";
import { Attempts, type AttemptsOwner } from "./attempts.js";
import { RequestBody, WholeBody, type BodyOwner } from "./body.js";
import type { Deadlines } from "./deadlines.js";
import type { Answer, ErrorContext } from "./error-answer.js";
import type { ExchangeEnd, Over } from "./exchange-end.js";
import { extrasOf } from "./extras.js";
import type { Headers } from "./head-record.js";
import { ExchangeLimits, type LimitsOwner } from "./exchange-limits.js";
import { statusOf, type Failure } from "./failure.js";
import type { MirrorSet } from "./mirror.js";
import type { OpenList, OpenReply } from "./open-list.js";
import type { PendingHeads } from "./pending-heads.js";
import type { PolicyRun } from "./policy-run.js";
import type { Pools } from "./pools.js";
import { Reply, type ReplyOwner } from "./reply.js";
import { marksOf } from "./request-marks.js";
import {
  answerThrough,
  dropLength,
  lengthIn,
  ResponseSteps,
  type ResponseFlow,
} from "./response-steps.js";
import type { OutgoingBody, OutgoingRequest, RequestExtras } from "./slot.js";
import { hasBody, type ServerRequest } from "./view.js";

/** What an exchange needs of its proxy. */
export interface ExchangeHost {
  readonly gateway: Gateway;
  readonly pools: Pools;
  readonly open: OpenList;
  readonly heads: PendingHeads;
  readonly deadlines: Deadlines;
  /** Connections are closed behind each answer then. */
  readonly isClosing: boolean;
  /** The answer to a request that came to nothing. */
  errorAnswer(context: ErrorContext, headers: string[]): Answer;
  /** The copies of a request. */
  mirrorsOf(view: RequestView, decision: ForwardDecision): MirrorSet;
  /** A place at a service may be free. */
  released(service: string): void;
  ended(over: Over, policies: PolicyRun | undefined): void;
}

/** A request on its way in, with what was found out about it. */
export interface ExchangeRequest {
  readonly req: ServerRequest;
  readonly res: ServerReply;
  readonly view: RequestView;
  /** When it came, on the clock of `performance`. */
  readonly startedAt: number;
  /** The client waits for leave to send its body. */
  readonly awaitsContinue: boolean;
  readonly policies: PolicyRun | undefined;
}

type Roles = AttemptsOwner & BodyOwner & ReplyOwner & LimitsOwner & ResponseFlow & OpenReply;

/** One forwarded request from its decision to the end of its response, over one attempt or several. */
export class Exchange implements Roles {
  previous: OpenReply | undefined = undefined;
  next: OpenReply | undefined = undefined;
  readonly #host: ExchangeHost;
  readonly #request: ExchangeRequest;
  readonly res: ServerReply;
  readonly body: RequestBody | null;
  readonly #reply: Reply;
  readonly #attempts: Attempts;
  readonly #limits: ExchangeLimits;
  readonly #mirrors: MirrorSet | undefined;
  readonly #extras: RequestExtras | undefined;
  #steps: ResponseSteps | undefined;
  #failure: Failure | undefined;
  #awaitsContinue: boolean;
  #isOver = false;

  constructor(host: ExchangeHost, request: ExchangeRequest, decision: ForwardDecision) {
    const { req, res, startedAt, policies } = request;
    this.#host = host;
    this.#request = request;
    this.res = res;
    this.#awaitsContinue = request.awaitsContinue;
    // Every emitter gets its listener before anything can happen.
    res.on("error", ignore);
    res.on("close", () => this.#onClose());
    this.#reply = new Reply(res, host.heads, this);
    this.#attempts = new Attempts(this, decision, startedAt);
    this.#limits = new ExchangeLimits(this, host.deadlines, decision.timeouts, startedAt);
    const marks = marksOf(req);
    this.body = hasBody(req, marks) ? this.#bodyOf(req, decision, policies) : null;
    this.#extras = extrasOf(req, marks, request.awaitsContinue && this.body !== null);
    this.#mirrors =
      decision.mirrors.length > 0 ? host.mirrorsOf(request.view, decision) : undefined;
  }

  #bodyOf(
    req: ServerRequest,
    { limits }: ForwardDecision,
    policies: PolicyRun | undefined,
  ): RequestBody {
    req.on("error", ignore);
    if (policies?.changesBody !== true) return new RequestBody(req, limits, this);
    const source = policies.bodyOf(req);
    source.on("error", (error: Error) => this.failed(error));
    return new RequestBody(source, limits, this);
  }

  get gateway(): Gateway {
    return this.#host.gateway;
  }

  get pools(): Pools {
    return this.#host.pools;
  }

  get deadlines(): Deadlines {
    return this.#host.deadlines;
  }

  get remainingMs(): number | undefined {
    return this.#limits.remainingMs;
  }

  /** Starts the first attempt, and the copies. */
  begin(): void {
    if (!this.#attempts.send(this.#attempts.decision)) this.onNoInstance();
    else if (this.body === null) this.#mirrors?.begin(EMPTY);
  }

  // --- what attempts ask and tell ---

  outgoing(attempt: Attempt): OutgoingRequest {
    const { view, policies } = this.#request;
    const { method, path, headers } = buildUpstreamRequest(view, attempt.decision, CHECKED);
    // What a policy makes of a body has a length of its own.
    if (policies?.changesBody === true) dropLength(headers);
    const isFirst = this.#attempts.isFirst(attempt);
    const body = isFirst ? this.body : this.#wholeBody();
    return { method, path, headers, body, idleMs: 0, extras: isFirst ? this.#extras : undefined };
  }

  #wholeBody(): OutgoingBody | null {
    const whole = this.body?.whole;
    return whole === undefined ? null : new WholeBody(whole);
  }

  onAttempt(now: number): void {
    this.#limits.active(now);
  }

  onReady(): void {
    const now = performance.now();
    this.#limits.active(now);
    if (this.body === null) this.#limits.waitForHead(now);
    // A client that asked the instance is told what that says, and no sooner.
    else if (this.#extras?.expectsContinue !== true) this.onContinue();
  }

  onSent(): void {
    if (!this.#attempts.isTaken) this.#limits.waitForHead();
  }

  /** A client that waits for leave to send its body gets it. */
  onContinue(): void {
    this.#limits.active();
    if (this.#awaitsContinue && !this.res.headersSent) this.res.writeContinue();
    this.#awaitsContinue = false;
  }

  onInterim(_attempt: Attempt, status: number, { link }: Headers): void {
    this.#limits.active();
    if (status !== 103 || link === undefined || this.res.headersSent) return;
    if (this.#request.req.httpVersion === "1.0") return;
    // Node takes fewer forms of links than there are: a hint that it refuses is left out.
    try {
      this.res.writeEarlyHints({ link: [link].flat().flatMap((line) => line.split(/,\s*(?=<)/)) });
    } catch {
      return;
    }
  }

  onHead(attempt: Attempt, status: number, headers: Headers): boolean {
    if (this.#attempts.isTaken) return false;
    if (status >= 400) {
      const next = this.#attempts.afterStatus(attempt, status, headers);
      if (next !== undefined) {
        next();
        return false;
      }
    }
    this.#take(attempt, headers);
    this.#mirrors?.onMain(status, headers);
    const { view, policies } = this.#request;
    const head = buildClientResponse(attempt.decision, { status, headers }, view);
    if (headers["trailer"] !== undefined) announceTrailers(this.res, headers, head.headers);
    if (policies?.hasResponse === true) this.#throughPolicies(policies, head);
    else this.head(head, Number(headers["content-length"] ?? -1));
    return true;
  }

  #throughPolicies(policies: PolicyRun, { status, headers }: ClientResponseHead): void {
    const final = policies.respond(status, headers, "instance");
    if (final instanceof Error) return this.failed(final);
    if (final?.transforms.length === 0) return this.head(final, lengthIn(final.headers));
    this.#steps = new ResponseSteps(policies, this.#reply, this);
    this.#steps.begin(final, hasNoBody(this.#request.view.method, status));
  }

  #take(attempt: Attempt, headers: Headers): void {
    this.#attempts.take(attempt);
    this.#failure = undefined;
    this.#limits.active();
    this.#limits.headCame();
    const { requestMs, attemptMs } = attempt.decision.timeouts;
    if ((requestMs > 0 || attemptMs > 0) && isEventStream(headers)) {
      attempt.liftLimit();
      this.#limits.liftRequest();
    }
  }

  /** The head as it goes to the client. */
  head({ status, headers }: { status: number; headers: string[] }, length: number): void {
    // The final answer came before the whole request: nothing that follows on this connection can be trusted.
    if ((this.body !== null && !this.#request.req.complete) || this.#host.isClosing)
      this.#reply.closeAfter();
    this.#reply.head(status, headers, length);
  }

  pause(): void {
    this.#attempts.current?.pause();
  }

  resume(): void {
    this.#attempts.current?.resume();
  }

  onData(_attempt: Attempt, chunk: Buffer): boolean {
    if (this.#steps !== undefined) {
      this.#limits.active();
      return this.#steps.data(chunk);
    }
    const goesOn = this.#reply.data(chunk);
    // A body that came whole ends at once.
    if (!this.#reply.isWhole) this.#limits.active();
    return goesOn;
  }

  onEnd(_attempt: Attempt, trailers: Headers): void {
    this.#attempts.done();
    if (this.#steps === undefined) this.#reply.end(trailers);
    else this.#steps.end(trailers);
  }

  onReported({ decision }: Attempt): void {
    this.#host.released(decision.service);
  }

  onFailure(attempt: Attempt, failure: Failure, outcome: Outcome): void {
    if (this.#isOver) return;
    this.#failure = failure;
    const { isWaiting, next } = this.#attempts.afterFailure(attempt, outcome);
    if (isWaiting) return;
    this.#limits.headCame();
    if (next === undefined || this.#attempts.isTaken) this.#fail(failure);
    else next();
  }

  onNoInstance(): void {
    this.#fail({ side: "gateway", stage: "connect", cause: "no-instance" });
  }

  // --- the body of the request ---

  onBodyData(): void {
    this.#limits.active();
  }

  onBodyTooLarge(): void {
    this.#giveUp({ side: "client", stage: "send", cause: "too-large" });
  }

  onBodyKept(whole: Buffer | undefined): void {
    this.#mirrors?.begin(whole);
  }

  // --- limits of time ---

  onSilence(): void {
    if (this.#reply.isStalled) this.#giveUp({ side: "client", stage: "body", cause: "silent" });
    // A client that waits for leave to send is not silent: the instance is.
    else if (this.body?.isAwaited === true && !this.#awaitsContinue)
      this.#giveUp({ side: "client", stage: "send", cause: "silent" });
    else if (this.#attempts.isWaitedFor) this.#attempts.expire();
  }

  onHeadTimeout(): void {
    this.#attempts.expire();
  }

  onRequestTimeout(): void {
    const { stage, current } = this.#attempts;
    const side = current?.hasSlot === true ? "instance" : "gateway";
    this.#attempts.timeOut();
    this.#fail({ side, stage, cause: "timeout" });
  }

  // --- ends ---

  // The client sent too much or too little.
  #giveUp(failure: Failure): void {
    this.#attempts.cancel();
    this.#fail(failure);
  }

  /** A policy failed after the request had been sent. */
  failed(error: Error): void {
    const { stage } = this.#attempts;
    this.#attempts.cancel();
    this.#fail({ side: "gateway", stage, cause: "policy", error });
  }

  // The client must see that a response was cut: an orderly end would lie.
  #fail(failure: Failure): void {
    if (this.#isOver) return;
    this.#failure = failure;
    this.#attempts.end();
    this.#limits.endWaiting();
    if (failure.side === "client") this.#reply.closeAfter();
    if (this.res.headersSent) {
      this.#steps?.destroy();
      this.#reply.cut();
    } else {
      this.#answer(failure);
    }
  }

  #answer(failure: Failure): void {
    const { req, view, policies } = this.#request;
    const status = statusOf(failure);
    const headers = status === 503 ? ["retry-after", "1"] : [];
    const made = this.#host.errorAnswer({ view, status, failure }, headers);
    if (policies?.hasResponse === true && !isOfPolicy(failure))
      answerThrough(policies, req, this.res, made, (error) => this.failed(error));
    else answer(req, this.res, made.status, made.headers, made.body);
  }

  onHeadAlone(): void {
    this.#attempts.current?.reportHead();
  }

  onDrain(): void {
    this.#limits.active();
    if (this.#steps === undefined) this.resume();
    else this.#steps.onDrain();
  }

  // Comes once, after the last byte of the response or when the client is gone.
  #onClose(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const { stage } = this.#attempts;
    if (!this.res.writableFinished) this.#failure ??= { side: "client", stage, cause: "left" };
    this.#limits.end();
    this.#attempts.cancel();
    this.#steps?.destroy();
    this.body?.release();
    this.#mirrors?.onMainOver();
    this.#host.open.remove(this);
    this.#host.ended(this, this.#request.policies);
  }

  /** What became of it. */
  end(): ExchangeEnd {
    const { decision, started, failed } = this.#attempts;
    const end = {
      view: this.#request.view,
      decision,
      status: this.res.headersSent ? this.res.statusCode : 499,
      isComplete: this.res.writableFinished,
      attempts: started,
      durationMs: performance.now() - this.#request.startedAt,
      failed,
    };
    return this.#failure === undefined ? end : { ...end, failure: this.#failure };
  }
}

/** All who send refuse values that no field may hold, and blame no instance for them. */
const CHECKED = { checked: true };

const EMPTY = Buffer.alloc(0);

function isEventStream(headers: Headers): boolean {
  const type = headers["content-type"];
  return typeof type === "string" && type.length > 16 && /^text\/event-stream\b/i.test(type);
}

// Source: RFC 9110 section 6.4.1.
function hasNoBody(method: string, status: number): boolean {
  return method === "HEAD" || status === 204 || status === 304;
}

// A policy that failed would fail again over its own error.
function isOfPolicy({ side, cause }: Failure): boolean {
  return side === "gateway" && cause === "policy";
}

function ignore(): void {}
