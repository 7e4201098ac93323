import type { Duplex } from "node:stream";
import type { IncomingMessage } from "node:http";
import {
  buildClientResponse,
  type AnsweringDecision,
  type Decision,
  type Gateway,
  type RequestView,
} from "@signalbox/core";
import { answer, answerPlain, closeAfter, type ServerReply } from "./answer.js";
import { Exchange, type ExchangeEnd, type ExchangeHost } from "./exchange.js";
import { Pools } from "./pools.js";
import { answerUpgrade, rawResponse, writeRaw } from "./raw-response.js";
import type { UpgradeRequest } from "./tunnel.js";
import { Upgrades } from "./upgrade.js";
import { framingProblem, hasBody, viewOf, type ServerRequest } from "./view.js";
import { asksForWebSocket } from "./web-socket.js";

/** What a proxy is told beside its gateway. */
export interface ProxyOptions {
  /** Called once for each request that a route took, when it is over; for access logs. A throw in it is ignored. */
  readonly onEnd?: (end: ExchangeEnd) => void;
}

/** What happens to requests that no route takes. */
export interface Fallthrough {
  /** Hands the request on. Default: 404. */
  readonly none?: () => void;
}

/** How a proxy closes. */
export interface CloseOptions {
  /** Requests that are under way may take this long. Unit: milliseconds. Default: 10 000. */
  readonly graceMs?: number;
}

/** Forwards requests as a gateway decides. Owns the connections to the instances. */
export interface Proxy {
  /** Answers a request, or hands it on. Never throws, whatever comes in. */
  handle(req: ServerRequest, res: ServerReply, fallthrough?: Fallthrough): void;
  /** Takes an `upgrade` event of a server. Default for what no route takes: 404. */
  upgrade(req: IncomingMessage, socket: Duplex, head: Buffer, fallthrough?: Fallthrough): void;
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

const CLOSING: Decision = {
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
  #isClosing = false;
  #whenIdle: (() => void) | undefined;

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

  handle(req: ServerRequest, res: ServerReply, { none }: Fallthrough = {}): void {
    const view = viewOf(req);
    const decision = this.#decide(req, view);
    if (decision === undefined) {
      answerPlain(req, res, 500);
      return;
    }
    if (decision.kind === "none") {
      if (none === undefined) answerPlain(req, res, 404);
      else none();
      return;
    }
    if (this.#isClosing) {
      closeAfter(res);
      answerPlain(req, res, 503, ["retry-after", "1"]);
      return;
    }
    this.#running++;
    if (decision.kind === "forward") new Exchange(this, view, req, res, decision).begin();
    else this.#answer(req, res, view, decision);
  }

  upgrade(req: IncomingMessage, socket: Duplex, head: Buffer, { none }: Fallthrough = {}): void {
    // Before anything else: a socket without a listener would take the process down.
    socket.on("error", ignore);
    const view = viewOf(req);
    const decision = this.#isClosing ? CLOSING : this.#decide(req, view);
    if (decision?.kind === "none" && none !== undefined) {
      none();
    } else if (decision === undefined || decision.kind === "none") {
      writeRaw(socket, decision === undefined ? 500 : 404, []);
    } else if (!asksForWebSocket(req) && !hasBody(req)) {
      // Another protocol may be ignored (RFC 9110 section 7.8): the request is served as if it had not asked.
      this.handle(req, rawResponse(req, socket));
    } else {
      this.#beginUpgrade({ req, socket, head, view }, decision);
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

  async close({ graceMs = 10_000 }: CloseOptions = {}): Promise<void> {
    this.#isClosing = true;
    const isIdle = await this.#idle(graceMs);
    this.#upgrades.destroy();
    if (isIdle) await this.pools.close();
    else await this.pools.destroy();
  }

  ended(over: { end(): ExchangeEnd }): void {
    this.#running--;
    if (this.#running === 0) this.#whenIdle?.();
    if (this.#onEnd === undefined) return;
    try {
      this.#onEnd(over.end());
    } catch {
      // A log that fails must not take a request with it.
    }
  }

  #decide(req: ServerRequest, view: RequestView): Decision | undefined {
    const problem = framingProblem(req);
    if (problem !== undefined)
      return {
        kind: "reject",
        status: 400,
        headers: { connection: "close" },
        reason: "bad-request",
        detail: problem,
      };
    try {
      return this.gateway.decide(view);
    } catch {
      // Only code of the user can throw here: a balancer or a condition of its own.
      return undefined;
    }
  }

  #answer(
    req: ServerRequest,
    res: ServerReply,
    view: RequestView,
    decision: AnsweringDecision,
  ): void {
    const startedAt = performance.now();
    res.on("error", ignore);
    res.once("close", () => {
      const { statusCode, writableFinished } = res;
      this.ended(answerEnd(view, decision, startedAt, statusCode, writableFinished));
    });
    const { status, headers } = buildClientResponse(decision, undefined, view);
    if (decision.kind === "respond") answer(req, res, status, headers, decision.body);
    else if (decision.kind === "reject") {
      if (status === 400) closeAfter(res);
      answerPlain(req, res, status, headers);
    } else answer(req, res, status, headers, "");
  }

  /** Waits until nothing is under way; false when the time was up first. */
  #idle(graceMs: number): Promise<boolean> {
    if (this.#running === 0) return Promise.resolve(true);
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), graceMs);
      this.#whenIdle = () => {
        clearTimeout(timer);
        resolve(true);
      };
    });
  }
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
