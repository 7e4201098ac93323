import type { Duplex } from "node:stream";
import type { IncomingMessage } from "node:http";
import {
  buildClientResponse,
  type AnsweringDecision,
  type Decision,
  type Gateway,
  type GatewayMatch,
  type RequestView,
} from "@signalbox/core";
import { answer, answerPlain, closeAfter, type ServerReply } from "./answer.js";
import type { ExchangeEnd, Over } from "./exchange-end.js";
import { Exchange, type ExchangeHost } from "./exchange.js";
import { OpenList } from "./open-list.js";
import { PendingHeads } from "./pending-heads.js";
import { Pools } from "./pools.js";
import { answerUpgrade, rawResponse, writeRaw } from "./raw-response.js";
import type { UpgradeRequest } from "./tunnel.js";
import { Upgrades } from "./upgrade.js";
import { framingProblem, hasBody, viewOf, type ServerRequest } from "./view.js";
import { asksForWebSocket, webSocketProblem } from "./web-socket.js";

/** What a proxy is told beside its gateway. */
export interface ProxyOptions {
  /** Called once for each request that a route took, when it is over; for access logs. A throw in it is ignored. */
  readonly onEnd?: (end: ExchangeEnd) => void;
}

/** What a proxy is told with a request. */
export interface HandleOptions {
  /** Hands on what no route takes. Default: 404. */
  readonly none?: () => void;
  /** Whether the request came by `checkContinue`: the client waits for leave to send its body. Default: false. */
  readonly awaitsContinue?: boolean;
}

/** How a proxy closes. */
export interface CloseOptions {
  /** Requests that are under way may take this long. Unit: milliseconds. Default: 10 000. */
  readonly graceMs?: number;
}

/** Forwards requests as a gateway decides. Owns the connections to the instances. */
export interface Proxy {
  /** Answers a request, or hands it on. Never throws, whatever comes in. */
  handle(req: ServerRequest, res: ServerReply, options?: HandleOptions): void;
  /** Takes an `upgrade` event of a server. Default for what no route takes: 404. */
  upgrade(req: IncomingMessage, socket: Duplex, head: Buffer, options?: HandleOptions): void;
  /** New requests get 503, those under way end, then all connections close. */
  close(options?: CloseOptions): Promise<void>;
  /** What is under way; for tests and metrics. */
  readonly counts: { readonly requests: number; readonly upgrades: number; readonly pools: number };
}

/**
 * Makes a proxy over a gateway. Every mount has one of its own, unless it is handed one to share.
 *
 * @example
 * const proxy = createProxy(gateway);
 * createServer((req, res) => proxy.handle(req, res)).listen(8080);
 */
export function createProxy(gateway: Gateway, options: ProxyOptions = {}): Proxy {
  return new GatewayProxy(gateway, options);
}

const CLOSING: AnsweringDecision = {
  kind: "reject",
  status: 503,
  headers: { "retry-after": "1" },
  reason: "overloaded",
  detail: "the proxy is closing",
};

class GatewayProxy implements Proxy, ExchangeHost {
  readonly pools: Pools;
  readonly #upgrades: Upgrades;
  readonly #onEnd: ((end: ExchangeEnd) => void) | undefined;
  #running = 0;
  /** Responses that are not over, to be cut when the time to close is up. */
  readonly open = new OpenList();
  readonly heads = new PendingHeads();
  readonly #whenIdle: (() => void)[] = [];
  #closed: Promise<void> | undefined;

  constructor(
    readonly gateway: Gateway,
    options: ProxyOptions,
  ) {
    this.pools = new Pools(gateway);
    this.#upgrades = new Upgrades(gateway, { ended: (end) => this.ended({ end: () => end }) });
    this.#onEnd = options.onEnd;
  }

  get counts() {
    return {
      requests: this.#running - this.#upgrades.size,
      upgrades: this.#upgrades.size,
      pools: this.pools.size,
    };
  }

  get isClosing(): boolean {
    return this.#closed !== undefined;
  }

  handle(req: ServerRequest, res: ServerReply, options: HandleOptions = {}): void {
    const view = viewOf(req);
    this.#handle(req, res, view, this.#decide(req, view), options);
  }

