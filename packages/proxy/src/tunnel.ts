import type { ClientRequest, IncomingMessage } from "node:http";
import { pipeline, type Duplex } from "node:stream";
import {
  buildClientResponse,
  buildUpstreamRequest,
  type ForwardDecision,
  type Gateway,
  type Outcome,
  type RequestView,
  type Timeouts,
} from "@signalbox/core";
import type { ExchangeEnd, FailedAttempt } from "./exchange-end.js";
import { failureOf, statusOf, type Failure } from "./failure.js";
import type { PolicyRun } from "./policy-run.js";
import { answersKey } from "./web-socket.js";
import { LINGER_MS, rawResponse, writeRaw } from "./raw-response.js";

/** One `upgrade` event with what was decided for it. */
export interface UpgradeRequest {
  readonly req: IncomingMessage;
  readonly socket: Duplex;
  /** Bytes that came behind the head of the request. */
  readonly head: Buffer;
  readonly view: RequestView;
  readonly decision: ForwardDecision;
  readonly policies?: PolicyRun | undefined;
}

/** Bytes that a client may send before its tunnel is open. */
const MAX_EARLY_BYTES = 16_384;

/** What is left of http-proxy-3's own way once the tunnel is guarded here: the request, and the pipe after a good 101. */
export type WebSocketRequest = (
  request: object,
  socket: Duplex,
  options: object,
  onError: (error: Error) => void,
) => ClientRequest | undefined;

/**
 * One upgrade from its request to the end of both sockets. http-proxy-3 sends and pipes; around it stands what it
 * lacks: nothing leaves before a 101 that answers what was asked, another answer is passed on whole, and
 * either side that goes takes the other with it.
 */
