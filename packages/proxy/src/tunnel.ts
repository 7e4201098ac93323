import type { Socket } from "node:net";
import type { RequestView } from "@signalbox/core";
import { CLOSE_TO_CLIENT, closeToInstance } from "./close-frame.js";
import type { ExchangeEnd, FailedAttempt } from "./exchange-end.js";
import { failureOf, type Failure } from "./failure.js";
import type { PolicyRun } from "./policy-run.js";
import { LINGER_MS } from "./raw-response.js";
import { TunnelWay, type WayListener } from "./tunnel-way.js";
import type { UpgradePlace } from "./upgrade-place.js";

/** What a tunnel keeps of the upgrade that it came from. */
export interface TunnelOrigin {
  readonly place: UpgradePlace;
  readonly view: RequestView;
  /** On the clock of `performance`. */
  readonly startedAt: number;
  readonly attempts: number;
  readonly failed: readonly FailedAttempt[];
  readonly policies: PolicyRun | undefined;
}

/**
 * Two sockets that the pipe of http-proxy-3 joins, from the 101 to the end of both. Either side that goes takes the
 * other with it. There may be very many, open for long: it keeps little.
 */
export class Tunnel implements WayListener {
  readonly #origin: TunnelOrigin;
  readonly #onEnded: (tunnel: Tunnel) => void;
  /** From the client, and from the instance. */
  readonly #up: TunnelWay;
  readonly #down: TunnelWay;
  #endedAt = 0;
  #failure: Failure | undefined;
  #isHungUp = false;
  #timer: NodeJS.Timeout | undefined;

  /** @param onEnded called once, when both sockets are gone */
  constructor(
    client: Socket,
    instance: Socket,
    origin: TunnelOrigin,
    onEnded: (tunnel: Tunnel) => void,
  ) {
    this.#origin = origin;
    this.#onEnded = onEnded;
    this.#up = new TunnelWay(client, instance, this);
    this.#down = new TunnelWay(instance, client, this);
    // A socket counts what it reads and what it writes: this one sees the bytes of both directions.
    const { idleMs } = origin.place.decision.timeouts;
    if (idleMs > 0) instance.setTimeout(idleMs);
  }

  /** Looks whether both sides are still there: one that has gone tells nobody any more. */
  begin(): void {
    if (this.#up.source.destroyed || this.#down.source.destroyed) this.destroy();
  }

  /** Says goodbye to both sides (1001, "going away") as soon as neither is in the middle of a frame. */
  hangUp(): void {
    if (this.#isHungUp) return;
    this.#isHungUp = true;
    this.#up.hangUp(closeToInstance());
    this.#down.hangUp(CLOSE_TO_CLIENT);
  }

  /** Cuts both sockets. */
  destroy(): void {
    clearTimeout(this.#timer);
    this.#up.source.destroy();
    this.#down.source.destroy();
    this.#end();
  }

  onGoodbye(): void {
    // Both have said it on this side: the connection is done (RFC 6455 section 7.1.1).
    if (this.#up.hasClosed && this.#down.isOver) this.#up.source.end();
    if (this.#down.hasClosed && this.#up.isOver) this.#down.source.end();
  }

  onEnd(way: TunnelWay): void {
    const { target } = way;
    const { idleMs } = this.#origin.place.decision.timeouts;
    // The last bytes are on their way: they may take as long as a silence, and the other side's answer a moment more.
    if (way === this.#down && idleMs > 0) target.setTimeout(idleMs);
    target.end();
    if (target.writableFinished) this.#linger();
    else target.once("finish", () => this.#linger());
  }

  onError(way: TunnelWay, error: Error): void {
    this.#failure ??=
      way === this.#up
        ? { side: "client", stage: "upgrade", cause: "left" }
        : failureOf(error, "upgrade");
  }

  onClose(way: TunnelWay): void {
    const { target } = way;
    if (target.destroyed) {
      this.destroy();
    } else if (way === this.#up) {
      // Nobody reads any more what the instance says.
      target.destroySoon();
      this.#linger();
    } else {
      // The client may still read what came before, and is to be seen leaving.
      target.resume();
      this.onEnd(way);
    }
  }

  onSilence(): void {
    this.#failure ??= { side: "instance", stage: "upgrade", cause: "timeout" };
    this.destroy();
  }

  #linger(): void {
    if (this.#endedAt === 0) this.#timer ??= setTimeout(() => this.destroy(), LINGER_MS);
  }

  #end(): void {
    if (this.#endedAt > 0) return;
    this.#endedAt = performance.now();
    const totalMs = this.#endedAt - this.#origin.startedAt;
    this.#origin.place.giveBack({ kind: "response", status: 101, totalMs });
    this.#onEnded(this);
  }

  get policies(): PolicyRun | undefined {
    return this.#origin.policies;
  }

  /** What became of it. */
  end(): ExchangeEnd {
    const { place, view, startedAt, attempts, failed } = this.#origin;
    const end = {
      view,
      decision: place.decision,
      status: 101,
      // All that the instance said has gone to the client.
      isComplete: this.#failure === undefined && this.#up.source.writableFinished,
      attempts,
      failed,
      durationMs: this.#endedAt - startedAt,
    };
    return this.#failure === undefined ? end : { ...end, failure: this.#failure };
  }
}
