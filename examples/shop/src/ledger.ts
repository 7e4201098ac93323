import type { Decision, Outcome, RetryFacts } from "@signalbox/core";
import type { ExchangeEnd, FailedAttempt } from "@signalbox/http";

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
  add({ decision, status, isComplete, failed }: ExchangeEnd): void {
    const line = this.#lineOf(decision);
    line.requests++;
    if (decision.kind === "forward")
      for (const id of decision.tried)
        this.#line(decision.service, decision.version ?? "", id).sentOn++;
    for (const attempt of failed) this.#countRetry(attempt);
    if (isComplete && status < 400) return;
    line.lost++;
    const loss = lossOf(failed.at(-1)) ?? {
      why: `answered ${status}${isComplete ? "" : " but not to its end"}`,
      isPromised: true,
    };
    const known = this.#losses.get(loss.why);
    if (known === undefined) this.#losses.set(loss.why, { ...loss, requests: 1 });
    else known.requests++;
  }

  #countRetry({ outcome, next }: FailedAttempt): void {
    if (next !== "retry" || outcome.kind !== "failure") return;
    if (outcome.stage === "connect") this.#afterConnect++;
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

/** Why a request was lost, when its last attempt says so. */
function lossOf(last: FailedAttempt | undefined): Omit<Loss, "requests"> | undefined {
  if (last === undefined || last.next === "retry" || last.outcome.kind !== "failure")
    return undefined;
  const { decision, outcome, facts, next } = last;
  const { method } = decision.request;
  const why = `${method} that ${howFar(outcome, facts)} (${outcome.cause}); not sent again: ${next}`;
  return { why, isPromised: isPromised(method, outcome, facts) };
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