export class Tunnel {
  readonly #request: UpgradeRequest;
  readonly #gateway: Gateway;
  readonly #send: WebSocketRequest;
  readonly #onEnded: (end: ExchangeEnd) => void;
  readonly #startedAt = performance.now();
  readonly #held: Buffer[] = [];
  #heldBytes = 0;
  #decision: ForwardDecision;
  #attempts = 0;
  #state: "waiting" | "refused" | "relaying" | "open" | "over" = "waiting";
  #isReported = true;
  #isConnected = false;
  #status = 499;
  #isComplete = false;
  #failure: Failure | undefined;
  #failed: readonly FailedAttempt[] = [];
  #upstream: ClientRequest | undefined;
  #instanceSocket: Duplex | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    request: UpgradeRequest,
    gateway: Gateway,
    send: WebSocketRequest,
    onEnded: (end: ExchangeEnd) => void,
  ) {
    this.#request = request;
    this.#gateway = gateway;
    this.#send = send;
    this.#onEnded = onEnded;
    this.#decision = request.decision;
    // Before anything else: a socket without a listener would take the process down.
    const { socket } = request;
    socket.on("error", () => this.#finish());
    socket.on("close", () => this.#finish());
    socket.on("end", this.#onClientEnd);
    socket.on("readable", this.#holdEarly);
    guard(socket);
  }

  /** Starts the first attempt. */
  begin(): void {
    this.#hold(this.#request.head);
    if (!this.#attempt(this.#request.decision)) this.#refuse(503);
  }

  /** Starts an attempt; false when its instance is gone. */
  #attempt(decision: ForwardDecision): boolean {
    if (this.#state !== "waiting") return true;
    if (!this.#gateway.start(decision)) return false;
    this.#decision = decision;
    this.#isReported = false;
    this.#isConnected = false;
    // A request that was given up still says so, before or after the next one begins: only its first word counts.
    const attempt = ++this.#attempts;
    let isGivenUp = false;
    const onError = (error: Error): void => {
      if (isGivenUp || attempt !== this.#attempts) return;
      isGivenUp = true;
      this.#onError(error);
    };
    const connect = this.#gateway.connectOf(decision.service);
    const { view, socket, req } = this.#request;
    const { path, headers } = buildUpstreamRequest(view, decision, { upgrade: "websocket" });
    const facade = {
      method: "GET",
      url: path,
      headers: recordOf(headers),
      httpVersion: "1.1",
      httpVersionMajor: 1,
      httpVersionMinor: 1,
      socket: req.socket,
      connection: req.socket,
    };
    const options = {
      target: originOf(decision.instance.url),
      toProxy: true,
      prependPath: false,
      connectTimeout: connect?.timeoutMs,
    };
    const upstream = this.#send(facade, socket, options, onError);
    if (upstream === undefined) return true;
    this.#upstream = upstream;
    upstream.maxHeadersCount = 0;
    upstream.once("socket", (connection: Duplex) => {
      connection.once("connect", () => {
        this.#isConnected = true;
      });
    });
    const [pipe] = upstream.listeners("upgrade");
    upstream.removeAllListeners("upgrade").removeAllListeners("response");
    upstream.on("upgrade", (response: IncomingMessage, instance: Duplex, bytes: Buffer) => {
      this.#onSwitched(response, instance, bytes, pipe as (...args: unknown[]) => void);
    });
    upstream.on("response", (response: IncomingMessage) => this.#relay(response));
    this.#limit(shortest(decision.timeouts), () =>
      onError(Object.assign(new Error("no answer"), { code: "ETIMEDOUT" })),
    );
    return true;
  }

  destroy(): void {
    this.#finish();
  }

  readonly #holdEarly = (): void => {
    if (this.#state !== "waiting") return;
    for (let bytes = this.#read(); bytes !== null; bytes = this.#read()) this.#hold(bytes);
  };

  #read(): Buffer | null {
    return this.#state === "waiting" ? (this.#request.socket.read() as Buffer | null) : null;
  }

  #hold(bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.#heldBytes += bytes.length;
    this.#held.push(bytes);
    if (this.#heldBytes > MAX_EARLY_BYTES) this.#finish();
  }

  readonly #onClientEnd = (): void => {
    if (this.#state === "open") this.#limit(LINGER_MS, () => this.#finish());
    else this.#finish();
  };

  #onSwitched(
    response: IncomingMessage,
    instance: Duplex,
    bytes: Buffer,
    pipe: (...args: unknown[]) => void,
  ): void {
    instance.on("error", () => {});
    if (this.#state !== "waiting" || !answersKey(response, this.#request.req)) {
      instance.destroy();
      this.#onError(new Error("the answer to the upgrade does not fit"));
      return;
    }
    const { socket } = this.#request;
    this.#instanceSocket = instance;
    this.#state = "open";
    unguard(socket);
    this.#status = 101;
    this.#gateway.report(this.#decision, {
      kind: "head",
      status: 101,
      headMs: performance.now() - this.#startedAt,
    });
    clearTimeout(this.#timer);
    socket.removeListener("readable", this.#holdEarly);
    if (this.#heldBytes > 0) socket.unshift(Buffer.concat(this.#held));
    // The last bytes may still be on their way to the other side.
    const linger = (): void => this.#limit(LINGER_MS, () => this.#finish());
    instance.on("end", linger);
    instance.on("close", linger);
    const head = buildClientResponse(
      this.#decision,
      { status: 101, headers: response.headers },
      this.#request.view,
    );
    response.headers = {
      ...recordOf(head.headers),
      connection: "Upgrade",
      upgrade: "websocket",
    } as IncomingMessage["headers"];
    pipe(response, instance, bytes);
    const { idleMs } = this.#decision.timeouts;
    if (idleMs > 0 && "setTimeout" in instance)
      (instance as unknown as { setTimeout(ms: number, then: () => void): void }).setTimeout(
        idleMs,
        () => this.#finish(),
      );
  }

  #relay(response: IncomingMessage): void {
    if (this.#state !== "waiting" || (response.statusCode ?? 0) < 200) {
      response.resume();
      if (this.#state === "waiting") this.#onError(new Error("an interim answer without its end"));
      return;
    }
    const { socket, req, view } = this.#request;
    this.#state = "relaying";
    unguard(socket);
    this.#status = response.statusCode as number;
    this.#report({
      kind: "response",
      status: this.#status,
      totalMs: performance.now() - this.#startedAt,
    });
    // What the client sends behind a refused upgrade is dropped, never passed on.
    socket.removeListener("readable", this.#holdEarly);
    socket.resume();
    const { status, headers } = buildClientResponse(
      this.#decision,
      { status: this.#status, headers: response.headers },
      view,
    );
    const res = rawResponse(req, socket);
    const { idleMs } = this.#decision.timeouts;
    this.#limit(idleMs, () => this.#finish());
    response.on("data", () => this.#timer?.refresh());
    try {
      res.writeHead(status, headers);
    } catch {
      this.#finish();
      return;
    }
    pipeline(response, res, (error) => {
      if (error) return this.#finish();
      this.#isComplete = true;
    });
  }

  #onError(error: Error & { code?: unknown }): void {
    if (this.#state !== "waiting") {
      if (this.#state === "open") this.#limit(LINGER_MS, () => this.#finish());
      return;
    }
    clearTimeout(this.#timer);
    const stage = this.#isConnected ? "upgrade" : "connect";
    const failure = failureOf(error, stage);
    this.#failure = failure;
    const outcome: Outcome =
      failure.side === "instance"
        ? { kind: "failure", stage, cause: failure.cause }
        : { kind: "cancelled", stage };
    this.#upstream?.destroy();
    this.#report(outcome);
    this.#askAgain(this.#decision, outcome, failure);
  }

  #askAgain(decision: ForwardDecision, outcome: Outcome, failure: Failure): void {
    const facts = { replayable: true };
    const next = this.#gateway.retry(decision, outcome, facts);
    const said = next.kind === "retry" ? "retry" : next.reason;
    this.#failed = [...this.#failed, { decision, outcome, facts, next: said }];
    if (next.kind === "stop") return this.#refuse(statusOf(failure));
    const again = (): void => {
      if (this.#attempt(next.decision)) return;
      // The instance left during the pause: another one is asked for.
      const other = this.#gateway.retry(decision, outcome, facts);
      if (other.kind === "stop" || !this.#attempt(other.decision)) this.#refuse(503);
    };
    if (next.delayMs > 0) this.#limit(next.delayMs, again);
    else queueMicrotask(again);
  }

  #refuse(status: number): void {
    if (this.#state !== "waiting") return;
    this.#state = "refused";
    unguard(this.#request.socket);
    this.#status = status;
    writeRaw(this.#request.socket, status, []);
    this.#isComplete = true;
    this.#limit(LINGER_MS, () => this.#finish());
  }

  #report(outcome: Outcome): void {
    if (this.#isReported) return;
    this.#isReported = true;
    this.#gateway.report(this.#decision, outcome);
  }

  #limit(ms: number, then: () => void): void {
    clearTimeout(this.#timer);
    if (ms > 0) this.#timer = setTimeout(then, ms);
  }

  #finish(): void {
    if (this.#state === "over") return;
    const wasOpen = this.#state === "open";
    this.#state = "over";
    clearTimeout(this.#timer);
    const { socket, view } = this.#request;
    socket.removeListener("readable", this.#holdEarly);
    this.#upstream?.destroy();
    this.#instanceSocket?.destroy();
    if (!socket.destroyed) socket.destroy();
    const totalMs = performance.now() - this.#startedAt;
    this.#report(
      wasOpen
        ? { kind: "response", status: 101, totalMs }
        : { kind: "cancelled", stage: "upgrade" },
    );
    const end = {
      view,
      decision: this.#decision,
      status: this.#status,
      isComplete: wasOpen || this.#isComplete,
      attempts: this.#attempts,
      failed: this.#failed,
      durationMs: totalMs,
    };
    this.#onEnded(this.#failure === undefined ? end : { ...end, failure: this.#failure });
  }
}

/**
 * http-proxy-3 destroys the socket behind its error callback, before an answer is out or another attempt made.
 * Until the tunnel is open that is not its to do.
 */
function guard(socket: Duplex): void {
  Object.assign(socket, { destroySoon: () => {} });
}

function unguard(socket: Duplex & { destroySoon?: unknown }): void {
  delete socket.destroySoon;
}

// Until the tunnel is open all limits hold; an open one has no limit but of its silence.
function shortest({ requestMs, attemptMs, idleMs }: Timeouts): number {
  const limits = [requestMs, attemptMs, idleMs].filter((ms) => ms > 0);
  return limits.length === 0 ? 0 : Math.min(...limits);
}

function originOf(url: string): string {
  return new URL(url).origin;
}

// Repeated names become lists; the prototype is none of the headers' business.
function recordOf(flat: readonly string[]): Record<string, string | string[]> {
  const record = Object.create(null) as Record<string, string | string[]>;
  for (let i = 0; i < flat.length; i += 2) {
    const name = (flat[i] as string).toLowerCase();
    const value = flat[i + 1] as string;
    const before = record[name];
    record[name] = before === undefined ? value : [before, value].flat();
  }
  return record;
}
