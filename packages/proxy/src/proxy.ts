import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import {
  buildClientResponse,
  type AnsweringDecision,
  type Decision,
  type ForwardDecision,
  type Gateway,
  type RejectDecision,
  type RequestView,
} from "@signalbox/core";
import { answer, closeAfter, type ServerReply } from "./answer.js";
import { Deadlines } from "./deadlines.js";
import { Entry, type EntryHost } from "./entry.js";
import { errorAnswer, type Answer, type ErrorContext } from "./error-answer.js";
import type { ExchangeEnd, Over } from "./exchange-end.js";
import { Exchange, type ExchangeHost, type ExchangeRequest } from "./exchange.js";
import type { Failure } from "./failure.js";
import { MirrorSet, type MirrorEnd, type MirrorHost } from "./mirror.js";
import { OpenList } from "./open-list.js";
import { PendingHeads } from "./pending-heads.js";
import type { Policy } from "./policy.js";
import type { PolicyRun } from "./policy-run.js";
import { Pools } from "./pools.js";
import { limitsOf, type ProxyLimits, type ProxyOptions } from "./proxy-options.js";
import { answerUpgrade, rawResponse, writeRaw } from "./raw-response.js";
import { answerThrough } from "./response-steps.js";
import { ServiceQueues } from "./service-queues.js";
import { Upgrades } from "./upgrade.js";
import { framingProblem, hasBody, viewOf, type ServerRequest } from "./view.js";
import { asksForWebSocket, webSocketProblem } from "./web-socket.js";

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
  readonly counts: ProxyCounts;
}

/** What is under way at a proxy. */
export interface ProxyCounts {
  readonly requests: number;
  readonly upgrades: number;
  /** Copies of requests. */
  readonly mirrors: number;
  /** Requests that wait for a place at their service; they are counted in `requests` too. */
  readonly waiting: number;
  /** Instances that there are connections for. */
  readonly pools: number;
}

/**
 * Makes a proxy over a gateway. Every mount has one of its own, unless it is handed one to share.
 *
 * @throws TypeError when an option is malformed
 *
 * @example
 * const proxy = createProxy(gateway);
 * createServer((req, res) => proxy.handle(req, res)).listen(8080);
 */
export function createProxy(gateway: Gateway, options: ProxyOptions = {}): Proxy {
  return new GatewayProxy(gateway, options);
}

const CLOSING: RejectDecision = {
  kind: "reject",
  status: 503,
  headers: { "retry-after": "1" },
  reason: "overloaded",
  detail: "the proxy is closing",
};

