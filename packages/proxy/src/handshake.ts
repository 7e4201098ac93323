import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import {
  buildClientResponse,
  buildUpstreamRequest,
  type ForwardDecision,
  type Outcome,
  type RequestView,
  type RetryDecision,
  type RetryFacts,
} from "@signalbox/core";
import { answerFailure } from "./answer-failure.js";
import type { ExchangeEnd, FailedAttempt } from "./exchange-end.js";
import { failureOf, type Failure } from "./failure.js";
import type { HandshakeHost, UpgradeRequest } from "./handshake-host.js";
import { recordOf } from "./head-record.js";
import type { PolicyRun } from "./policy-run.js";
import { patienceOf } from "./patience.js";
import { rawResponse } from "./raw-response.js";
import { retryAfterOf } from "./retry-after.js";
import { relayAnswer, SilenceError, type RelayEnd } from "./upgrade-answer.js";
import { upgradeTarget } from "./upgrade-target.js";
import type { UpgradePlace } from "./upgrade-place.js";
import type { Carry, SentUpgrade, UpgradeListener } from "./upgrade.js";
import { WaitingClient } from "./waiting-client.js";
import { answerProblem, type SentHeaders, type UpgradeAnswer } from "./web-socket.js";

const NOTHING: readonly never[] = [];
const NO_VIEW: RequestView = { method: "", url: "", headers: {} };

/**
 * One upgrade from its request to its answer, over one attempt or several. A 101 that answers what was asked opens
 * a tunnel; until then nothing that the client sends behind its request leaves. Any other answer is passed on whole.
 */
