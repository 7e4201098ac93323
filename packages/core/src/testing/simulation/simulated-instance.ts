import type { VirtualClock } from "./virtual-clock.js";
import { sample } from "./distribution.js";
import { Pauses } from "./pauses.js";
import type { Fault, InstanceModel } from "./scenario.js";
import { WaitingLine } from "./waiting-line.js";

/** A request at an instance. One of the two is told once, unless the instance never answers. */
export interface Work {
  /** @param workedMs time that the instance worked on it */
  onResponse(status: number, workedMs: number): void;
  onFailure(stage: "connect" | "head", cause: "refused" | "reset", workedMs: number): void;
}

/** A request that an instance has taken. */
interface Job {
  readonly work: Work;
  /** When it was begun to be worked on; undefined while it waits, or is not worked on at all. */
  beganAt: number | undefined;
  isOver: boolean;
}

/** What an instance answers to a probe. */
export interface ProbeAnswer {
  readonly isWell: boolean;
  /** `Infinity` when it does not answer. */
  readonly afterMs: number;
}

/** Time that a refused connection takes. */
const REFUSED_MS = 0.2;
/** Time that an answer takes that is no work: an overload, a failure that is scripted, a probe. */
const SHORT_MS = 1;

/** An instance as a queue in front of some workers, with what goes wrong at it. */
export class SimulatedInstance {
  readonly #model: InstanceModel;
  readonly #clock: VirtualClock;
  readonly #random: () => number;
  readonly #slow: readonly Fault[];
  readonly #failing: readonly Fault[];
  readonly #stalls: Pauses;
  readonly #jobs = new Set<Job>();
  readonly #waiting = new WaitingLine<Job>();
  #working = 0;
  #coldSince = Number.NEGATIVE_INFINITY;
  /** How many things keep it down. */
  #downs = 0;
  #requests = 0;
  #busyMs = 0;
  #maxInFlight = 0;

  /** @param faults those at this instance; whoever plans them calls `kill` and `start` for those that take it down */
  constructor(
    model: InstanceModel,
    clock: VirtualClock,
    random: () => number,
    faults: readonly Fault[],
  ) {
    this.#model = model;
    this.#clock = clock;
    this.#random = random;
    this.#slow = faults.filter(({ kind }) => kind === "slow");
    this.#failing = faults.filter(({ kind }) => kind === "failing");
    this.#stalls = new Pauses(faults.filter(({ kind }) => kind === "stalled"));
  }

  /** Requests that came to it, those that it refused among them. */
  get requests(): number {
    return this.#requests;
  }

  /** Time that its workers worked. Unit: milliseconds. */
  get busyMs(): number {
    return this.#busyMs;
  }

  /** Requests at it. */
  get inFlight(): number {
    return this.#jobs.size;
  }

  get maxInFlight(): number {
    return this.#maxInFlight;
  }

  serve(work: Work): void {
    this.#requests++;
    if (this.#downs > 0) {
      this.#clock.after(REFUSED_MS, () => work.onFailure("connect", "refused", 0));
      return;
    }
    const job: Job = { work, beganAt: undefined, isOver: false };
    const { capacity = 1_000, queue = 1_000_000 } = this.#model;
    this.#jobs.add(job);
    if (this.#jobs.size > this.#maxInFlight) this.#maxInFlight = this.#jobs.size;
    const failing = this.#failingRatio();
    if (failing > 0 && this.#random() < failing) this.#refuse(job);
    else if (this.#working < capacity) this.#begin(job);
    else if (this.#waiting.length < queue) this.#waiting.push(job);
    else this.#refuse(job);
  }

  #refuse(job: Job): void {
    this.#clock.at(this.#stalls.endOf(this.#clock.now, SHORT_MS), () => this.#respond(job, 503, 0));
  }

  #begin(job: Job): void {
    const { now } = this.#clock;
    this.#working++;
    job.beganAt = now;
    const status = this.#random() < (this.#model.errorRatio ?? 0) ? 500 : 200;
    const ms = sample(this.#model.serviceMs, this.#random) * this.#factor();
    this.#clock.at(this.#stalls.endOf(now, ms), () => {
      if (job.isOver) return;
      this.#working--;
      this.#busyMs += ms;
      this.#respond(job, status, ms);
      const next = this.#waiting.shift();
      if (next !== undefined) this.#begin(next);
    });
  }

  #respond(job: Job, status: number, workedMs: number): void {
    if (this.#end(job)) job.work.onResponse(status, workedMs);
  }

  #end(job: Job): boolean {
    if (job.isOver) return false;
    job.isOver = true;
    return this.#jobs.delete(job);
  }

  /** The process dies, or is kept from coming back by something more. */
  kill(): void {
    this.#downs++;
    if (this.#downs > 1) return;
    const { now } = this.#clock;
    this.#waiting.clear();
    this.#working = 0;
    for (const job of [...this.#jobs]) {
      const { beganAt = now } = job;
      const workedMs = this.#stalls.workedIn(beganAt, now);
      this.#busyMs += workedMs;
      if (this.#end(job)) job.work.onFailure("head", "reset", workedMs);
    }
  }

  /** What killed it is over. A new process is there when nothing else keeps it down. */
  start(): void {
    if (this.#downs > 0) this.#downs--;
    this.#coldSince = this.#clock.now;
  }

  /** It joins as a process that has just begun. */
  join(): void {
    this.#coldSince = this.#clock.now;
  }

  /** What a probe meets now. */
  probe(random: () => number): ProbeAnswer {
    if (this.#downs > 0) return { isWell: false, afterMs: REFUSED_MS };
    const { now } = this.#clock;
    const isWell = random() >= this.#failingRatio();
    return { isWell, afterMs: this.#stalls.endOf(now, SHORT_MS) - now };
  }

  #factor(): number {
    const slow = activeOf(this.#slow, this.#clock.now);
    return (slow === undefined ? 1 : (slow.factor ?? 10)) * this.#coldFactor();
  }

  #coldFactor(): number {
    const { coldStart } = this.#model;
    if (coldStart === undefined) return 1;
    const left = 1 - (this.#clock.now - this.#coldSince) / coldStart.durationMs;
    return left <= 0 ? 1 : 1 + (coldStart.factor - 1) * left;
  }

  #failingRatio(): number {
    const failing = activeOf(this.#failing, this.#clock.now);
    return failing === undefined ? 0 : (failing.ratio ?? 1);
  }
}

function activeOf(faults: readonly Fault[], now: number): Fault | undefined {
  if (faults.length === 0) return undefined;
  return faults.find(({ fromMs, toMs = Number.POSITIVE_INFINITY }) => fromMs <= now && now < toMs);
}
