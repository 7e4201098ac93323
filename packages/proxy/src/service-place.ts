import type {
  Decision,
  ForwardDecision,
  Gateway,
  RejectDecision,
  RequestView,
} from "@signalbox/core";
import { answerEnd, answerRequest, type AnswerHost } from "./answer-request.js";
import type { ExchangeRequest } from "./exchange-host.js";
import type { Failure } from "./failure.js";
import type { PolicyRun } from "./policy-run.js";
import type { ServiceQueues, Waiter } from "./service-queues.js";

/** What a request that waits for a place needs of its proxy. */
export interface PlaceHost extends AnswerHost {
  readonly gateway: Gateway;
  readonly queues: ServiceQueues;
  /** Nothing waits any more then. */
  readonly isClosing: boolean;
  decide(view: RequestView, policies: PolicyRun | undefined): Decision;
  forward(request: ExchangeRequest, decision: ForwardDecision): void;
}

const LEFT: Failure = { side: "client", stage: "connect", cause: "left" };

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
  const leave = host.queues.add(service as string, limits, waiting);
  if (leave === undefined) return false;
  waiting.begin(leave);
  return true;
}

class WaitingRequest implements Waiter {
  readonly #host: PlaceHost;
  readonly #request: ExchangeRequest;
  readonly #refusal: RejectDecision;
  #leave: () => void = ignore;

  constructor(host: PlaceHost, request: ExchangeRequest, refusal: RejectDecision) {
    this.#host = host;
    this.#request = request;
    this.#refusal = refusal;
  }

  begin(leave: () => void): void {
    this.#leave = leave;
    this.#request.res.on("error", ignore);
    this.#request.res.once("close", this.#onClose);
  }

  tryAgain(): boolean {
    const { view, policies } = this.#request;
    if (this.#host.isClosing) {
      this.#go(this.#refusal);
      return true;
    }
    const decision = this.#host.decide(view, policies);
    const isFull = decision.kind === "reject" && decision.service === this.#refusal.service;
    if (!isFull) this.#go(decision);
    return !isFull;
  }

  giveUp(): void {
    this.#go(this.#refusal);
  }

  #go(decision: Decision): void {
    this.#request.res.off("close", this.#onClose);
    if (decision.kind === "forward") this.#host.forward(this.#request, decision);
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
