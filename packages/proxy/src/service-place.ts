import type {
  Decision,
  ForwardDecision,
  Gateway,
  RejectDecision,
  RequestView,
  ServiceLimitsPlan,
} from "@signalbox/core";
import { closeAfter } from "./answer.js";
import { answerEnd, answerRequest, LEFT, type AnswerHost } from "./answer-request.js";
import type { ExchangeRequest } from "./exchange-host.js";
import type { PolicyRun } from "./policy-run.js";
import { CLOSING, tooLate } from "./refusals.js";
import type { ServiceQueues, Waiter } from "./service-queues.js";

/** What a request that waits for a place needs of its proxy. */
export interface PlaceHost extends AnswerHost {
  readonly gateway: Gateway;
  readonly queues: ServiceQueues;
  /** Nothing waits any more then. */
  readonly isClosing: boolean;
  decide(view: RequestView, policies: PolicyRun | undefined): Decision;
  forward(request: ExchangeRequest, decision: ForwardDecision, from: number): void;
}

/** Lets a request wait for a place at its service; false where it was refused for another reason, or may not wait. */
export function waitForPlace(
  host: PlaceHost,
  request: ExchangeRequest,
  refusal: RejectDecision,
): boolean {
  const { service } = refusal;
  const limits = service === undefined ? undefined : host.gateway.limitsOf(service);
  if (limits === undefined || limits.queue === 0) return false;
  const waiting = new WaitingRequest(host, request, refusal);
  const leave = host.queues.add(service as string, waiting.within(limits), waiting);
  if (leave === undefined) return false;
  waiting.begin(leave);
  return true;
}

class WaitingRequest implements Waiter {
  readonly #host: PlaceHost;
  readonly #request: ExchangeRequest;
  readonly #refusal: RejectDecision;
  #leave: () => void = ignore;
  /** Whether the time of the whole request ends before that of the queue. */
  #isShort = false;

  constructor(host: PlaceHost, request: ExchangeRequest, refusal: RejectDecision) {
    this.#host = host;
    this.#request = request;
    this.#refusal = refusal;
  }

  get route(): string {
    return this.#refusal.route ?? "";
  }

  /** The limits of the queue, and of the time that the request still has. */
  within(limits: ServiceLimitsPlan): ServiceLimitsPlan {
    const { requestMs = 0 } = this.#refusal;
    if (requestMs === 0) return limits;
    const leftMs = Math.max(1, this.#request.startedAt + requestMs - performance.now());
    if (leftMs >= limits.queueMs) return limits;
    this.#isShort = true;
    return { ...limits, queueMs: leftMs };
  }

  begin(leave: () => void): void {
    this.#leave = leave;
    const { res } = this.#request;
    // The client left before it was ours: nothing will tell of it any more.
    if (res.destroyed) return queueMicrotask(this.#onClose);
    res.on("error", ignore);
    res.once("close", this.#onClose);
  }

  tryAgain(): boolean {
    const { view, policies } = this.#request;
    if (this.#host.isClosing) {
      closeAfter(this.#request.res);
      this.#go(CLOSING);
      return true;
    }
    const decision = this.#host.decide(view, policies);
    const isFull = decision.kind === "reject" && decision.service === this.#refusal.service;
    if (!isFull) this.#go(decision);
    return !isFull;
  }

  giveUp(): void {
    const { requestMs = 0, route } = this.#refusal;
    this.#go(this.#isShort ? tooLate(requestMs, route) : this.#refusal);
  }

  #go(decision: Decision): void {
    this.#request.res.off("close", this.#onClose);
    if (decision.kind === "forward") this.#host.forward(this.#request, decision, performance.now());
    // The routes were changed in between, and none takes it any more.
    else
      answerRequest(this.#host, this.#request, decision.kind === "none" ? this.#refusal : decision);
  }

  readonly #onClose = (): void => {
    this.#leave();
    const end = answerEnd(this.#request, this.#refusal, 499, false, LEFT);
    this.#host.ended(end, this.#request.policies);
  };
}

function ignore(): void {}