class GatewayProxy implements Proxy, ExchangeHost, MirrorHost, EntryHost {
  readonly pools: Pools;
  readonly limits: ProxyLimits;
  readonly deadlines = new Deadlines();
  readonly #upgrades: Upgrades;
  readonly #options: ProxyOptions;
  readonly #mirrors = new Set<{ cancel(): void }>();
  readonly #queues = new ServiceQueues(this.deadlines);
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
    this.limits = limitsOf(options);
    this.#options = options;
    this.pools = new Pools(gateway);
    this.#upgrades = new Upgrades(gateway, {
      ended: (end, policies) => this.ended({ end: () => end }, policies),
    });
  }

  get counts(): ProxyCounts {
    return {
      requests: this.#running - this.#upgrades.size,
      upgrades: this.#upgrades.size,
      mirrors: this.#mirrors.size,
      waiting: this.#queues.size,
      pools: this.pools.size,
    };
  }

  get isClosing(): boolean {
    return this.#closed !== undefined;
  }

  handle(req: ServerRequest, res: ServerReply, options: HandleOptions = {}): void {
    const { none, awaitsContinue = false } = options;
    const startedAt = performance.now();
    const view = viewOf(req);
    const bad = framingProblem(req);
    if (bad === undefined && this.gateway.hasPolicies) {
      const entry = new Entry(this, view, res);
      this.#running++;
      entry.run((decision, policies) => {
        if (decision.kind === "none") {
          this.#leave();
          this.#handOn(req, res, none);
        } else {
          this.#act({ req, res, view: entry.view, startedAt, awaitsContinue, policies }, decision);
        }
      });
      return;
    }
    const decision = bad === undefined ? this.decide(view) : badRequest(bad);
    if (decision.kind === "none") return this.#handOn(req, res, none);
    this.#running++;
    this.#act({ req, res, view, startedAt, awaitsContinue, policies: undefined }, decision);
  }

  #handOn(req: ServerRequest, res: ServerReply, none: (() => void) | undefined): void {
    if (none !== undefined) return none();
    const { status, headers, body } = this.errorAnswer({ view: viewOf(req), status: 404 }, []);
    answer(req, res, status, headers, body);
  }

  #act(request: ExchangeRequest, decision: AnsweringDecision): void {
    if (this.isClosing) {
      closeAfter(request.res);
      this.#answer(request, CLOSING);
    } else if (decision.kind === "forward") {
      this.#forward(request, decision);
    } else if (decision.kind !== "reject" || !this.#wait(request, decision)) {
      this.#answer(request, decision);
    }
  }

  #forward(request: ExchangeRequest, decision: ForwardDecision): void {
    const exchange = new Exchange(this, request, decision);
    this.open.add(exchange);
    exchange.begin();
  }

  // A request whose service has no place waits for one, where the service lets it.
  #wait(request: ExchangeRequest, refusal: RejectDecision): boolean {
    const limits =
      refusal.service === undefined ? undefined : this.gateway.limitsOf(refusal.service);
    if (limits === undefined) return false;
    const { res, view } = request;
    const onClose = (): void => {
      leave?.();
      this.ended(answerEnd(request, refusal, 499, false, LEFT), request.policies);
    };
    const go = (decision: Decision): void => {
      res.off("close", onClose);
      if (decision.kind === "forward") this.#forward(request, decision);
      else this.#answer(request, decision.kind === "none" ? refusal : decision);
    };
    const leave = this.#queues.add(refusal.service as string, limits, {
      tryAgain: () => {
        const decision = this.isClosing ? CLOSING : this.decide(view, request.policies);
        if (decision.kind === "reject" && decision.service === refusal.service && !this.isClosing)
          return false;
        go(decision);
        return true;
      },
      giveUp: () => go(refusal),
    });
    if (leave === undefined) return false;
    res.on("error", ignore);
    res.once("close", onClose);
    return true;
  }

  upgrade(req: IncomingMessage, socket: Duplex, head: Buffer, options: HandleOptions = {}): void {
    // Before anything else: a socket without a listener would take the process down.
    socket.on("error", ignore);
    const startedAt = performance.now();
    const view = viewOf(req);
    const upgrade = { req, socket, head };
    const handOn = options.none ?? (() => writeRaw(socket, 404, []));
    if (this.gateway.hasPolicies) {
      const entry = new Entry(this, view, socket);
      this.#running++;
      entry.run((decision, policies) => {
        if (decision.kind !== "none")
          return this.#actUpgrade(upgrade, entry.view, startedAt, decision, policies);
        this.#leave();
        handOn();
      });
      return;
    }
    const bad = framingProblem(req);
    const decision = bad === undefined ? this.decide(view) : badRequest(bad);
    if (decision.kind === "none") return handOn();
    this.#running++;
    this.#actUpgrade(upgrade, view, startedAt, decision, undefined);
  }

  #actUpgrade(
    upgrade: { readonly req: IncomingMessage; readonly socket: Duplex; readonly head: Buffer },
    view: RequestView,
    startedAt: number,
    decision: AnsweringDecision,
    policies: PolicyRun | undefined,
  ): void {
    const { req, socket } = upgrade;
    if (!asksForWebSocket(req) && !hasBody(req)) {
      // Another protocol may be ignored (RFC 9110 section 7.8): the request is served as if it had not asked.
      const res = rawResponse(req, socket);
      this.#act({ req, res, view, startedAt, awaitsContinue: false, policies }, decision);
      return;
    }
    const problem = webSocketProblem(req);
    const refused =
      decision.kind === "forward" && problem !== undefined ? badRequest(problem) : decision;
    const final = this.isClosing ? CLOSING : refused;
    if (final.kind === "forward") {
      this.#upgrades.begin({ ...upgrade, view, decision: final, policies });
      return;
    }
    const status = answerUpgrade(socket, final, view);
    const request = { view, startedAt, policies };
    socket.once("close", () => this.ended(answerEnd(request, final, status, true), policies));
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
    for (const mirror of this.#mirrors) mirror.cancel();
    await this.pools.destroy();
    await this.#idle();
    this.deadlines.close();
  }

  async #within(end: number, ended: Promise<void>): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, Math.max(0, end - performance.now()));
    await Promise.race([ended, promise]);
    clearTimeout(timer);
  }

  /** Resolves when nothing is under way. */
  #idle(): Promise<void> {
    if (this.#running + this.#mirrors.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#whenIdle.push(resolve));
  }

  #wakeIdle(): void {
    if (this.#running + this.#mirrors.size === 0)
      for (const wake of this.#whenIdle.splice(0)) wake();
  }

  // A request that a route did not take after all.
  #leave(): void {
    this.#running--;
    this.#wakeIdle();
  }

  ended(over: Over, policies: PolicyRun | undefined): void {
    this.#running--;
    if (this.#whenIdle.length > 0) this.#wakeIdle();
    const { onEnd } = this.#options;
    if (onEnd === undefined && policies === undefined) return;
    const end = over.end();
    policies?.end(end);
    this.#tell(onEnd, end);
  }

  #tell<Value>(hook: ((value: Value) => void) | undefined, value: Value): void {
    try {
      hook?.(value);
    } catch {
      // A log that fails must not take a request with it.
    }
  }

  policyOf(name: string): Policy | undefined {
    const { policies } = this.#options;
    return policies !== undefined && Object.hasOwn(policies, name) ? policies[name] : undefined;
  }

  /** A decision, also where a clock or a random source of the user's own throws. */
  decide(view: RequestView, policies?: PolicyRun): Decision {
    try {
      return policies === undefined ? this.gateway.decide(view) : policies.decide(this.gateway);
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      return { kind: "reject", status: 500, headers: {}, reason: "internal", detail };
    }
  }

  errorAnswer(context: ErrorContext, headers: string[]): Answer {
    return errorAnswer(context, headers, this.#options.onError);
  }

  mirrorsOf(view: RequestView, { mirrors }: ForwardDecision): MirrorSet {
    return new MirrorSet(this, view, mirrors);
  }

  mirrorBegins(mirror: { cancel(): void }): boolean {
    if (this.#mirrors.size >= this.limits.maxMirrors) return false;
    this.#mirrors.add(mirror);
    return true;
  }

  mirrorEnded(mirror: { cancel(): void }): void {
    this.#mirrors.delete(mirror);
    if (this.#whenIdle.length > 0) this.#wakeIdle();
  }

  mirrorTold(end: MirrorEnd): void {
    this.#tell(this.#options.onMirror, end);
  }

  released(service: string): void {
    this.#queues.wake(service);
  }

  #answer(request: ExchangeRequest, decision: Exclude<AnsweringDecision, ForwardDecision>): void {
    const { req, res, policies } = request;
    const reply = { res, previous: undefined, next: undefined };
    this.open.add(reply);
    res.on("error", ignore);
    let failure = policies?.failure;
    const onClose = (): void => {
      const { statusCode, writableFinished } = res;
      this.open.remove(reply);
      this.ended(answerEnd(request, decision, statusCode, writableFinished, failure), policies);
    };
    if (res.destroyed) return void queueMicrotask(onClose);
    res.once("close", onClose);
    const made = this.#answerOf(request, decision);
    if (decision.status === 400) closeAfter(res);
    if (policies?.hasResponse !== true)
      return answer(req, res, made.status, made.headers, made.body);
    answerThrough(policies, req, res, made, (error) => {
      failure = { side: "gateway", stage: "connect", cause: "policy", error };
      const { status, headers, body } = this.errorAnswer({ ...request, status: 500, failure }, []);
      answer(req, res, status, headers, body);
    });
  }

  #answerOf(
    { view, policies }: ExchangeRequest,
    decision: Exclude<AnsweringDecision, ForwardDecision>,
  ): Answer {
    const { status, headers } = buildClientResponse(decision, undefined, view);
    if (decision.kind === "reject")
      return this.errorAnswer({ view, status, reject: decision }, headers);
    const body = decision.kind === "respond" ? (policies?.answerBody ?? decision.body) : "";
    return { status, headers, body };
  }
}

function badRequest(detail: string): RejectDecision {
  const headers = { connection: "close" };
  return { kind: "reject", status: 400, headers, reason: "bad-request", detail };
}

const LEFT: Failure = { side: "client", stage: "connect", cause: "left" };

// The end of a request that no instance was asked for.
function answerEnd(
  { view, startedAt }: Pick<ExchangeRequest, "view" | "startedAt">,
  decision: AnsweringDecision,
  status: number,
  isComplete: boolean,
  failure?: Failure,
): { end(): ExchangeEnd } {
  const durationMs = performance.now() - startedAt;
  const end = { view, decision, status, isComplete, attempts: 0, failed: [], durationMs };
  return { end: () => (failure === undefined ? end : { ...end, failure }) };
}

function ignore(): void {}
