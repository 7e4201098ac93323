import type { Decision, ForwardDecision, Outcome, RetryFacts } from "@signalbox/core";
import type { ExchangeEnd } from "@signalbox/http";

/** What one instance did, or the gateway's host itself. */
export interface Line {
  readonly service: string;
  readonly version: string;
  readonly instance: string;
  /** Requests that ended here. */
  readonly requests: number;
  /** Requests that failed here and were sent to another instance. */
  readonly sentOn: number;
  /** Requests whose client got no good answer. */
  readonly lost: number;
}

/** A kind of request that was lost. */
export interface Loss {
  /** `POST that was sent (reset); not sent again: method`. */
  readonly why: string;
  readonly requests: number;
  /** Whether the design promises to save these. */
  readonly isPromised: boolean;
}

/** What went where since the last account. */
export interface Account {
  readonly lines: readonly Line[];
  readonly losses: readonly Loss[];
  /** Requests that were sent again because no connection could be made. */
  readonly afterConnect: number;
  /** Requests that were sent again because a connection died under them. */
  readonly afterReset: number;
  /** `orders-1 for 30 s`. */
  readonly ejected: readonly string[];
}

type Failed = Extract<Outcome, { kind: "failure" }>;
type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

/** Books each request once, when it is over. */
export class Ledger {
  #lines = new Map<string, Writable<Line>>();
  #losses = new Map<string, Writable<Loss>>();
  #afterConnect = 0;
  #afterReset = 0;
  #ejected: string[] = [];
  readonly #failures = new WeakMap<ForwardDecision, Omit<Loss, "requests">>();

  /** Everything since the last time. */
  take(): Account {
    const account = {
      lines: [...this.#lines.values()],
      losses: [...this.#losses.values()],
      afterConnect: this.#afterConnect,
      afterReset: this.#afterReset,
      ejected: this.#ejected,
    };
    this.#lines = new Map();
    this.#losses = new Map();
    this.#afterConnect = 0;
    this.#afterReset = 0;
    this.#ejected = [];
    return account;
  }

  /** A request that no route took. */
  addOwn(): void {
    this.#line("(the server's own)", "", "").requests++;
  }

  /** A request that a route took. */
  add({ decision, status, isComplete }: ExchangeEnd): void {
    const line = this.#lineOf(decision);
    line.requests++;
    if (decision.kind === "forward")
      for (const id of decision.tried)
        this.#line(decision.service, decision.version ?? "", id).sentOn++;
    if (isComplete && status < 400) return;
    line.lost++;
    const loss = (decision.kind === "forward" ? this.#failures.get(decision) : undefined) ?? {
      why: `answered ${status}${isComplete ? "" : " but not to its end"}`,
      isPromised: true,
    };
    const known = this.#losses.get(loss.why);
    if (known === undefined) this.#losses.set(loss.why, { ...loss, requests: 1 });
    else known.requests++;
  }

  /** An attempt that failed, and what followed: undefined when it was sent again. */
  addFailure(
    decision: ForwardDecision,
    outcome: Outcome,
    facts: RetryFacts,
    stopped: string | undefined,
  ): void {
    if (outcome.kind !== "failure") return;
    const { method } = decision.request;
    if (stopped !== undefined) {
      const why = `${method} that ${howFar(outcome, facts)} (${outcome.cause}); not sent again: ${stopped}`;
      this.#failures.set(decision, { why, isPromised: isPromised(method, outcome, facts) });
    } else if (outcome.stage === "connect") this.#afterConnect++;
    else this.#afterReset++;
  }

  addEjection(instance: string, forMs: number): void {
    this.#ejected.push(`${instance} for ${Math.round(forMs / 1000)} s`);
  }

  #lineOf(decision: Decision): Writable<Line> {
    if (decision.kind !== "forward") return this.#line("(the gateway's own)", "", "");
    return this.#line(decision.service, decision.version ?? "", decision.instance.id);
  }

  #line(service: string, version: string, instance: string): Writable<Line> {
    const key = `${service} ${version} ${instance}`;
    let line = this.#lines.get(key);
    if (line === undefined) {
      line = { service, version, instance, requests: 0, sentOn: 0, lost: 0 };
      this.#lines.set(key, line);
    }
    return line;
  }
}

function howFar({ stage }: Failed, { reusedConnection }: RetryFacts): string {
  if (stage === "connect") return "could not be sent";
  return reusedConnection === true ? "was sent" : "was sent on a new connection";
}

/**
 * Whether a request survives such a failure by design: when it was not sent at all, whatever its method; and
 * when it may be sent twice and the connection, which had served before, died before a byte of the response.
 */
function isPromised(
  method: string,
  outcome: Failed,
  { reusedConnection, responseStarted }: RetryFacts,
): boolean {
  if (outcome.stage === "connect") return true;
  if (method === "POST" || outcome.stage === "body" || responseStarted === true) return false;
  return (outcome.cause === "reset" || outcome.cause === "closed") && reusedConnection === true;
}
