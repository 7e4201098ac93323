import type { Timeouts } from "@signalbox/core";
import { Deadline, type DeadlineOwner, type Deadlines } from "./deadlines.js";

/** Told which limit of time has passed. */
export interface LimitsOwner {
  /** No byte has gone in either direction for the time that may be. */
  onSilence(): void;
  onHeadTimeout(): void;
  onRequestTimeout(): void;
  /** Another `RATE_MS` of an upload have passed. True to be told again. */
  onRateDue(): boolean;
}

/** How long an upload is watched before its rate is judged. Unit: milliseconds. */
export const RATE_MS = 5_000;

/** The limits of time of one exchange. */
export class ExchangeLimits implements DeadlineOwner {
  readonly #owner: LimitsOwner;
  readonly #deadlines: Deadlines;
  readonly #timeouts: Timeouts;
  readonly #startedAt: number;
  #activeAt: number;
  readonly #idle = new Deadline(this);
  #request: Deadline | undefined;
  #head: Deadline | undefined;
  #rate: Deadline | undefined;

  /**
   * @param startedAt when the request came, on the clock of `performance`
   * @param from when an instance was about to be asked
   */
  constructor(
    owner: LimitsOwner,
    deadlines: Deadlines,
    timeouts: Timeouts,
    startedAt: number,
    from: number,
  ) {
    this.#owner = owner;
    this.#deadlines = deadlines;
    this.#timeouts = timeouts;
    this.#startedAt = startedAt;
    this.#activeAt = from;
    const { idleMs, requestMs } = timeouts;
    if (idleMs > 0) deadlines.set(this.#idle, idleMs, from);
    if (requestMs === 0) return;
    this.#request = new Deadline(this);
    deadlines.set(this.#request, requestMs, startedAt);
  }

  /** What is left of the time of the whole request; undefined for no limit. Unit: milliseconds. */
  get remainingMs(): number | undefined {
    const { requestMs } = this.#timeouts;
    return requestMs === 0 ? undefined : this.#startedAt + requestMs - performance.now();
  }

  /** Bytes have gone in one direction or the other. */
  active(now = performance.now()): void {
    this.#activeAt = now;
  }

  /** From now on the rate of the upload is looked at. */
  watchRate(): void {
    this.#rate ??= new Deadline(this);
    this.#deadlines.set(this.#rate, RATE_MS);
  }

  /** The request was sent whole: from now on its response is waited for. */
  waitForHead(now = performance.now()): void {
    const { headMs } = this.#timeouts;
    if (headMs === 0) return;
    this.#head ??= new Deadline(this);
    this.#deadlines.set(this.#head, headMs, now);
  }

  /** The head that was waited for has come, or is given up. */
  headCame(): void {
    if (this.#head !== undefined) this.#deadlines.clear(this.#head);
  }

  /** A stream has begun that has no end in view. */
  liftRequest(): void {
    if (this.#request !== undefined) this.#deadlines.clear(this.#request);
  }

  /** Nothing is waited for but the client. */
  endWaiting(): void {
    this.headCame();
    this.liftRequest();
    if (this.#rate !== undefined) this.#deadlines.clear(this.#rate);
  }

  end(): void {
    this.endWaiting();
    this.#deadlines.clear(this.#idle);
  }

  onDeadline(deadline: Deadline): void {
    if (deadline === this.#request) this.#owner.onRequestTimeout();
    else if (deadline === this.#head) this.#owner.onHeadTimeout();
    else if (deadline !== this.#rate) this.#onIdle();
    else if (this.#owner.onRateDue()) this.#deadlines.set(deadline, RATE_MS);
  }

  // Moving the deadline with each byte would cost more than looking at it once when it passes.
  #onIdle(): void {
    const { idleMs } = this.#timeouts;
    const now = performance.now();
    const isSilent = now >= this.#activeAt + idleMs;
    this.#deadlines.set(this.#idle, idleMs, isSilent ? now : this.#activeAt);
    if (isSilent) this.#owner.onSilence();
  }
}
