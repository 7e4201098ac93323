import {
  buildClientResponse,
  type AnsweringDecision,
  type ForwardDecision,
  type RequestView,
} from "@signalbox/core";
import { answer, closeAfter } from "./answer.js";
import { errorAnswer, type Answer, type ErrorContext } from "./error-answer.js";
import type { Over } from "./exchange-end.js";
import type { ExchangeRequest } from "./exchange-host.js";
import { errorOf, type Failure } from "./failure.js";
import type { OpenList } from "./open-list.js";
import type { PolicyRun } from "./policy-run.js";
import { programError } from "./refusals.js";
import { answerThrough } from "./response-steps.js";

/** What an answer of the gateway needs of its proxy. */
export interface AnswerHost {
  readonly open: OpenList;
  errorAnswer(context: ErrorContext, headers: string[]): ReturnType<typeof errorAnswer>;
  ended(over: Over, policies: PolicyRun | undefined): void;
}

/** The client left before it was answered. */
export const LEFT: Failure = { side: "client", stage: "connect", cause: "left" };

type OwnDecision = Exclude<AnsweringDecision, ForwardDecision>;

/** Answers a request that no instance is asked for. */
export function answerRequest(
  host: AnswerHost,
  request: ExchangeRequest,
  decision: OwnDecision,
): void {
  const { req, res, policies } = request;
  const reply = { res, previous: undefined, next: undefined };
  host.open.add(reply);
  res.on("error", ignore);
  let failure = policies?.failure;
  const onClose = (): void => {
    const { headersSent, statusCode, writableFinished } = res;
    host.open.remove(reply);
    if (!headersSent) failure ??= LEFT;
    const status = headersSent ? statusCode : 499;
    host.ended(answerEnd(request, decision, status, writableFinished, failure), policies);
  };
  // The client left while the policies ran: nothing will tell of it any more.
  if (res.destroyed) return queueMicrotask(onClose);
  res.once("close", onClose);
  const { options } = request;
  const error = options.error === undefined ? undefined : programError(decision);
  if (error !== undefined) return options.error?.(errorOf(failure) ?? error);
  const made = answerOf(host, request, decision);
  if (decision.status === 400 || decision.status === 501) closeAfter(res);
  if (policies?.hasResponse !== true) return answer(req, res, made.status, made.headers, made.body);
  answerThrough(policies, req, res, made, (error) => {
    failure = { side: "gateway", stage: "connect", cause: "policy", error };
    const { status, headers, body } = host.errorAnswer({ ...request, status: 500, failure }, []);
    answer(req, res, status, headers, body);
  });
}

function answerOf(
  host: AnswerHost,
  { view, policies }: ExchangeRequest,
  decision: OwnDecision,
): Answer {
  const { status, headers } = buildClientResponse(decision, undefined, view);
  if (decision.kind === "reject")
    return host.errorAnswer({ view, status, reject: decision }, headers);
  const body = decision.kind === "respond" ? (policies?.answerBody ?? decision.body) : "";
  return { status, headers, body };
}

/** The end of a request that no instance was asked for. */
export function answerEnd(
  { view, startedAt }: { readonly view: RequestView; readonly startedAt: number },
  decision: AnsweringDecision,
  status: number,
  isComplete: boolean,
  failure?: Failure,
): Over {
  const durationMs = performance.now() - startedAt;
  const end = { view, decision, status, isComplete, attempts: 0, failed: [], durationMs };
  return { end: () => (failure === undefined ? end : { ...end, failure }) };
}

function ignore(): void {}
