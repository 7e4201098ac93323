import type {
  Decision,
  Gateway,
  RejectDecision,
  RequestView,
  RespondDecision,
} from "@signalbox/core";
import { Deadline, type DeadlineOwner, type Deadlines } from "./deadlines.js";
import type { Over } from "./exchange-end.js";
import type { PolicyChains } from "./policy-chain.js";
import { recordOf } from "./head-record.js";
import type { CheckedAnswer } from "./own-answer.js";
import { PolicyRun, type RequestResult } from "./policy-run.js";
import type { ProxyLimits } from "./proxy-options.js";
import { CLOSING, tooLate } from "./refusals.js";

/** What an entry needs of its proxy. */
export interface EntryHost {
  readonly gateway: Gateway;
  readonly deadlines: Deadlines;
  readonly limits: ProxyLimits;
  readonly chains: PolicyChains;
  /** Those that a policy makes wait. */
  readonly entries: Set<Entry>;
  decide(view: RequestView, policies: PolicyRun): Decision;
  ended(over: Over, policies: PolicyRun | undefined): void;
}

/** Where a client that leaves is seen. */
export interface Client {
  readonly destroyed: boolean;
  on(event: "close" | "error", listener: () => void): unknown;
  once(event: "close", listener: () => void): unknown;
  off(event: "close", listener: () => void): unknown;
}

/**
 * The way of a request from its arrival to its decision where there are policies: those of the whole gateway, the
 * match, those of the route, the decision.
 */
export class Entry implements DeadlineOwner {
  readonly #host: EntryHost;
  readonly policies: PolicyRun;
  readonly startedAt: number;
  /** The response, or the socket of an upgrade. */
  readonly #client: Client;
  #isMatched = false;
  /** Of the whole request, from its route on. */
  #requestMs = 0;
  #deadline: Deadline | undefined;
  /** Set while a policy makes it wait. */
  #onLeft: (() => void) | undefined;
  #onDecided: ((decision: Decision) => void) | undefined;

  /** @param startedAt when the request came, on the clock of `performance` */
  constructor(host: EntryHost, view: RequestView, client: Client, startedAt: number) {
    this.#host = host;
    this.#client = client;
    this.startedAt = startedAt;
    this.policies = new PolicyRun(view, host.deadlines, host.limits.policyMs);
  }

  /** The request with all that the policies changed. */
  get view(): RequestView {
    return this.policies.exchange.view;
  }

  /** The decision, where no policy makes it wait; else undefined, and `whenDecided` is told. */
  decide(): Decision | undefined {
    const chain = this.#host.chains.of(this.#host.gateway.policies);
    if (chain.unknown !== undefined) return this.#decided(this.#unknown(chain.unknown));
    const result = this.policies.requestOfGateway(chain);
    return result === undefined ? this.#wait() : this.#onResult(result);
  }

  /** Told the decision later, once; not at all where the client leaves before. */
  whenDecided(told: (decision: Decision) => void): void {
    this.#onDecided = told;
  }

  #onResult(result: RequestResult): Decision | undefined {
    if (result.kind !== "go") return this.#decided(this.#stopped(result));
    if (this.#isMatched) return this.#decided(this.#host.decide(this.view, this.policies));
    this.#isMatched = true;
    const match = this.policies.match(this.#host.gateway);
    if (match.kind !== "match") return this.#decided(match);
    this.#requestMs = match.requestMs;
    const chain = this.#host.chains.of(match.policies);
    // A step that is not there must never be skipped in silence: it may be the one that asks who is there.
    if (chain.unknown !== undefined) return this.#decided(this.#unknown(chain.unknown));
    const next = this.policies.requestOfRoute(chain);
    return next === undefined ? this.#wait() : this.#onResult(next);
  }

  #wait(): undefined {
    this.#limit();
    if (this.#onLeft !== undefined) return;
    this.#onLeft = (): void => this.#leave();
    this.#client.on("error", ignore);
    this.#client.on("close", this.#onLeft);
    this.#host.entries.add(this);
    this.policies.whenRequested = (result) => {
      const decision = this.#onResult(result);
      if (decision !== undefined) this.#tell(decision);
    };
  }

  // The limit of the whole request is known once its route is.
  #limit(): void {
    if (this.#requestMs === 0 || this.#deadline !== undefined) return;
    this.#deadline = new Deadline(this);
    this.#host.deadlines.set(this.#deadline, this.#requestMs, this.startedAt);
  }

  onDeadline(): void {
    this.policies.failure = { side: "gateway", stage: "connect", cause: "timeout" };
    this.#giveUp(tooLate(this.#requestMs, this.policies.exchange.route));
  }

  /** The proxy closes, and no longer waits. */
  hangUp(): void {
    this.policies.failure = { side: "gateway", stage: "connect", cause: "closing" };
    this.#giveUp(CLOSING);
  }

  #giveUp(refusal: RejectDecision): void {
    this.policies.abort();
    this.#tell(this.#decided(refusal));
  }

  #tell(decision: Decision): void {
    const told = this.#onDecided;
    this.#onDecided = undefined;
    told?.(decision);
  }

  #unknown(name: string): RejectDecision {
    return this.#refusal(`no policy is called "${name}"`);
  }

  #stopped(result: Exclude<RequestResult, { kind: "go" }>): Decision {
    if (result.kind === "answer") return this.#answered(result.answer);
    this.policies.failure = {
      side: "gateway",
      stage: "connect",
      cause: "policy",
      error: result.error,
    };
    return this.#refusal(`a policy failed: ${result.error.message}`);
  }

  #answered({ status, headers, body = "" }: CheckedAnswer): RespondDecision {
    this.policies.answerBody = body;
    const { route = "" } = this.policies.exchange;
    return { kind: "respond", route, status, headers: recordOf(headers), body: body.toString() };
  }

  #refusal(detail: string): RejectDecision {
    const { route } = this.policies.exchange;
    const base = { kind: "reject", status: 500, headers: {}, reason: "internal", detail } as const;
    return route === undefined ? base : { ...base, route };
  }

  #decided(decision: Decision): Decision {
    this.#waited();
    // What no route takes is over when the server that it is handed to has answered it.
    if (decision.kind === "none") this.#whenGone(() => this.policies.end(this.#end(decision, 0)));
    return decision;
  }

  #whenGone(told: () => void): void {
    if (this.#client.destroyed) queueMicrotask(told);
    else this.#client.once("close", told);
  }

  #waited(): void {
    if (this.#onLeft === undefined) return;
    this.#client.off("close", this.#onLeft);
    this.#host.entries.delete(this);
    if (this.#deadline !== undefined) this.#host.deadlines.clear(this.#deadline);
  }

  #leave(): void {
    this.#waited();
    this.#onDecided = undefined;
    this.policies.abort();
    this.#host.ended({ end: () => this.#end({ kind: "none" }, 499) }, this.policies);
  }

  #end(decision: Decision, status: number): ReturnType<Over["end"]> {
    const end = {
      view: this.view,
      decision,
      status,
      isComplete: status === 0,
      attempts: 0,
      failed: [],
      durationMs: performance.now() - this.startedAt,
    };
    return status === 0
      ? end
      : { ...end, failure: { side: "client", stage: "connect", cause: "left" } };
  }
}

function ignore(): void {}
