import type { RequestView } from "@signalbox/core";
import { answer, type ServerReply } from "./answer.js";
import type { Answer, ErrorContext } from "./error-answer.js";
import { statusOf, type Failure } from "./failure.js";
import type { PolicyRun } from "./policy-run.js";
import { answerThrough } from "./response-steps.js";
import type { ServerRequest } from "./view.js";

/** A request that came to nothing. */
interface Failed {
  readonly req: ServerRequest;
  readonly res: ServerReply;
  readonly view: RequestView;
  readonly policies: PolicyRun | undefined;
}

/**
 * Answers a request that came to nothing, through its policies where they have not begun with a response.
 *
 * @param failed told that a policy failed over it
 */
export function answerFailure(
  host: { errorAnswer(context: ErrorContext, headers: string[]): Answer },
  { req, res, view, policies }: Failed,
  failure: Failure,
  failed: (error: Error) => void,
): void {
  const status = statusOf(failure);
  const headers = status === 503 ? ["retry-after", "1"] : [];
  const made = host.errorAnswer({ view, status, failure }, headers);
  // A policy that failed would fail again over its own error.
  if (policies?.hasResponse === true && !policies.hasResponded && !isOfPolicy(failure))
    answerThrough(policies, req, res, made, failed);
  else answer(req, res, made.status, made.headers, made.body);
}

function isOfPolicy({ side, cause }: Failure): boolean {
  return side === "gateway" && cause === "policy";
}
