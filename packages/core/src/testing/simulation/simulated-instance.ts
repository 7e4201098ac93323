import { sample } from "./distribution.js";
import type { EventQueue } from "./event-queue.js";
import type { Fault, InstanceModel } from "./scenario.js";

/** What becomes of a request at an instance. */
export type Served =
  | { readonly kind: "response"; readonly status: number }
  | {
      readonly kind: "failure";
      readonly stage: "connect" | "head";
      readonly cause: "refused" | "reset";
    };

/** A request at an instance. */
export interface Work {
  /** Told once, unless the instance never answers. */
  readonly done: (served: Served) => void;
}

interface Job extends Work {
  startedAt: number;
  isOver: boolean;
}

/** Time that a refused connection takes. */
const REFUSED_MS = 0.2;
/** Time that an answer takes that is no work: an overload, a failure that is scripted. */
const SHORT_MS = 1;

/** An instance as a queue in front of some workers, with what goes wrong at it. */
export class SimulatedInstance {
  readonly #model: InstanceModel;
  readonly #events: EventQueue;
  readonly #random: () => number;
  readonly #faults: readonly Fault[];
  readonly #jobs = new Set<Job>();
  #waiting: Job[] = [];
  #working = 0;
  #coldSince = Number.NEGATIVE_INFINITY;
  #isDown = false;
  /** Requests that it got. */
  requests = 0;
  /** Time that its workers worked. Unit: milliseconds. */
  busyMs = 0;
  maxInFlight = 0;

  constructor(
    model: InstanceModel,
    events: EventQueue,
    random: () => number,
    faults: readonly Fault[],
  ) {
    this.#model = model;
    this.#events = events;
    this.#random = random;
    this.#faults = faults;
  }

  /** Requests at it. */
  get inFlight(): number {
    return this.#jobs.size;
  }

  /** Whether it would answer a probe now. */
  isWell(now: number): boolean {
    return !this.#isDown && this.#faultAt("stalled", now) === undefined && this.#failingAt(now) < 1;
  }

  serve(work: Work, now: number): void {
    this.requests++;
    if (this.#isDown) {
      const refused = { kind: "failure", stage: "connect", cause: "refused" } as const;
      this.#events.plan(now + REFUSED_MS, () => work.done(refused));
      return;
    }
    const job: Job = { done: work.done, startedAt: now, isOver: false };
    const { capacity = 1_000, queue = 1_000_000 } = this.#model;
    this.#jobs.add(job);
    this.maxInFlight = Math.max(this.maxInFlight, this.#jobs.size);
    if (this.#failingAt(now) > 0 && this.#random() < this.#failingAt(now))
      this.#plan(job, now + SHORT_MS, 503);
    else if (this.#working < capacity) this.#begin(job, now);
    else if (this.#waiting.length < queue) this.#waiting.push(job);
    else this.#plan(job, now + SHORT_MS, 503);
  }

  #begin(job: Job, now: number): void {
    this.#working++;
    const status = this.#random() < (this.#model.errorRatio ?? 0) ? 500 : 200;
    const ms = sample(this.#model.serviceMs, this.#random) * this.#factorAt(now);
    this.#finish(job, now, now + ms, status);
  }

  // A process that is stopped goes on where it was.
  #finish(job: Job, from: number, at: number, status: number): void {
    const stall = this.#faultAt("stalled", at) ?? this.#faultAt("stalled", from);
    const end = stall === undefined ? at : Math.max(at, endOf(stall) + (at - from));
    if (end === Number.POSITIVE_INFINITY) return;
    this.#events.plan(end, () => {
      if (job.isOver) return;
      this.#working--;
      this.busyMs += at - from;
      this.#end(job, { kind: "response", status });
      const next = this.#waiting.shift();
      if (next !== undefined) this.#begin(next, end);
    });
  }

  #plan(job: Job, at: number, status: number): void {
    this.#events.plan(at, () => this.#end(job, { kind: "response", status }));
  }

  #end(job: Job, served: Served): void {
    if (job.isOver) return;
    job.isOver = true;
    this.#jobs.delete(job);
    job.done(served);
  }

  /** The process dies. */
  kill(): void {
    this.#isDown = true;
    this.#waiting = [];
    this.#working = 0;
    for (const job of [...this.#jobs])
      this.#end(job, { kind: "failure", stage: "head", cause: "reset" });
  }

  /** A new process is there. */
  startCold(now: number): void {
    this.#isDown = false;
    this.#coldSince = now;
  }

  #factorAt(now: number): number {
    const slow = this.#faultAt("slow", now);
    return (slow === undefined ? 1 : (slow.factor ?? 10)) * this.#coldFactorAt(now);
  }

  #coldFactorAt(now: number): number {
    const { coldStart } = this.#model;
    if (coldStart === undefined) return 1;
    const left = 1 - (now - this.#coldSince) / coldStart.durationMs;
    return left <= 0 ? 1 : 1 + (coldStart.factor - 1) * left;
  }

  #failingAt(now: number): number {
    const fault = this.#faultAt("failing", now);
    return fault === undefined ? 0 : (fault.ratio ?? 1);
  }

  #faultAt(kind: Fault["kind"], now: number): Fault | undefined {
    if (this.#faults.length === 0) return undefined;
    return this.#faults.find(
      (fault) => fault.kind === kind && fault.fromMs <= now && now < endOf(fault),
    );
  }
}

function endOf({ toMs = Number.POSITIVE_INFINITY }: Fault): number {
  return toMs;
}
