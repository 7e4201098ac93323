import type { FailureCause, OutcomeStage } from "@signalbox/core";

/** Why an attempt ended early, and who is to blame. */
export type Failure =
  | { readonly side: "instance"; readonly cause: FailureCause }
  | { readonly side: "client" }
  | { readonly side: "us"; readonly error: Error };

const CAUSES: { readonly [code: string]: FailureCause } = {
  ECONNREFUSED: "refused",
  ENOENT: "refused",
  ENOTFOUND: "dns",
  EAI_AGAIN: "dns",
  EHOSTUNREACH: "unreachable",
  ENETUNREACH: "unreachable",
  EADDRNOTAVAIL: "unreachable",
  ETIMEDOUT: "timeout",
  UND_ERR_CONNECT_TIMEOUT: "timeout",
  UND_ERR_HEADERS_TIMEOUT: "timeout",
  UND_ERR_BODY_TIMEOUT: "timeout",
  ECONNRESET: "reset",
  EPIPE: "reset",
  UND_ERR_SOCKET: "closed",
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: "truncated",
  UND_ERR_HEADERS_OVERFLOW: "overflow",
};

/** What only we can have done: a bad argument, or closing under a request. */
const OURS: ReadonlySet<string> = new Set([
  "UND_ERR_INVALID_ARG",
  "UND_ERR_NOT_SUPPORTED",
  "UND_ERR_CLOSED",
  "UND_ERR_DESTROYED",
]);

/** Reads what undici or Node say of a failed attempt. */
export function failureOf(error: Error & { code?: unknown }): Failure {
  const code = typeof error.code === "string" ? error.code : "";
  // The client announced another length than it sent.
  if (code === "UND_ERR_REQ_CONTENT_LENGTH_MISMATCH") return { side: "client" };
  if (OURS.has(code)) return { side: "us", error };
  const known = Object.hasOwn(CAUSES, code) ? CAUSES[code] : undefined;
  if (known !== undefined) return { side: "instance", cause: known };
  return { side: "instance", cause: isTls(code) ? "tls" : "protocol" };
}

function isTls(code: string): boolean {
  return /^(ERR_SSL_|ERR_TLS_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|CERT_)/.test(code);
}

/** The status that tells the client of a failure before the response head. */
export function statusOf(failure: Failure): number {
  if (failure.side === "instance") return failure.cause === "timeout" ? 504 : 502;
  return failure.side === "client" ? 400 : 503;
}

/** How far an attempt has come. */
export function stageOf(progress: {
  readonly isStarted: boolean;
  readonly isSent: boolean;
  readonly hasHead: boolean;
}): OutcomeStage {
  if (!progress.isStarted) return "connect";
  if (progress.hasHead) return "body";
  return progress.isSent ? "head" : "send";
}
