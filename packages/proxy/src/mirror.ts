import {
  buildUpstreamRequest,
  type ForwardDecision,
  type Gateway,
  type Outcome,
  type RequestView,
} from "@signalbox/core";
import { dropLength } from "./announced-length.js";
import { Attempt } from "./attempt.js";
import type { AttemptOwner } from "./attempt-owner.js";
import { WholeBody } from "./whole-body.js";
import { Deadline, type DeadlineOwner, type Deadlines } from "./deadlines.js";
import type { Failure } from "./failure.js";
import type { Headers } from "./head-record.js";
import type { Pools } from "./pools.js";
import type { OutgoingRequest } from "./slot.js";

/** What became of one copy of a request, told once. */
export interface MirrorEnd {
  readonly view: RequestView;
  /** That of the copy. */
  readonly decision: ForwardDecision;
  /**
   * Why it was not sent: the body was larger than what is kept, too many copies were under way, or the request ended
   * before its body had come whole. Undefined when it was.
   */
  readonly dropped?: "too-large" | "limit" | "incomplete" | "no-instance";
  /** Undefined when it was not sent. */
  readonly outcome?: Outcome;
  /** Undefined when there was no answer. */
  readonly status?: number;
  /** Where the mirror compares and both answers came. */
  readonly differences?: readonly MirrorDifference[];
  /** From its start to its end. Unit: milliseconds; 0 when it was not sent. */
  readonly durationMs: number;
}

/** Something in which the answer to a copy differs from the one that the client got from the instance. */
export interface MirrorDifference {
  /** `status`, or the name of a header in lower case. */
  readonly what: string;
  /** What the answer to the request has; undefined when it lacks the header. */
  readonly main: string | undefined;
  /** What the answer to the copy has. */
  readonly mirror: string | undefined;
}

/** What mirrors need of their proxy. */
export interface MirrorHost {
  readonly gateway: Gateway;
  readonly pools: Pools;
  readonly deadlines: Deadlines;
  /** False when as many are under way as may be. */
  mirrorBegins(mirror: { cancel(): void }): boolean;
  mirrorEnded(mirror: { cancel(): void }): void;
  mirrorTold(end: MirrorEnd): void;
  released(service: string): void;
}

interface Head {
  readonly status: number;
  readonly headers: Headers;
}

/** All copies of one request. They begin when its body has come whole, and then go their own way. */
export class MirrorSet {
  readonly #mirrors: readonly Mirror[];
  #hasBegun = false;

  constructor(host: MirrorHost, view: RequestView, decisions: readonly ForwardDecision[]) {
    this.#mirrors = decisions.map((decision) => new Mirror(host, view, decision));
  }

