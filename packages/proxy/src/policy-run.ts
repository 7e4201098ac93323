import { Readable } from "node:stream";
import {
  changeHeaders,
  changeRequest,
  type Decision,
  type Gateway,
  type MatchResult,
  type Params,
  type RequestView,
} from "@signalbox/core";
import { Deadline, type DeadlineOwner, type Deadlines } from "./deadlines.js";
import type { ExchangeEnd } from "./exchange-end.js";
import type { Failure } from "./failure.js";
import type {
  Awaitable,
  Policy,
  PolicyAnswer,
  PolicyExchange,
  PolicyResponse,
  RequestChange,
  RequestStep,
  ResponseStep,
} from "./policy.js";

/** How a run of request steps ended. */
export type RequestResult =
  | { readonly kind: "go" }
  | { readonly kind: "answer"; readonly answer: PolicyAnswer }
  | { readonly kind: "failed"; readonly error: Error };

/** What the client gets after all response steps. */
export interface FinalResponse {
  readonly status: number;
  readonly headers: string[];
  /** What the body goes through, in this order. */
  readonly transforms: readonly ((body: Readable) => Readable)[];
}

const NO_PARAMS: Params = Object.freeze({});
const GO: RequestResult = Object.freeze({ kind: "go" });

/** The policies of one request, from the first hook to the last. Goes on in the same turn where no hook makes it wait. */
export class PolicyRun implements DeadlineOwner {
  readonly exchange = new RunExchange();
  readonly #deadlines: Deadlines;
  readonly #limitMs: number;
  #deadline: Deadline | undefined;
  readonly #entered: Policy[] = [];
  /** The view that the route was chosen by. */
  #matchedView: RequestView | undefined;
  #match: MatchResult | undefined;
  /** The body of an answer that a policy gave. */
  answerBody: string | Buffer | undefined;
  /** Why a policy ended the request. */
  failure: Failure | undefined;
  #bodies: ((body: Readable) => Readable)[] | undefined;
  #onLate: (() => void) | undefined;
  #isOver = false;

  constructor(view: RequestView, deadlines: Deadlines, limitMs: number) {
    this.exchange.view = view;
    this.#deadlines = deadlines;
    this.#limitMs = limitMs;
  }

