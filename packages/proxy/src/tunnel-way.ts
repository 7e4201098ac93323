import type { Socket } from "node:net";
import { FrameTracker } from "./frame-tracker.js";

const WAY = Symbol("way");

/** A socket that knows which way its bytes go: all tunnels share their listeners. */
type Source = Socket & { [WAY]?: TunnelWay };

/** What a way tells its tunnel. */
export interface WayListener {
  /** The source says nothing more. */
  onEnd(way: TunnelWay): void;
  onError(way: TunnelWay, error: Error): void;
  onClose(way: TunnelWay): void;
  /** Nothing moved for as long as the source may be silent. */
  onSilence(): void;
  /** A Close frame came from the source, or one was sent to the target; only after `hangUp`. */
  onGoodbye(): void;
}

/**
 * One direction of a tunnel. As long as the tunnel is open the pipe of http-proxy-3 carries the bytes, and this
 * only follows their frames, to know where one of our own may be put in.
 */
export class TunnelWay {
  readonly #frames = new FrameTracker();
  #goodbye: Buffer | undefined;
  #state: "piped" | "finishing" | "over" = "piped";

  constructor(
    readonly source: Socket,
    readonly target: Socket,
    readonly listener: WayListener,
  ) {
    (source as Source)[WAY] = this;
    source.on("data", onData);
    source.on("end", onEnd);
    source.on("error", onError);
    source.on("close", onClose);
    source.on("timeout", onTimeout);
  }

  /** Whether the source has said goodbye. */
  get hasClosed(): boolean {
    return this.#frames.hasClosed;
  }

  /** Whether nothing of the source goes to the target any more, because its goodbye, or ours, has gone. */
  get isOver(): boolean {
    return this.#state === "over";
  }

  /**
   * Takes over from the pipe: the frame that is under way still goes, then the Close frame, then nothing more.
   *
   * @param goodbye the Close frame for the target
   */
  hangUp(goodbye: Buffer): void {
    this.#goodbye = goodbye;
    this.#state = "finishing";
    this.source.unpipe(this.target);
    if (this.#frames.isBetweenFrames) this.#sayGoodbye();
    // What the target has not taken yet goes first.
    if (this.#state === "finishing" && this.target.writableNeedDrain) this.#pause();
    else this.source.resume();
  }

  /** Follows bytes of the source, and carries them where the pipe does not any more. */
  take(bytes: Buffer): void {
    if (this.#state === "finishing") {
      const end = this.#frames.step(bytes, 0);
      const isTaken = this.#write(end === bytes.length ? bytes : bytes.subarray(0, end));
      if (this.#frames.isBetweenFrames) this.#sayGoodbye();
      else if (!isTaken) this.#pause();
      this.#frames.follow(bytes.subarray(end));
    } else {
      this.#frames.follow(bytes);
    }
    if (this.#state !== "piped" && this.#frames.hasClosed) this.listener.onGoodbye();
  }

  #sayGoodbye(): void {
    this.#state = "over";
    // Nothing follows a Close frame, not even another one.
    if (!this.#frames.hasClosed) this.#write(this.#goodbye as Buffer);
    this.listener.onGoodbye();
  }

  /** False when the target has to catch up first. */
  #write(bytes: Buffer): boolean {
    return !this.target.writable || this.target.write(bytes);
  }

  #pause(): void {
    this.source.pause();
    this.target.once("drain", () => this.source.resume());
  }
}

function onData(this: Source, bytes: Buffer): void {
  this[WAY]?.take(bytes);
}

function onEnd(this: Source): void {
  const way = this[WAY];
  way?.listener.onEnd(way);
}

function onError(this: Source, error: Error): void {
  const way = this[WAY];
  way?.listener.onError(way, error);
}

function onClose(this: Source): void {
  const way = this[WAY];
  way?.listener.onClose(way);
}

function onTimeout(this: Source): void {
  this[WAY]?.listener.onSilence();
}