  /** @param body undefined when it was too large to keep */
  begin(body: Buffer | undefined): void {
    if (this.#hasBegun) return;
    this.#hasBegun = true;
    for (const mirror of this.#mirrors) {
      if (body === undefined) mirror.drop("too-large");
      else mirror.begin(body);
    }
  }

  /** The head of the response that the client gets from the instance. */
  onMain(status: number, headers: Headers): void {
    for (const mirror of this.#mirrors) mirror.onMain({ status, headers });
  }

  /** The request is over. */
  onMainOver(): void {
    const hasBegun = this.#hasBegun;
    this.#hasBegun = true;
    for (const mirror of this.#mirrors) {
      if (hasBegun) mirror.onMain(undefined);
      else mirror.drop("incomplete");
    }
  }
}

/** One copy. Nothing that becomes of it is seen by the client. */
class Mirror implements AttemptOwner, DeadlineOwner {
  readonly #host: MirrorHost;
  readonly #view: RequestView;
  readonly #decision: ForwardDecision;
  readonly #deadline = new Deadline(this);
  #body: Buffer | undefined;
  #attempt: Attempt | undefined;
  #startedAt = 0;
  #durationMs = 0;
  #outcome: Outcome | undefined;
  #head: Head | undefined;
  #main: Head | undefined;
  #isMainKnown = false;
  #isTold = false;

  constructor(host: MirrorHost, view: RequestView, decision: ForwardDecision) {
    this.#host = host;
    this.#view = view;
    this.#decision = decision;
  }

  get gateway(): Gateway {
    return this.#host.gateway;
  }

  get isHeldBack(): boolean {
    return false;
  }

  get deadlines(): Deadlines {
    return this.#host.deadlines;
  }

  begin(body: Buffer): void {
    const decision = this.#decision;
    const { gateway, pools } = this.#host;
    if (!this.#host.mirrorBegins(this)) return this.drop("limit");
    const pool = pools.of(decision);
    if (pool === undefined || !gateway.start(decision)) {
      this.#host.mirrorEnded(this);
      return this.drop("no-instance");
    }
    this.#body = body;
    this.#startedAt = performance.now();
    this.deadlines.set(this.#deadline, decision.timeouts.requestMs, this.#startedAt);
    this.#attempt = new Attempt(this, decision, this.#startedAt);
    this.#attempt.begin(pool, gateway.connectOf(decision.service)?.queueMs ?? 0);
  }

  drop(dropped: NonNullable<MirrorEnd["dropped"]>): void {
    this.#tell({ view: this.#view, decision: this.#decision, dropped, durationMs: 0 });
  }

  /** @param main undefined when the request ended without an answer of an instance */
  onMain(main: Head | undefined): void {
    if (this.#isMainKnown) return;
    this.#isMainKnown = true;
    this.#main = main;
    if (this.#outcome !== undefined) this.#tellEnd();
  }

  /** The proxy closes. */
  cancel(): void {
    this.#attempt?.cancel();
    this.#finish({ kind: "cancelled", stage: this.#attempt?.stage ?? "connect" });
  }

  onDeadline(): void {
    this.#attempt?.expire();
  }

  outgoing(): OutgoingRequest {
    const { method, path, headers } = buildUpstreamRequest(this.#view, this.#decision);
    const bytes = this.#body;
    // A policy may have made another body of it, also none.
    dropLength(headers);
    if (bytes === undefined || bytes.length === 0)
      return { method, path, headers, body: null, idleMs: 0, extras: undefined };
    headers.push("content-length", String(bytes.length));
    return { method, path, headers, body: new WholeBody(bytes), idleMs: 0, extras: undefined };
  }

  onReady(): void {}

  onSent(): void {}

  onContinue(): void {}

  onInterim(): void {}

  onHead(_attempt: Attempt, status: number, headers: Headers): boolean {
    this.#head = { status, headers };
    return true;
  }

  onData(): boolean {
    return true;
  }

  onEnd(): void {
    const { status } = this.#head as Head;
    this.#finish({ kind: "response", status, totalMs: performance.now() - this.#startedAt });
  }

  onFailure(_attempt: Attempt, _failure: Failure, outcome: Outcome): void {
    this.#finish(outcome);
  }

  onReported({ decision }: Attempt): void {
    this.#host.released(decision.service);
  }

  #finish(outcome: Outcome): void {
    if (this.#outcome !== undefined) return;
    this.#outcome = outcome;
    this.#body = undefined;
    this.#durationMs = performance.now() - this.#startedAt;
    this.deadlines.clear(this.#deadline);
    this.#host.mirrorEnded(this);
    if (this.#isMainKnown || this.#decision.compare === undefined) this.#tellEnd();
  }

  #tellEnd(): void {
    const base = {
      view: this.#view,
      decision: this.#decision,
      outcome: this.#outcome as Outcome,
      durationMs: this.#durationMs,
    };
    const answered = this.#head === undefined ? base : { ...base, status: this.#head.status };
    const differences = this.#differences();
    this.#tell(differences === undefined ? answered : { ...answered, differences });
  }

  #differences(): readonly MirrorDifference[] | undefined {
    const { compare } = this.#decision;
    if (compare === undefined || this.#head === undefined || this.#main === undefined)
      return undefined;
    const [main, mirror] = [this.#main, this.#head];
    const status = { what: "status", main: String(main.status), mirror: String(mirror.status) };
    const headers = compare.headers.map((what) => ({
      what,
      main: lineOf(main.headers[what]),
      mirror: lineOf(mirror.headers[what]),
    }));
    const all = compare.status ? [status, ...headers] : headers;
    return all.filter((one) => one.main !== one.mirror);
  }

  #tell(end: MirrorEnd): void {
    if (this.#isTold) return;
    this.#isTold = true;
    this.#host.mirrorTold(end);
  }
}

function lineOf(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(", ") : value;
}