  /** Runs the request steps, in their order. */
  request(
    policies: readonly Policy[],
    isMatched: boolean,
    done: (result: RequestResult) => void,
  ): void {
    const next = (index: number): void => {
      for (let at = index; at < policies.length; at++) {
        const policy = policies[at] as Policy;
        this.#entered.push(policy);
        if (policy.onRequest === undefined) continue;
        const step = this.#enter(policy);
        if (isThenable(step)) {
          this.#wait(step, (settled) => {
            const stop = this.#apply(settled, isMatched);
            if (stop === undefined) next(at + 1);
            else done(stop);
          });
          return;
        }
        const stop = this.#apply(step, isMatched);
        if (stop !== undefined) return done(stop);
      }
      done(GO);
    };
    next(0);
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
    return this.#entered.some(({ onResponse }) => onResponse !== undefined);
  }

  /** The body that goes to the instance, when a policy makes it. */
  bodyOf(body: Readable): Readable | undefined {
    return this.#bodies?.reduce((source, transform) => transform(source), body);
  }

  get changesBody(): boolean {
    return this.#bodies !== undefined;
  }

  /** Runs the response steps, in the opposite order. */
  respond(response: PolicyResponse, done: (result: FinalResponse | Error) => void): void {
    const headers = [...response.headers];
    const transforms: ((body: Readable) => Readable)[] = [];
    const { origin } = response;
    let { status } = response;
    const apply = (step: ResponseStep | Error): Error | undefined => {
      if (step instanceof Error) return step;
      if (step === undefined) return undefined;
      if (step.status !== undefined) status = checkedStatus(step.status);
      if (step.headers !== undefined) changeHeaders(headers, step.headers);
      if (step.body !== undefined) transforms.push(step.body);
      return undefined;
    };
    const next = (index: number): void => {
      for (let at = index; at >= 0; at--) {
        const policy = this.#entered[at] as Policy;
        if (policy.onResponse === undefined) continue;
        const seen = { status, headers, origin };
        const step = this.#leave(policy, seen);
        if (isThenable(step)) {
          this.#wait(step, (settled) => {
            const error = attempt(() => apply(settled));
            if (error === undefined) next(at - 1);
            else done(error);
          });
          return;
        }
        const error = attempt(() => apply(step));
        if (error !== undefined) return done(error);
      }
      done({ status, headers, transforms });
    };
    next(this.#entered.length - 1);
  }

  /** Tells all that were reached that the request is over. A second call does nothing. */
  end(end: ExchangeEnd): void {
    if (this.#isOver) return;
    this.abort();
    this.#isOver = true;
    for (let at = this.#entered.length - 1; at >= 0; at--) {
      try {
        this.#entered[at]?.onEnd?.(this.exchange, end);
      } catch {
        // A log that fails must not take others with it.
      }
    }
  }

  /** The client is gone, or nothing is waited for any more. */
  abort(): void {
    this.#clearDeadline();
    this.#onLate = undefined;
    this.exchange.abort();
  }

  onDeadline(): void {
    this.#onLate?.();
  }

  #apply(step: RequestStep | Error, isMatched: boolean): RequestResult | undefined {
    if (step instanceof Error) return { kind: "failed", error: step };
    if (step === undefined) return undefined;
    try {
      if (step.answer !== undefined) {
        checkedStatus(step.answer.status);
        return { kind: "answer", answer: step.answer };
      }
      this.#change(step, isMatched);
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
    if (body !== undefined) this.#bodies = [...(this.#bodies ?? []), body];
  }

  #enter(policy: Policy): Awaitable<RequestStep | Error> {
    try {
      return policy.onRequest?.(this.exchange);
    } catch (error) {
      return errorOf(error);
    }
  }

  #leave(policy: Policy, response: PolicyResponse): Awaitable<ResponseStep | Error> {
    try {
      return policy.onResponse?.(this.exchange, response);
    } catch (error) {
      return errorOf(error);
    }
  }

  #clearDeadline(): void {
    if (this.#deadline !== undefined) this.#deadlines.clear(this.#deadline);
  }

  // A step that never ends must not hold its request for ever.
  #wait<Value>(step: PromiseLike<Value>, then: (settled: Value | Error) => void): void {
    let isSettled = false;
    const settle = (value: Value | Error): void => {
      if (isSettled || this.#isOver) return;
      isSettled = true;
      this.#clearDeadline();
      then(value);
    };
    this.#onLate = () =>
      settle(new Error(`a policy did not come to its end in ${this.#limitMs} ms`));
    if (this.#limitMs > 0)
      this.#deadlines.set((this.#deadline ??= new Deadline(this)), this.#limitMs);
    step.then(settle, (error: unknown) => settle(errorOf(error)));
  }
}

/** What policies see of a request. */
class RunExchange implements PolicyExchange {
  view!: RequestView;
  route: string | undefined;
  params = NO_PARAMS;
  #locals: Record<PropertyKey, unknown> | undefined;
  #abort: AbortController | undefined;
  #isAborted = false;

  get locals(): Record<PropertyKey, unknown> {
    return (this.#locals ??= Object.create(null) as Record<PropertyKey, unknown>);
  }

  // Few policies ask for it, and it costs more than all else here.
  get signal(): AbortSignal {
    this.#abort ??= new AbortController();
    if (this.#isAborted) this.#abort.abort();
    return this.#abort.signal;
  }

  abort(): void {
    this.#isAborted = true;
    this.#abort?.abort();
  }
}

function isThenable<Value>(value: Value | PromiseLike<Value>): value is PromiseLike<Value> {
  return typeof (value as { then?: unknown } | undefined)?.then === "function";
}

function attempt(work: () => Error | undefined): Error | undefined {
  try {
    return work();
  } catch (error) {
    return errorOf(error);
  }
}

function errorOf(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

function checkedStatus(status: number): number {
  if (Number.isInteger(status) && status >= 200 && status <= 599) return status;
  throw new TypeError(
    `a policy gave the status ${String(status)}: expected a whole number from 200 to 599`,
  );
}
