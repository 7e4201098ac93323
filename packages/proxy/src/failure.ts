import type { FailureCause, OutcomeStage } from "@signalbox/core";

/** What a client can do to end a request. */
export type ClientCause = "left" | "malformed" | "silent" | "too-large";

/** What the gateway itself can have against a request, or do wrong. */
export type GatewayCause =
  "overloaded" | "no-instance" | "timeout" | "closing" | "policy" | "error";

/** Why a request did not come to its end: who is to blame, for what, and how far it had come. */
export type Failure =
  | { readonly side: "instance"; readonly stage: OutcomeStage; readonly cause: FailureCause }
  | { readonly side: "client"; readonly stage: OutcomeStage; readonly cause: ClientCause }
  | {
      readonly side: "gateway";
      readonly stage: OutcomeStage;
      readonly cause: GatewayCause;
      /** What was thrown, for logs. */
      readonly error?: Error;
    };

/** What was thrown, where the gateway or a policy is to blame. */
export function errorOf(failure: Failure | undefined): Error | undefined {
  return failure?.side === "gateway" ? failure.error : undefined;
}

/** The status that each failure comes to before the response head; after it the response is cut. */
const STATUSES: {
  readonly [Side in Failure["side"]]: {
    readonly [Cause in Extract<Failure, { side: Side }>["cause"]]: number;
  };
} = {
  instance: {
    refused: 502,
    unreachable: 502,
    dns: 502,
    tls: 502,
    timeout: 504,
    reset: 502,
    closed: 502,
    protocol: 502,
    truncated: 502,
    overflow: 502,
  },
  // 499 is for logs: nobody is there to read it.
  client: { left: 499, malformed: 400, silent: 408, "too-large": 413 },
  gateway: {
    overloaded: 503,
    "no-instance": 503,
    timeout: 504,
    closing: 503,
    policy: 500,
    error: 500,
  },
};

/** The status that tells the client of a failure before the response head. */
export function statusOf(failure: Failure): number {
  return (STATUSES[failure.side] as { readonly [cause: string]: number })[failure.cause] as number;
}

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

/** What only the gateway can have done: a bad argument, or closing under a request. */
const OURS: ReadonlySet<string> = new Set([
  "UND_ERR_INVALID_ARG",
  "UND_ERR_NOT_SUPPORTED",
  "UND_ERR_CLOSED",
]);

/** What undici says of a 101 that nobody asked for. */
const BAD_UPGRADE = "bad upgrade";

/** The machine has no more of what a connection takes: files, buffers, memory. */
const EXHAUSTED: ReadonlySet<string> = new Set(["EMFILE", "ENFILE", "ENOBUFS", "ENOMEM"]);

/** Reads what undici or Node say of a failed attempt. */
export function failureOf(error: Error & { code?: unknown }, stage: OutcomeStage): Failure {
  const code = typeof error.code === "string" ? error.code : "";
  // The client announced another length than it sent.
  if (code === "UND_ERR_REQ_CONTENT_LENGTH_MISMATCH")
    return { side: "client", stage, cause: "malformed" };
  if (OURS.has(code)) return { side: "gateway", stage, cause: "error", error };
  if (EXHAUSTED.has(code)) return { side: "gateway", stage, cause: "overloaded" };
  // Framing that contradicts itself is no cut body: nothing of one has come.
  if (code === "UND_ERR_RES_CONTENT_LENGTH_MISMATCH" && stage !== "body")
    return { side: "instance", stage, cause: "protocol" };
  if (code === "UND_ERR_SOCKET" && error.message === BAD_UPGRADE)
    return { side: "instance", stage, cause: "protocol" };
  if (code === "UND_ERR_DESTROYED") return { side: "gateway", stage, cause: "closing" };
  const known = Object.hasOwn(CAUSES, code) ? CAUSES[code] : undefined;
  return { side: "instance", stage, cause: known ?? (isTls(code) ? "tls" : "protocol") };
}

function isTls(code: string): boolean {
  return /^(ERR_SSL_|ERR_TLS_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|CERT_)/.test(code);
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
