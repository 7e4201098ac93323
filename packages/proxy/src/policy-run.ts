import {
  changeRequest,
  type Decision,
  type Gateway,
  type MatchResult,
  type RequestView,
} from "@signalbox/core";
import type { Deadlines } from "./deadlines.js";
import type { ExchangeEnd } from "./exchange-end.js";
import type { Failure } from "./failure.js";
import { isThenable, letBe } from "./hooks.js";
import { checkedAnswer, type CheckedAnswer } from "./own-answer.js";
import { NO_POLICIES, type PolicyChain } from "./policy-chain.js";
import { RunExchange } from "./policy-exchange.js";
import type {
  Awaitable,
  Policy,
  PolicyResponse,
  RequestChange,
  RequestStep,
  ResponseStep,
} from "./policy.js";
import { ResponsePass, type FinalResponse } from "./response-pass.js";
import { errorOf, StepWait } from "./step-wait.js";
import type { BodyTransform } from "./transformed.js";

/** How a run of request steps ended. */
export type RequestResult =
  | { readonly kind: "go" }
  | { readonly kind: "answer"; readonly answer: CheckedAnswer }
  | { readonly kind: "failed"; readonly error: Error };

const GO: RequestResult = Object.freeze({ kind: "go" });
const NO_BODIES: readonly never[] = [];
/** An answer of a policy has a status of its own. */
const NONE_GIVEN = 0;

/**
 * The policies of one request, from the first hook to the last. Where no hook makes it wait, it gives the result at
 * once; else it gives undefined, and tells the result later.
 */
export class PolicyRun {
  readonly exchange: RunExchange;
  readonly #deadlines: Deadlines;
  readonly #limitMs: number;
  #wait: StepWait | undefined;
  /** Those of the gateway, then those of the route. */
  #outer = NO_POLICIES;
  #inner = NO_POLICIES;
  /** How many of them were reached. */
  #entered = 0;
  /** The view that the route was chosen by. */
  #matchedView: RequestView | undefined;
  #match: MatchResult | undefined;
  /** The body of an answer that a policy gave. */
  answerBody: string | Buffer | undefined;
  /** Why a policy ended the request. */
  failure: Failure | undefined;
  /** Told the result of the request steps, where a policy made them wait. */
  whenRequested: ((result: RequestResult) => void) | undefined;
  /** Told the result of the response steps, where a policy made them wait. */
  whenResponded: ((result: FinalResponse | Error) => void) | undefined;
  #bodies: readonly BodyTransform[] = NO_BODIES;
  #isOver = false;

  constructor(view: RequestView, deadlines: Deadlines, limitMs: number) {
    this.exchange = new RunExchange(view);
    this.#deadlines = deadlines;
    this.#limitMs = limitMs;
  }

  /** Runs the request steps of the whole gateway, in their order. */
  requestOfGateway(chain: PolicyChain): RequestResult | undefined {
    this.#outer = chain;
    return this.#request(chain, 0);
  }

  /** Runs the request steps of the route, in their order. */
  requestOfRoute(chain: PolicyChain): RequestResult | undefined {
    this.#inner = chain;
    return this.#request(chain, 0);
  }

  /** Looks for the route, with what the policies before it changed. */
  match(gateway: Gateway): MatchResult {
    const { view } = this.exchange;
    this.#matchedView = view;
    const match = gateway.match(view);
    if (match.kind === "match") {
      this.exchange.route = match.route;
      this.exchange.params = match.params;
    }
    this.#match = match;
    return match;
  }

