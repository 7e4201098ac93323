import type { IncomingMessage, ServerResponse } from "node:http";
import { pipeline } from "node:stream";
import type { ClientResponseHead, FailureCause } from "@signalbox/core";
import { writeHead } from "./answer.js";

/** Nothing came for too long. */
export class SilenceError extends Error {
  override readonly name = "SilenceError";
  readonly code = "ETIMEDOUT";
}

/**
 * Passes on an answer that opens no tunnel: whole, or visibly cut.
 *
 * @param idleMs longest silence of instance or client; 0 for no limit
 * @param onEnd told why the instance cut it, before anything was written where it is `protocol`, undefined when it went out whole; of a client that leaves the response tells
 */
export function relayAnswer(
  answer: IncomingMessage,
  res: ServerResponse,
  head: ClientResponseHead,
  idleMs: number,
  onEnd: (cause: FailureCause | undefined) => void,
): void {
  const stop = (): void => void answer.destroy(new SilenceError("the answer stopped"));
  const timer = idleMs > 0 ? setTimeout(stop, idleMs) : undefined;
  answer.on("data", () => timer?.refresh());
  // Before the pipeline: it tells of the end when the client's socket is gone already.
  answer.once("error", (error) => {
    clearTimeout(timer);
    onEnd(error instanceof SilenceError ? "timeout" : "truncated");
  });
  try {
    writeHead(res, head.status, head.headers);
  } catch {
    // Node refuses to write what the instance said.
    clearTimeout(timer);
    onEnd("protocol");
    answer.destroy();
    return;
  }
  pipeline(answer, res, (error) => {
    clearTimeout(timer);
    if (!error) onEnd(undefined);
  });
}

/** How long the instance asks to be left alone, where it says so in seconds. Unit: milliseconds. */
export function retryAfterOf(answer: IncomingMessage): number | undefined {
  const text = answer.headers["retry-after"];
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) * 1000 : undefined;
}
