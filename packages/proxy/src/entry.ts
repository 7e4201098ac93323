import type {
  Decision,
  Gateway,
  RejectDecision,
  RequestView,
  RespondDecision,
} from "@signalbox/core";
import type { Deadlines } from "./deadlines.js";
import type { Over } from "./exchange-end.js";
import type { Policy, PolicyAnswer } from "./policy.js";
import { PolicyRun, type RequestResult } from "./policy-run.js";
import type { ProxyLimits } from "./proxy-options.js";

/** What an entry needs of its proxy. */
export interface EntryHost {
  readonly gateway: Gateway;
  readonly deadlines: Deadlines;
  readonly limits: ProxyLimits;
  policyOf(name: string): Policy | undefined;
  decide(view: RequestView, policies: PolicyRun): Decision;
  ended(over: Over, policies: PolicyRun): void;
}

/** Where a client that leaves is seen. */
export interface Client {
  on(event: "close" | "error", listener: () => void): unknown;
  once(event: "close", listener: () => void): unknown;
  off(event: "close", listener: () => void): unknown;
}

/** Told the decision, once; not at all where the client has left before. */
export type OnDecided = (decision: Decision, policies: PolicyRun) => void;

/**
 * The way of a request from its arrival to its decision where there are policies: those of the whole gateway, the
 * match, those of the route, the decision.
 */
export class Entry {
  readonly #host: EntryHost;
  readonly #run: PolicyRun;
  readonly #startedAt = performance.now();
  /** The response, or the socket of an upgrade. */
  readonly #client: Client;
  #onDecided: OnDecided = () => {};
  #isOver = false;

  constructor(host: EntryHost, view: RequestView, client: Client) {
    this.#host = host;
    this.#client = client;
    this.#run = new PolicyRun(view, host.deadlines, host.limits.policyMs);
    client.on("error", ignore);
    client.on("close", this.#onLeft);
  }

  /** The request with all that the policies changed. */
  get view(): RequestView {
    return this.#run.exchange.view;
  }

  run(onDecided: OnDecided): void {
    this.#onDecided = onDecided;
    this.#steps(this.#host.gateway.policies, false, () => this.#match());
  }

  #match(): void {
    const match = this.#run.match(this.#host.gateway);
    if (match.kind !== "match") return this.#decided(match);
    this.#steps(match.policies, true, () => {
      this.#decided(this.#host.decide(this.view, this.#run));
    });
  }

  #steps(names: readonly string[], isMatched: boolean, then: () => void): void {
    if (names.length === 0) return then();
    const policies: Policy[] = [];
    for (const name of names) {
      const policy = this.#host.policyOf(name);
      // A step that is not there must never be skipped in silence: it may be the one that asks who is there.
      if (policy === undefined)
        return this.#decided(this.#refusal(`no policy is called "${name}"`));
      policies.push(policy);
    }
    this.#run.request(policies, isMatched, (result) => {
      if (this.#isOver) return;
      if (result.kind === "go") then();
      else this.#decided(this.#stopped(result));
    });
  }

  #stopped(result: Exclude<RequestResult, { kind: "go" }>): Decision {
    if (result.kind === "answer") return this.#answered(result.answer);
    this.#run.failure = {
      side: "gateway",
      stage: "connect",
      cause: "policy",
      error: result.error,
    };
    return this.#refusal(`a policy failed: ${result.error.message}`);
  }

  #answered({ status, headers = {}, body = "" }: PolicyAnswer): RespondDecision {
    this.#run.answerBody = body;
    const { route = "" } = this.#run.exchange;
    return { kind: "respond", route, status, headers, body: body.toString() };
  }

  #refusal(detail: string): RejectDecision {
    const { route } = this.#run.exchange;
    const base = { kind: "reject", status: 500, headers: {}, reason: "internal", detail } as const;
    return route === undefined ? base : { ...base, route };
  }

  #decided(decision: Decision): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#client.off("close", this.#onLeft);
    // What no route takes is over when the server that it is handed to has answered it.
    if (decision.kind === "none")
      this.#client.once("close", () => this.#run.end(this.#end(decision, 0)));
    this.#onDecided(decision, this.#run);
  }

  readonly #onLeft = (): void => {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#run.abort();
    this.#host.ended({ end: () => this.#end({ kind: "none" }, 499) }, this.#run);
  };

  #end(decision: Decision, status: number): ReturnType<Over["end"]> {
    const end = {
      view: this.view,
      decision,
      status,
      isComplete: status === 0,
      attempts: 0,
      failed: [],
      durationMs: performance.now() - this.#startedAt,
    };
    return status === 0
      ? end
      : { ...end, failure: { side: "client", stage: "connect", cause: "left" } };
  }
}

function ignore(): void {}