  #handle(
    req: ServerRequest,
    res: ServerReply,
    view: RequestView,
    decision: Decision,
    { none, awaitsContinue = false }: HandleOptions,
  ): void {
    if (decision.kind === "none") {
      if (none === undefined) answerPlain(req, res, 404);
      else none();
      return;
    }
    this.#running++;
    if (this.isClosing) {
      closeAfter(res);
      this.#answer(req, res, view, CLOSING);
    } else if (decision.kind === "forward") {
      const exchange = new Exchange(this, view, req, res, decision, awaitsContinue);
      this.open.add(exchange);
      exchange.begin();
    } else {
      this.#answer(req, res, view, decision);
    }
  }

  upgrade(req: IncomingMessage, socket: Duplex, head: Buffer, { none }: HandleOptions = {}): void {
    // Before anything else: a socket without a listener would take the process down.
    socket.on("error", ignore);
    const view = viewOf(req);
    const decision = this.#decide(req, view);
    if (decision.kind === "none") {
      if (none === undefined) writeRaw(socket, 404, []);
      else none();
    } else if (!asksForWebSocket(req) && !hasBody(req)) {
      // Another protocol may be ignored (RFC 9110 section 7.8): the request is served as if it had not asked.
      this.#handle(req, rawResponse(req, socket), view, decision, {});
    } else {
      const problem = webSocketProblem(req);
      const final = this.isClosing ? CLOSING : decision;
      const isRefused = final.kind === "forward" && problem !== undefined;
      this.#beginUpgrade({ req, socket, head, view }, isRefused ? badRequest(problem) : final);
    }
  }

  #beginUpgrade(request: Omit<UpgradeRequest, "decision">, decision: AnsweringDecision): void {
    const { socket, view } = request;
    this.#running++;
    if (decision.kind === "forward") {
      this.#upgrades.begin({ ...request, decision });
      return;
    }
    const startedAt = performance.now();
    const status = answerUpgrade(socket, decision, view);
    socket.once("close", () => this.ended(answerEnd(view, decision, startedAt, status, true)));
  }

  close(options: CloseOptions = {}): Promise<void> {
    this.#closed ??= this.#close(options);
    return this.#closed;
  }

  async #close({ graceMs = 10_000 }: CloseOptions): Promise<void> {
    const end = performance.now() + graceMs;
    await this.#within(end, this.#idle());
    await this.#within(end, this.pools.close());
    // What has not ended by now is cut: the clients see it.
    this.#upgrades.destroy();
    this.open.cut();
    await this.pools.destroy();
    await this.#idle();
  }

  async #within(end: number, ended: Promise<void>): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, Math.max(0, end - performance.now()));
    await Promise.race([ended, promise]);
    clearTimeout(timer);
  }

  /** Resolves when nothing is under way. */
  #idle(): Promise<void> {
    if (this.#running === 0) return Promise.resolve();
    return new Promise((resolve) => this.#whenIdle.push(resolve));
  }

  ended(over: Over): void {
    this.#running--;
    if (this.#running === 0) for (const wake of this.#whenIdle.splice(0)) wake();
    if (this.#onEnd === undefined) return;
    try {
      this.#onEnd(over.end());
    } catch {
      // A log that fails must not take a request with it.
    }
  }

  #decide(req: ServerRequest, view: RequestView): Decision {
    const problem = framingProblem(req);
    if (problem !== undefined) return badRequest(problem);
    try {
      if (!this.gateway.hasPolicies) return this.gateway.decide(view);
      const match = this.gateway.match(view);
      // A step that is not there must never be skipped in silence: it may be the one that asks who is there.
      if (match.kind === "match" && match.policies.length > 0) return unknownPolicy(match);
      return this.gateway.decide(view, match);
    } catch (error) {
      // Only a clock or a random source of the user's own can throw here.
      const detail = error instanceof Error ? error.message : String(error);
      return { kind: "reject", status: 500, headers: {}, reason: "no-backend", detail };
    }
  }

  #answer(
    req: ServerRequest,
    res: ServerReply,
    view: RequestView,
    decision: AnsweringDecision,
  ): void {
    const startedAt = performance.now();
    const reply = { res, previous: undefined, next: undefined };
    this.open.add(reply);
    res.on("error", ignore);
    res.once("close", () => {
      const { statusCode, writableFinished } = res;
      this.open.remove(reply);
      this.ended(answerEnd(view, decision, startedAt, statusCode, writableFinished));
    });
    const { status, headers } = buildClientResponse(decision, undefined, view);
    if (decision.kind === "respond") answer(req, res, status, headers, decision.body);
    else if (decision.kind === "reject") {
      if (status === 400) closeAfter(res);
      answerPlain(req, res, status, headers);
    } else answer(req, res, status, headers, "");
  }
}

function unknownPolicy({ route, policies }: GatewayMatch): Decision {
  const detail = `no policy is called "${policies[0] as string}"`;
  return { kind: "reject", route, status: 500, headers: {}, reason: "no-backend", detail };
}

function badRequest(detail: string): Decision & { readonly kind: "reject" } {
  const headers = { connection: "close" };
  return { kind: "reject", status: 400, headers, reason: "bad-request", detail };
}

// The end of a request that no instance was asked for.
function answerEnd(
  view: RequestView,
  decision: AnsweringDecision,
  startedAt: number,
  status: number,
  isComplete: boolean,
): { end(): ExchangeEnd } {
  const durationMs = performance.now() - startedAt;
  return {
    end: () => ({ view, decision, status, isComplete, attempts: 0, failed: [], durationMs }),
  };
}

function ignore(): void {}