export class Handshake implements UpgradeListener {
  readonly #host: HandshakeHost;
  readonly #request: UpgradeRequest;
  readonly #client: WaitingClient;
  readonly #startedAt = performance.now();
  #state: "waiting" | "answering" | "over" = "waiting";
  #decision: ForwardDecision;
  #place: UpgradePlace | undefined;
  #sent: SentUpgrade | undefined;
  #headers: SentHeaders = {};
  #attempts = 0;
  #failure: Failure | undefined;
  #failed: readonly FailedAttempt[] = NOTHING;
  #res: ServerResponse | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(request: UpgradeRequest, host: HandshakeHost) {
    this.#host = host;
    this.#request = request;
    this.#decision = request.decision;
    this.#client = new WaitingClient(request.socket, request.head, this.#leave);
  }

  /** Starts the first attempt. */
  begin(): void {
    if (this.#client.isGone) this.#leave();
    else this.#sendOr503(this.#request.decision);
  }

  /** The proxy closes: it is answered now, or at most what it is being told still comes whole. */
  hangUp(): void {
    if (this.#state !== "waiting") return;
    this.#cancel();
    this.#refuse({ side: "gateway", stage: "upgrade", cause: "closing" });
  }

  /** Cuts it. */
  destroy(): void {
    if (this.#state === "waiting") this.#leave();
    else this.#request.socket.destroy();
  }

  // --- attempts ---

  #sendOr503(decision: ForwardDecision): void {
    if (!this.#send(decision)) this.#refuse(refused("no-instance"));
  }

  /** Starts an attempt; false when its instance is gone. */
  #send(decision: ForwardDecision): boolean {
    if (this.#state !== "waiting") return true;
    const { gateway, sender } = this.#host;
    const place = this.#host.take(decision);
    if (place === "gone") return false;
    if (place === "full") {
      this.#refuse(refused("overloaded"));
      return true;
    }
    this.#place = place;
    this.#decision = decision;
    this.#failure = undefined;
    this.#attempts++;
    const { view, socket } = this.#request;
    const { path, headers } = buildUpstreamRequest(view, decision, { upgrade: "websocket" });
    this.#headers = recordOf(headers);
    const target = upgradeTarget(decision, gateway.connectOf(decision.service));
    this.#sent = sender.send({ path, headers: this.#headers, target }, socket, this);
    const patienceMs = patienceOf(decision.timeouts, this.#elapsedMs());
    this.#limit(patienceMs, () => this.#sent?.fail(new SilenceError("no answer")));
    return true;
  }

  onFailure(error: Error, isConnected: boolean): void {
    this.#fail(failureOf(error, isConnected ? "upgrade" : "connect"));
  }

  #fail(failure: Failure): void {
    clearTimeout(this.#timer);
    this.#failure = failure;
    const { stage } = failure;
    const outcome: Outcome =
      failure.side === "instance"
        ? { kind: "failure", stage, cause: failure.cause }
        : { kind: "cancelled", stage };
    this.#place?.giveBack(outcome);
    if (!this.#tryAgain(outcome, undefined)) this.#refuse(failure);
  }

  /** Starts the next attempt where there is one; false when there is none. */
  #tryAgain(outcome: Outcome, retryAfterMs: number | undefined): boolean {
    const { gateway } = this.#host;
    const decision = this.#decision;
    const facts = this.#retryFacts(retryAfterMs);
    const ask = (): RetryDecision => gateway.retry(decision, outcome, facts);
    const next = ask();
    if (outcome.kind === "failure" || next.kind === "retry") {
      const said = next.kind === "retry" ? "retry" : next.reason;
      this.#failed = [...this.#failed, { decision, outcome, facts, next: said }];
    }
    if (next.kind === "stop") return false;
    const again = (): void => {
      if (this.#send(next.decision)) return;
      // The instance left during the pause: another one is asked for.
      const other = ask();
      if (other.kind === "stop") this.#refuse(refused("no-instance"));
      else this.#sendOr503(other.decision);
    };
    if (next.delayMs > 0) this.#limit(next.delayMs, again);
    else queueMicrotask(again);
    return true;
  }

  #retryFacts(retryAfterMs: number | undefined): RetryFacts {
    const { requestMs } = this.#decision.timeouts;
    return {
      replayable: true,
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
      ...(requestMs > 0 ? { remainingMs: requestMs - this.#elapsedMs() } : {}),
    };
  }

  // --- answers ---

  onSwitched(answer: UpgradeAnswer, instance: Socket, carry: Carry): void {
    if (answerProblem(this.#headers, answer) !== undefined) {
      instance.destroy();
      this.#fail({ side: "instance", stage: "upgrade", cause: "protocol" });
      return;
    }
    const { socket, view } = this.#request;
    const place = this.#place as UpgradePlace;
    this.#state = "over";
    clearTimeout(this.#timer);
    this.#client.release(true);
    place.reportHead(101, this.#elapsedMs());
    const head = { status: 101, headers: answer.headers };
    const headers = recordOf(buildClientResponse(this.#decision, head, view).headers);
    // No interim answer has a length (RFC 9110 section 8.6).
    delete headers["content-length"];
    // Node reads and writes heads so; http-proxy-3 leaves it to the socket.
    socket.setDefaultEncoding("latin1");
    carry({ ...headers, connection: "Upgrade", upgrade: "websocket" });
    this.#host.opened(this, socket, instance, {
      place,
      view: this.#host.isHeard || this.policies !== undefined ? view : NO_VIEW,
      startedAt: this.#startedAt,
      attempts: this.#attempts,
      failed: this.#failed,
      policies: this.#request.policies,
    });
  }

  onAnswer(upstream: IncomingMessage): void {
    upstream.on("error", ignore);
    clearTimeout(this.#timer);
    const status = upstream.statusCode as number;
    if (status >= 400) {
      const outcome: Outcome = { kind: "response", status, totalMs: this.#elapsedMs() };
      if (this.#tryAgain(outcome, retryAfterOf(upstream.headers["retry-after"]))) {
        this.#place?.giveBack(outcome);
        upstream.destroy();
        return;
      }
    }
    this.#place?.reportHead(status, this.#elapsedMs());
    this.#relay(upstream, status);
  }

  #relay(upstream: IncomingMessage, status: number): void {
    const { view, req } = this.#request;
    const { headers } = upstream;
    const head = buildClientResponse(this.#decision, { status, headers }, view);
    const res = this.#respond();
    const { idleMs } = this.#decision.timeouts;
    const relay = { upstream, res, head, idleMs, isBodyless: req.method === "HEAD" };
    relayAnswer(relay, this.policies, (end) => this.#relayed(res, end, status));
  }

  #relayed(res: ServerResponse, end: RelayEnd, status: number): void {
    if (end === "whole") {
      this.#place?.giveBack({ kind: "response", status, totalMs: this.#elapsedMs() });
      return;
    }
    // The client still listens, so it was the instance that stopped, or a policy.
    if (this.#state !== "answering") return;
    if (end instanceof Error) {
      this.#failure = { side: "gateway", stage: "body", cause: "policy", error: end };
      this.#place?.giveBack({ kind: "cancelled", stage: "body" });
    } else {
      this.#failure = { side: "instance", stage: "body", cause: end };
      this.#place?.giveBack({ kind: "failure", stage: "body", cause: end });
    }
    if (res.headersSent) res.destroy();
    else this.#answer(res, this.#failure);
  }

  #refuse(failure: Failure): void {
    if (this.#state !== "waiting") return;
    this.#failure = failure;
    this.#answer(this.#respond(), failure);
  }

  #answer(res: ServerResponse, failure: Failure): void {
    const { req, view } = this.#request;
    answerFailure(this.#host, { req, res, view, policies: this.policies }, failure, (error) => {
      this.#failure = { side: "gateway", stage: "body", cause: "policy", error };
      this.#answer(res, this.#failure);
    });
  }

  #respond(): ServerResponse {
    this.#state = "answering";
    clearTimeout(this.#timer);
    // What the client sends behind a refused upgrade is dropped, never passed on.
    this.#client.drop();
    const res = rawResponse(this.#request.req, this.#request.socket);
    this.#res = res;
    res.on("error", ignore);
    res.once("close", () => this.#end());
    return res;
  }

  // --- ends ---

  /** The client goes before there is an answer. */
  readonly #leave = (): void => {
    if (this.#state !== "waiting") return;
    this.#client.drop();
    this.#request.socket.destroy();
    this.#end();
  };

  #cancel(): void {
    clearTimeout(this.#timer);
    this.#sent?.cancel();
    this.#place?.giveBack({ kind: "cancelled", stage: "upgrade" });
  }

  #end(): void {
    this.#state = "over";
    this.#cancel();
    this.#host.ended(this);
  }

  #limit(ms: number, then: () => void): void {
    clearTimeout(this.#timer);
    if (ms > 0) this.#timer = setTimeout(then, ms);
  }

  #elapsedMs(): number {
    return performance.now() - this.#startedAt;
  }

  get policies(): PolicyRun | undefined {
    return this.#request.policies;
  }

  /** What became of it. */
  end(): ExchangeEnd {
    const res = this.#res;
    const end = {
      view: this.#request.view,
      decision: this.#decision,
      status: res?.headersSent === true ? res.statusCode : 499,
      isComplete: res?.writableFinished === true,
      attempts: this.#attempts,
      failed: this.#failed,
      durationMs: this.#elapsedMs(),
    };
    return this.#failure === undefined ? end : { ...end, failure: this.#failure };
  }
}

function refused(cause: "no-instance" | "overloaded"): Failure {
  return { side: "gateway", stage: "connect", cause };
}

function ignore(): void {}
