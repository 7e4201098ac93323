import {
  buildClientResponse,
  type ForwardDecision,
  type Gateway,
  type Outcome,
  type RequestView,
  type RetryDecision,
  type RetryFacts,
} from "@signalbox/core";
import {
  answerPlain,
  closeAfter,
  endBody,
  isHttp1,
  writeBody,
  writeHead,
  type ServerReply,
} from "./answer.js";
import { Attempt, type AttemptOwner } from "./attempt.js";
import { RequestBody } from "./body.js";
import type { ExchangeEnd, FailedAttempt, Over } from "./exchange-end.js";
import { statusOf, type Failure } from "./failure.js";
import type { OpenList, OpenReply } from "./open-list.js";
import type { PendingHeads } from "./pending-heads.js";
import type { Pools } from "./pools.js";
import { hasBody, type ServerRequest } from "./view.js";

/** What an exchange needs of its proxy. */
export interface ExchangeHost {
  readonly gateway: Gateway;
  readonly pools: Pools;
  readonly open: OpenList;
  readonly heads: PendingHeads;
  /** Connections are closed behind each answer then. */
  readonly isClosing: boolean;
  ended(over: Over): void;
}

const NOTHING: readonly never[] = [];

/** One forwarded request from its decision to the end of its response, over one attempt or several. */
export class Exchange implements AttemptOwner, OpenReply {
  previous: OpenReply | undefined = undefined;
  next: OpenReply | undefined = undefined;
  readonly #host: ExchangeHost;
  readonly startedAt = performance.now();
  readonly body: RequestBody | null;
  #decision: ForwardDecision;
  #attempt: Attempt | undefined;
  #attempts = 0;
  #failure: Failure | undefined;
  #failed: readonly FailedAttempt[] = NOTHING;
  /** Whether the client waits for leave to send its body. */
  #awaitsContinue: boolean;
  /** Length of the body as the instance announced it; -1 when it did not. */
  #length = -1;
  /** The body, when it came whole. */
  #whole: Buffer | undefined;
  #isFlushed = false;
  #isOver = false;
  /** Whether the client was ever too slow, and whether it is now. */
  #isWatched = false;
  #isStalled = false;
  #requestTimer: NodeJS.Timeout | undefined;
  #stallTimer: NodeJS.Timeout | undefined;
  #retryTimer: NodeJS.Timeout | undefined;