  /** Decides for the route that was matched; the facts that its policies learnt are known then. */
  decide(gateway: Gateway): Decision {
    const { view } = this.exchange;
    const matched = this.#matchedView;
    if (matched === undefined || matched === view) return gateway.decide(view, this.#match);
    return gateway.decide({ ...matched, facts: view.facts }, this.#match);
  }

  /** Whether a response step waits for responses. */
  get hasResponse(): boolean {
    return this.#outer.hasResponse || this.#inner.hasResponse;
  }

  /** What the body that goes to the instance goes through. */
  get bodies(): readonly BodyTransform[] {
    return this.#bodies;
  }

  get changesBody(): boolean {
    return this.#bodies.length > 0;
  }

  /** Whether the response steps have begun: they do not begin anew. */
  hasResponded = false;

  /** Runs the response steps, in the opposite order. The headers are changed in place. */
  respond(
    status: number,
    headers: string[],
    origin: PolicyResponse["origin"],
  ): FinalResponse | Error | undefined {
    this.hasResponded = true;
    return this.#respond(new ResponsePass(status, headers, origin, this.#entered));
  }

  /** Tells all that were reached that the request is over. A second call does nothing. */
  end(end: ExchangeEnd): void {
    if (this.#isOver) return;
    this.abort();
    this.#isOver = true;
    for (let at = this.#entered - 1; at >= 0; at--) {
      try {
        letBe(this.#at(at).onEnd?.(this.exchange, end));
      } catch {
        // Listened to by nobody.
      }
    }
  }

  /** Waits for something else that a policy makes, no longer than for one of its steps. */
  within<Value>(made: Promise<Value>, then: (settled: Value | Error) => void): void {
    this.#waitFor(made, then);
  }

  /** Nothing that policies say of the response is waited for any more. */
  stopWaiting(): void {
    this.#wait?.cancel();
    this.whenResponded = undefined;
  }

  /** The client is gone, or nothing is waited for any more. */
  abort(): void {
    this.#wait?.cancel();
    this.exchange.abort();
  }

  #at(index: number): Policy {
    const { policies } = this.#outer;
    return (policies[index] ?? this.#inner.policies[index - policies.length]) as Policy;
  }

  #request(chain: PolicyChain, from: number): RequestResult | undefined {
    const { policies } = chain;
    for (let at = from; at < policies.length; at++) {
      this.#entered++;
      const step = this.#enter(policies[at] as Policy);
      if (step === undefined) continue;
      if (isThenable(step)) {
        this.#waitFor(step, (settled) => {
          const result = this.#apply(settled, chain) ?? this.#request(chain, at + 1);
          if (result !== undefined) this.whenRequested?.(result);
        });
        return undefined;
      }
      const stop = this.#apply(step, chain);
      if (stop !== undefined) return stop;
    }
    return GO;
  }

  #apply(step: RequestStep | Error, chain: PolicyChain): RequestResult | undefined {
    if (step instanceof Error) return { kind: "failed", error: step };
    if (step === undefined) return undefined;
    try {
      if (step.answer !== undefined) {
        return { kind: "answer", answer: checkedAnswer(step.answer, NONE_GIVEN) };
      }
      this.#change(step, chain === this.#inner);
      return undefined;
    } catch (error) {
      return { kind: "failed", error: errorOf(error) };
    }
  }

  #change({ facts, headers, method, url, body }: RequestChange, isMatched: boolean): void {
    if (isMatched && (method !== undefined || url !== undefined)) {
      throw new TypeError(
        "onRequest: only a policy of the whole gateway may change method or url; the route of this one is chosen already",
      );
    }
    this.exchange.view = changeRequest(this.exchange.view, { facts, headers, method, url });
    if (body !== undefined) this.#bodies = [...this.#bodies, body];
  }

  #respond(pass: ResponsePass): FinalResponse | Error | undefined {
    while (pass.left > 0) {
      const step = this.#leave(this.#at(--pass.left), pass);
      if (step === undefined) continue;
      if (isThenable(step)) {
        this.#waitFor(step, (settled) => {
          const result = pass.take(settled) ?? this.#respond(pass);
          if (result !== undefined) this.whenResponded?.(result);
        });
        return undefined;
      }
      const error = pass.take(step);
      if (error !== undefined) return error;
    }
    return pass;
  }

  #enter(policy: Policy): Awaitable<RequestStep | Error> {
    try {
      return policy.onRequest?.(this.exchange);
    } catch (error) {
      return errorOf(error);
    }
  }

  #leave(policy: Policy, pass: ResponsePass): Awaitable<ResponseStep | Error> {
    try {
      return policy.onResponse?.(this.exchange, pass.seen());
    } catch (error) {
      return errorOf(error);
    }
  }

  #waitFor<Value>(step: PromiseLike<Value>, then: (settled: Value | Error) => void): void {
    if (this.#isOver) return;
    this.#wait ??= new StepWait(this.#deadlines, this.#limitMs);
    this.#wait.for(step, then);
  }
}
