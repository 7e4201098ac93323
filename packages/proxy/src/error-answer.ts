import { STATUS_CODES } from "node:http";
import {
  headerValue,
  type HeaderRecord,
  type RejectDecision,
  type RequestView,
} from "@signalbox/core";
import Negotiator from "negotiator";
import type { Failure } from "./failure.js";
import { asked } from "./hooks.js";
import { checkedAnswer, type CheckedAnswer } from "./own-answer.js";

/** A request that gets an error for an answer. */
export interface ErrorContext {
  readonly view: RequestView;
  /** The status that it would get. */
  readonly status: number;
  /** Why, when the gateway refused it. */
  readonly reject?: RejectDecision;
  /** Why, when it failed. */
  readonly failure?: Failure;
}

/** What is sent instead of the usual error. */
export interface ErrorReply {
  /** Default: as it would be. */
  readonly status?: number;
  /** Laid over the usual ones. */
  readonly headers?: HeaderRecord;
  /** Default: the usual one. */
  readonly body?: string | Buffer;
}

/** Replaces the answer to a request that failed or was refused; undefined leaves it. A throw, a promise and what cannot be sent are ignored. */
export type ErrorHook = (error: ErrorContext) => ErrorReply | undefined;

/** A small whole response. */
export interface Answer {
  readonly status: number;
  /** Flat: name, value, name, value. */
  readonly headers: string[];
  readonly body: string | Buffer;
}

const TYPES = ["text/plain", "application/json", "application/problem+json"];

/**
 * The answer to a request that failed or was refused: the status and its name, in a form that the client accepts. It
 * says nothing of instances.
 *
 * Source: RFC 9110 section 12.5.1 (Accept), RFC 9457 (problem details).
 */
export function errorAnswer(context: ErrorContext, headers: string[], hook?: ErrorHook): Answer {
  const { view, status } = context;
  const type = preferredType(headerValue(view, "accept"));
  const title = STATUS_CODES[status] ?? "Error";
  const usual = {
    status,
    headers: [...headers, "content-type", type, "vary", "accept"],
    body: bodyOf(type, status, title),
  };
  const reply = hook && asked(hook, context);
  return reply === undefined || reply === null ? usual : replaced(usual, reply);
}

function preferredType(accept: string | undefined): string {
  if (accept === undefined) return "text/plain; charset=utf-8";
  const type = new Negotiator({ headers: { accept } }).mediaType(TYPES);
  return type === undefined || type === "text/plain" ? "text/plain; charset=utf-8" : type;
}

function bodyOf(type: string, status: number, title: string): string {
  if (type === "application/json") return `${JSON.stringify({ status, title })}\n`;
  if (type === "application/problem+json")
    return `${JSON.stringify({ type: "about:blank", title, status })}\n`;
  return `${status} ${title}\n`;
}

// What cannot be sent is as if the hook had thrown.
function replaced(usual: Answer, reply: ErrorReply): Answer {
  let own: CheckedAnswer;
  try {
    own = checkedAnswer(reply, usual.status);
  } catch {
    return usual;
  }
  const names = new Set(own.headers.filter((_, index) => index % 2 === 0));
  const kept: string[] = [];
  for (let i = 0; i < usual.headers.length; i += 2) {
    const name = usual.headers[i] as string;
    if (!names.has(name)) kept.push(name, usual.headers[i + 1] as string);
  }
  return { status: own.status, headers: [...kept, ...own.headers], body: own.body ?? usual.body };
}
