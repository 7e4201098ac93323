import type { ForwardDecision, Gateway, Outcome } from "@signalbox/core";
import type { ServerReply } from "./answer.js";
import type { Attempt } from "./attempt.js";
import { Attempts, type AttemptsOwner } from "./attempts.js";
import type { BodyOwner, RequestBody } from "./body.js";
import { ClientRequest } from "./client-request.js";
import { ClientResponse, type ResponseOwner } from "./client-response.js";
import type { Deadlines } from "./deadlines.js";
import { writeEarlyHints } from "./early-hints.js";
import { isEventStream } from "./event-stream.js";
import type { ExchangeEnd } from "./exchange-end.js";
import type { ExchangeHost, ExchangeRequest } from "./exchange-host.js";
import { ExchangeLimits, RATE_MS, type LimitsOwner } from "./exchange-limits.js";
import type { Failure } from "./failure.js";
import type { Headers } from "./head-record.js";
import type { MirrorSet } from "./mirror.js";
import type { OpenReply } from "./open-list.js";
import type { Pools } from "./pools.js";
import { BodyReadError } from "./read-body.js";
import type { OutgoingRequest } from "./slot.js";

type Roles = AttemptsOwner & BodyOwner & LimitsOwner & ResponseOwner & OpenReply;

/** One forwarded request from its decision to the end of its response, over one attempt or several. */
export class Exchange implements Roles {
  previous: OpenReply | undefined = undefined;
  next: OpenReply | undefined = undefined;
  readonly #host: ExchangeHost;
  readonly #request: ExchangeRequest;
  readonly res: ServerReply;
  readonly #sent: ClientRequest;
  readonly #response: ClientResponse;
  readonly #attempts: Attempts;
  readonly #limits: ExchangeLimits;
  readonly #mirrors: MirrorSet | undefined;
  #failure: Failure | undefined;
  #awaitsContinue: boolean;
  /** Whether it waited before. */
  readonly #isLate: boolean;
  #isOver = false;

