import type { Headers } from "./head-record.js";
import type { Sink } from "./spent-parts.js";

/** The hold that an attempt has on a request under way. */
export interface AttemptController {
  /** Ends it. The connection survives where the protocol lets it. */
  abort(reason: Error): void;
  /** Holds the body of the response back. */
  pause(): void;
  resume(): void;
}

/** What an attempt is told while its request is under way. The form is that of undici's `dispatch`. */
export interface AttemptHandler {
  /** The connection stands, nothing was sent. A throw gives the request up without harm to the connection. */
  onRequestStart(controller: AttemptController): void;
  /** The whole request went out. */
  onRequestSent(): void;
  /** A head came: any number of interim ones, then the final one. */
  onResponseStart(controller: AttemptController, status: number, headers: Headers): void;
  onResponseData(controller: AttemptController, chunk: Buffer): void;
  /** @param trailers names in lower case; empty when there were none */
  onResponseEnd(controller: AttemptController, trailers: Headers): void;
  /** Comes instead of the end. Without a controller when nothing was started. */
  onResponseError(controller: AttemptController | null | undefined, error: Error): void;
}

/** A body on its way to an instance: as much of a stream as its senders need. */
export interface OutgoingBody {
  /** Whether a part of it, or its end, is there to be sent. */
  readonly hasBegun: boolean;
  /** Tells where the parts go from now on, if they go nowhere else. */
  flowTo(sink: Sink): void;
  /** Makes it ready to be sent from its start by another sender. */
  rewind(): void;
  pipe(): void;
  on(event: string, listener: (...args: never[]) => void): this;
  off(event: string, listener: (...args: never[]) => void): this;
  pause(): this;
  resume(): this;
  /** Lets go of it without harm to what has not come yet. */
  destroy(): this;
}

/** What few requests ask for beside being sent. */
export interface RequestExtras {
  /** The client waits for leave to send its body, and the instance gives it. */
  readonly expectsContinue: boolean;
  /** The client understands trailers. */
  readonly takesTrailers: boolean;
  /** Names of the trailers behind the body, as the client announced them; undefined for none. */
  readonly announced: string | undefined;
  /** Those that came, flat; to be asked for at the end of the body. */
  readonly trailers: () => readonly string[];
}

/** What goes out. */
export interface OutgoingRequest {
  readonly method: string;
  readonly path: string;
  /** Flat: name, value, name, value. */
  readonly headers: string[];
  readonly body: OutgoingBody | null;
  /** Longest silence of the instance. Unit: milliseconds; 0 for no limit. */
  readonly idleMs: number;
  readonly extras: RequestExtras | undefined;
}

/** Leave to send one request. */
export interface Slot {
  /** Whether nobody else ever sees the parts of bodies that come from here. */
  readonly partsAreOurs: boolean;
  /** Whether the connection has died of an error. */
  readonly isBroken: boolean;
  /** Counts a request that goes out now, and says whether the connection had served one before. */
  countRequest(): boolean;
  send(request: OutgoingRequest, handler: AttemptHandler): void;
  /** The request that was sent is on its way now: tells its body where its parts go. */
  carries(body: OutgoingBody): void;
}

/** Gets a slot, sooner or later. */
export interface SlotWaiter {
  onSlot(slot: Slot): void;
  /** The pool was destroyed while the waiter stood in the queue. */
  onPoolClosed(): void;
}

/** A connection of a pool. */
export interface PoolConnection extends Slot {
  /** Whether it stands in the pool's list of those with room. The pool's own note. */
  isListed: boolean;
  /** Takes one request more; false when that was the last it has room for. */
  occupy(): boolean;
  /** Gives a place back; false when the connection takes nothing new any more. */
  release(): boolean;
  close(): Promise<void>;
  destroy(): Promise<void>;
}

/** What a connection tells the pool that it belongs to. */
export interface ConnectionOwner {
  /** It takes nothing new from now on. What is under way ends by itself. */
  retire(connection: PoolConnection): void;
  /** It has room that it had not before. */
  offer(connection: PoolConnection): void;
  /** It has no room any more, though none was taken. */
  withdraw(connection: PoolConnection): void;
  /** It is known what it speaks, or that it never will. */
  decided(): void;
}

/** A request that the instance has certainly not looked at: it may be sent elsewhere whatever its method. */
export class UnprocessedError extends Error {
  readonly code = "ECONNREFUSED";
}

/** Errors with codes that `failureOf` reads. */
export function failed(code: string, message: string, cause?: unknown): Error {
  return Object.assign(new Error(message, { cause }), { code });
}