  constructor(
    host: ExchangeHost,
    readonly view: RequestView,
    readonly req: ServerRequest,
    readonly res: ServerReply,
    decision: ForwardDecision,
    awaitsContinue: boolean,
  ) {
    this.#host = host;
    this.#awaitsContinue = awaitsContinue;
    this.#decision = decision;
    const { idleMs, requestMs } = decision.timeouts;
    this.body = hasBody(req) ? new RequestBody(req, idleMs, () => this.#onSilentClient()) : null;
    // Every emitter gets its listener before anything can happen.
    res.on("error", ignore);
    res.on("close", () => this.#onClose());
    if (this.body !== null) req.on("error", ignore);
    if (requestMs > 0) this.#requestTimer = setTimeout(() => this.#onRequestTimeout(), requestMs);
  }

  get gateway(): Gateway {
    return this.#host.gateway;
  }

  /** Starts the first attempt. */
  begin(): void {
    if (!this.#send(this.#decision)) answerPlain(this.req, this.res, 503);
  }

  /** Starts an attempt; false when its instance is gone. */
  #send(decision: ForwardDecision): boolean {
    if (!this.gateway.start(decision)) return false;
    const pool = this.#host.pools.of(decision);
    if (pool === undefined) {
      this.gateway.report(decision, { kind: "cancelled", stage: "connect" });
      return false;
    }
    this.#decision = decision;
    if (this.#attempts > 0) this.body?.rewind();
    this.#attempts++;
    const startedAt = this.#attempts === 1 ? this.startedAt : performance.now();
    this.#attempt = new Attempt(this, decision, startedAt);
    this.#attempt.begin(pool);
    return true;
  }

  /** The body of a client that waits for leave to send it. */
  continueBody(): void {
    if (this.#awaitsContinue && isHttp1(this.res) && !this.res.headersSent)
      this.res.writeContinue();
    this.#awaitsContinue = false;
  }

  onInterim(status: number, headers: Record<string, string | string[] | undefined>): void {
    const { link } = headers;
    if (status !== 103 || link === undefined || this.res.headersSent) return;
    if (this.req.httpVersion === "1.0") return;
    // Node takes fewer forms of links than there are: a hint that it refuses is left out.
    try {
      this.res.writeEarlyHints({ link: [link].flat().flatMap((line) => line.split(/,\s*(?=<)/)) });
    } catch {
      return;
    }
  }

  onHead(status: number, headers: Record<string, string | string[] | undefined>): void {
    const head = buildClientResponse(this.#decision, { status, headers }, this.view);
    // The final answer came before the whole request: nothing that follows on this connection can be trusted.
    if ((this.body !== null && !this.req.complete) || this.#host.isClosing) closeAfter(this.res);
    writeHead(this.res, head.status, head.headers);
    this.#length = Number(headers["content-length"] ?? -1);
    // A small answer comes whole in this turn of the event loop, and head and body go out in one write. The head of
    // a stream goes at its end.
    this.#host.heads.push(this);
  }

  /** Sends the head alone when no byte of the body has come. */
  flush(): void {
    if (this.#isFlushed || this.#isOver) return;
    this.#isFlushed = true;
    this.#attempt?.reportHead();
    if (isHttp1(this.res)) this.res.flushHeaders();
  }

  /** Takes a part of the response; false when the client has to catch up first. */
  onData(chunk: Buffer): boolean {
    // All of the body at once: its end follows in the same breath, and both go out in one write.
    if (!this.#isFlushed && chunk.length === this.#length) {
      this.#whole = chunk;
      return true;
    }
    this.#isFlushed = true;
    if (writeBody(this.res, chunk)) return true;
    this.#watchClient();
    return false;
  }

  onEnd(): void {
    this.#isFlushed = true;
    this.#attempt = undefined;
    endBody(this.res, this.#whole);
    if (this.res.writableLength > 0) this.#watchClient();
  }

  onFailure(failure: Failure, outcome: Outcome, reusedConnection: boolean): void {
    const decision = this.#decision;
    this.#attempt = undefined;
    if (this.#isOver) return;
    this.#failure = failure;
    const again = this.#askAgain(decision, outcome, this.#retryFacts(reusedConnection));
    // The client must see that a response was cut: an orderly end would lie.
    if (this.res.headersSent) this.res.destroy();
    else if (again === undefined) this.#fail(failure);
    else again();
  }

  /** Starts the next attempt instead of a response; undefined when that is to be delivered. */
  retryAfter(status: number, retryAfter: string | undefined): (() => void) | undefined {
    const outcome: Outcome = { kind: "response", status, totalMs: this.#elapsedMs() };
    const facts = this.#retryFacts(false);
    const isSeconds = retryAfter !== undefined && /^\d{1,9}$/.test(retryAfter);
    const asked = isSeconds ? { ...facts, retryAfterMs: Number(retryAfter) * 1000 } : facts;
    return this.#askAgain(this.#decision, outcome, asked);
  }

  /** No connection came free: the queue of the instance is full. */
  onOverflow(): void {
    this.#attempt = undefined;
    answerPlain(this.req, this.res, 503, ["retry-after", "1"]);
  }

  #retryFacts(reusedConnection: boolean): RetryFacts {
    const { requestMs } = this.#decision.timeouts;
    const replayable = this.body === null || !this.body.isTouched;
    const facts = { replayable, reusedConnection, responseStarted: this.res.headersSent };
    return requestMs > 0 ? { ...facts, remainingMs: requestMs - this.#elapsedMs() } : facts;
  }

  // What follows a failed attempt: the next one, when the gateway says so.
  #askAgain(
    decision: ForwardDecision,
    outcome: Outcome,
    facts: RetryFacts,
  ): (() => void) | undefined {
    const ask = (): RetryDecision => this.gateway.retry(decision, outcome, facts);
    const next = ask();
    if (outcome.kind === "failure" || next.kind === "retry") {
      const said = next.kind === "retry" ? "retry" : next.reason;
      this.#failed = [...this.#failed, { decision, outcome, facts, next: said }];
    }
    if (next.kind === "stop") return undefined;
    return () => this.#sendAfter(next.delayMs, next.decision, ask);
  }

  #sendAfter(delayMs: number, decision: ForwardDecision, ask: () => RetryDecision): void {
    const send = (): void => {
      if (this.#isOver || this.res.headersSent || this.#send(decision)) return;
      // The instance left during the pause: another one is asked for.
      const other = ask();
      if (other.kind === "stop" || !this.#send(other.decision)) {
        answerPlain(this.req, this.res, 503);
      }
    };
    if (delayMs > 0) this.#retryTimer = setTimeout(send, delayMs);
    else queueMicrotask(send);
  }

  #fail(failure: Failure): void {
    if (failure.side === "client") closeAfter(this.res);
    answerPlain(this.req, this.res, statusOf(failure));
  }

  #elapsedMs(): number {
    return performance.now() - this.startedAt;
  }

  // A client that stops reading holds the connection of the instance: it may do so as long as the instance may be
  // silent. Large answers stop and go on many times, so listener and timer are made once.
  #watchClient(): void {
    if (!this.#isWatched) {
      this.#isWatched = true;
      const { idleMs } = this.#decision.timeouts;
      this.res.on("drain", () => this.#onDrain());
      if (idleMs > 0) this.#stallTimer = setTimeout(() => this.#onStall(), idleMs);
    } else {
      this.#stallTimer?.refresh();
    }
    this.#isStalled = true;
  }

  #onDrain(): void {
    this.#isStalled = false;
    this.#attempt?.resume();
  }

  #onStall(): void {
    if (this.#isStalled) this.res.destroy();
  }

  #onSilentClient(): void {
    this.#attempt?.cancel();
    this.#attempt = undefined;
    closeAfter(this.res);
    if (this.res.headersSent) this.res.destroy();
    else answerPlain(this.req, this.res, 408);
  }

  #onRequestTimeout(): void {
    this.#failure = { side: "instance", cause: "timeout" };
    this.#attempt?.timeOut();
    this.#attempt = undefined;
    clearTimeout(this.#retryTimer);
    if (this.res.headersSent) this.res.destroy();
    else answerPlain(this.req, this.res, 504);
  }

  // Comes once, after the last byte of the response or when the client is gone.
  #onClose(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#requestTimer);
    clearTimeout(this.#stallTimer);
    clearTimeout(this.#retryTimer);
    this.#attempt?.cancel();
    this.#attempt = undefined;
    this.body?.destroy();
    this.#host.open.remove(this);
    this.#host.ended(this);
  }

  /** What became of it. */
  end(): ExchangeEnd {
    const status = this.res.headersSent ? this.res.statusCode : 499;
    const end = {
      view: this.view,
      decision: this.#decision,
      status,
      isComplete: this.res.writableFinished,
      attempts: this.#attempts,
      durationMs: this.#elapsedMs(),
      failed: this.#failed,
    };
    return this.#failure === undefined ? end : { ...end, failure: this.#failure };
  }
}

function ignore(): void {}