  /** @param from when an instance was about to be asked: time that policies and queues took before is not its own */
  constructor(
    host: ExchangeHost,
    request: ExchangeRequest,
    decision: ForwardDecision,
    from: number,
  ) {
    const { res, startedAt } = request;
    this.#isLate = from !== startedAt;
    this.#host = host;
    this.#request = request;
    this.res = res;
    this.#awaitsContinue = request.options.awaitsContinue === true;
    // Every emitter gets its listener before anything can happen.
    res.on("error", ignore);
    res.on("close", () => this.#onClose());
    this.#response = new ClientResponse(host, request, this);
    this.#attempts = new Attempts(this, decision, from);
    this.#limits = new ExchangeLimits(this, host.deadlines, decision.timeouts, startedAt, from);
    this.#sent = new ClientRequest(request, decision, this);
    this.#mirrors =
      decision.mirrors.length > 0 ? host.mirrorsOf(request.view, decision) : undefined;
  }

  get body(): RequestBody | null {
    return this.#sent.body;
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

  get hasWholeRequest(): boolean {
    return this.#sent.isWhole;
  }

  active(): void {
    this.#limits.active();
  }

  get remainingMs(): number | undefined {
    return this.#limits.remainingMs;
  }

  /** Starts the first attempt, and the copies. */
  begin(): void {
    // The client left before it was ours: nothing will tell of it any more.
    if (this.res.destroyed) return queueMicrotask(() => this.#onClose());
    if (this.#sent.error !== undefined) return this.#cannotSend(this.#sent.error);
    if (this.#isLate && (this.remainingMs ?? 1) <= 0) return this.onRequestTimeout();
    if (!this.#attempts.send(this.#attempts.decision)) this.onNoInstance();
    else if (this.body === null) this.#mirrors?.begin(EMPTY);
  }

  #cannotSend(error: Error): void {
    const cause = error instanceof BodyReadError ? "error" : "policy";
    const failure: Failure = { side: "gateway", stage: "connect", cause, error };
    this.#attempts.cancel();
    const { options } = this.#request;
    if (options.error === undefined) return this.#fail(failure);
    this.#failure = failure;
    this.#limits.end();
    options.error(error);
  }

  // --- what attempts ask and tell ---

  outgoing(attempt: Attempt): OutgoingRequest {
    return this.#sent.outgoing(attempt.decision, this.#attempts.isFirst(attempt));
  }

  onAttempt(now: number): void {
    this.#limits.active(now);
  }

  onReady(): void {
    const now = performance.now();
    this.#limits.active(now);
    if (this.body === null) return this.#limits.waitForHead(now);
    if (this.#leastRate > 0) this.#limits.watchRate();
    // A client that asked the instance is told what that says, and no sooner.
    if (!this.#sent.expectsContinue) this.onContinue();
  }

  // Streams of HTTP/2 may be slow on purpose, and cost no connection.
  get #leastRate(): number {
    if (this.#request.req.httpVersionMajor >= 2) return 0;
    return this.#attempts.decision.limits.uploadBytesPerS;
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
    writeEarlyHints(this.res, link);
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
    this.#response.begin(attempt.decision, status, headers);
    return true;
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

  pause(): void {
    this.#attempts.current?.pause();
  }

  resume(): void {
    this.#attempts.current?.resume();
  }

  onData({ partsAreOurs }: Attempt, chunk: Buffer): boolean {
    return this.#response.data(chunk, partsAreOurs);
  }

  onEnd(_attempt: Attempt, trailers: Headers): void {
    this.#attempts.done();
    this.#response.end(trailers);
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
    if (this.#response.isStalled) this.#giveUp({ side: "client", stage: "body", cause: "silent" });
    // What a policy waits for has a limit of its own; a body that it makes has this one.
    else if (this.#response.holder === "head") return;
    else if (this.#response.holder === "body" || this.#isHeldInRequest)
      this.failed(new Error("a body that a policy makes stood still"));
    // A client that waits for leave to send is not silent: the instance is.
    else if (this.body?.isAwaited === true && !this.#awaitsContinue)
      this.#giveUp({ side: "client", stage: "send", cause: "silent" });
    else if (this.#attempts.isWaitedFor) this.#attempts.expire();
  }

  get #isHeldInRequest(): boolean {
    return this.body?.isAwaited === true && this.#sent.isHeldByPolicy;
  }

  /** Whether the client or a policy keeps the instance waiting: its time is not counted against it. */
  get isHeldBack(): boolean {
    return this.#response.isStalled || this.#response.holder !== undefined || this.#isHeldInRequest;
  }

  onRateDue(): boolean {
    const { body } = this;
    if (body === null || !body.isAwaited || this.#attempts.isTaken) return false;
    const bytes = body.takeWindow();
    const isFast = bytes === undefined || bytes * 1_000 >= this.#leastRate * RATE_MS;
    // Who waits for leave to send its body, and whose body a policy makes, is not slow.
    if (isFast || this.#awaitsContinue || this.#sent.isHeldByPolicy) return true;
    this.#giveUp({ side: "client", stage: "send", cause: "silent" });
    return false;
  }

  onHeadTimeout(): void {
    this.#attempts.expire();
  }

  onRequestTimeout(): void {
    const { stage, current } = this.#attempts;
    const side = current?.hasSlot === true && !this.isHeldBack ? "instance" : "gateway";
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

  #fail(failure: Failure): void {
    if (this.#isOver) return;
    this.#failure = failure;
    this.#attempts.end();
    this.#limits.endWaiting();
    this.#response.fail(failure);
  }

  /** The proxy closes and waits no longer. */
  hangUp(): void {
    this.#giveUp({ side: "gateway", stage: this.#attempts.stage, cause: "closing" });
  }

  onHeadAlone(): void {
    this.#attempts.current?.reportHead();
  }

  // Comes once, after the last byte of the response or when the client is gone.
  #onClose(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const { stage } = this.#attempts;
    if (!this.res.writableFinished) this.#failure ??= { side: "client", stage, cause: "left" };
    this.#limits.end();
    this.#attempts.cancel();
    this.#response.destroy();
    this.#sent.release();
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

const EMPTY = Buffer.alloc(0);

function ignore(): void {}
