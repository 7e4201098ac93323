import type { IncomingMessage, ServerResponse } from "node:http";
import { pipeline } from "node:stream";
import type { ClientResponseHead, FailureCause } from "@signalbox/core";
import { dropLength } from "./announced-length.js";
import { writeHead } from "./answer.js";
import type { PolicyRun } from "./policy-run.js";
import type { FinalResponse } from "./response-pass.js";
import { errorOf } from "./step-wait.js";
import { transformed } from "./transformed.js";

/** Nothing came for too long. */
export class SilenceError extends Error {
  override readonly name = "SilenceError";
  readonly code = "ETIMEDOUT";
}

/** An answer that opens no tunnel, on its way to the client. */
export interface Relay {
  readonly upstream: IncomingMessage;
  readonly res: ServerResponse;
  readonly head: ClientResponseHead;
  /** Longest silence of instance or client; 0 for no limit. Unit: milliseconds. */
  readonly idleMs: number;
  readonly isBodyless: boolean;
}

/** How a relay ended: what the instance did, or the error of a policy. */
export type RelayEnd = "whole" | FailureCause | Error;

/**
 * Passes on an answer that opens no tunnel, through the policies: whole, or visibly cut.
 *
 * @param onEnd told once, of a client that leaves not at all: the response tells of that
 */
export function relayAnswer(
  relay: Relay,
  policies: PolicyRun | undefined,
  onEnd: (end: RelayEnd) => void,
): void {
  const { upstream, head } = relay;
  let isOver = false;
  const end = (how: RelayEnd): void => {
    if (isOver) return;
    isOver = true;
    if (how !== "whole") upstream.destroy();
    onEnd(how);
  };
  // It may fail while policies still look at its head.
  upstream.once("error", (error) => end(error instanceof SilenceError ? "timeout" : "truncated"));
  if (policies?.hasResponse !== true) return send(relay, { ...head, transforms: [] }, end);
  const then = (final: FinalResponse | Error): void => {
    if (isOver || relay.res.destroyed) return;
    if (final instanceof Error) end(final);
    else send(relay, final, end);
  };
  const final = policies.respond(head.status, head.headers, "instance");
  if (final === undefined) policies.whenResponded = then;
  else then(final);
}

function send(
  { upstream, res, idleMs, isBodyless }: Relay,
  { status, headers, transforms }: FinalResponse,
  end: (how: RelayEnd) => void,
): void {
  const stop = (): void => void upstream.destroy(new SilenceError("the answer stopped"));
  const timer = idleMs > 0 ? setTimeout(stop, idleMs) : undefined;
  res.once("close", () => clearTimeout(timer));
  try {
    const isChanged = transforms.length > 0 && !isBodyless;
    if (isChanged) dropLength(headers);
    const { out } = transformed(upstream, isChanged ? transforms : [], "onResponse", end);
    // Node refuses to write what the instance said.
    if (!couldWrite(res, status, headers)) return end("protocol");
    out.on("data", () => timer?.refresh());
    pipeline(out, res, (error) => {
      clearTimeout(timer);
      if (!error) end("whole");
    });
  } catch (error) {
    clearTimeout(timer);
    end(errorOf(error));
  }
}

function couldWrite(res: ServerResponse, status: number, headers: string[]): boolean {
  try {
    writeHead(res, status, headers);
    return true;
  } catch {
    return false;
  }
}
