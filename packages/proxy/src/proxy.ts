import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import {
  type AnsweringDecision,
  type Decision,
  type ForwardDecision,
  type Gateway,
  type RequestView,
} from "@signalbox/core";
import { answer, closeAfter, comesTooLate, type ServerReply } from "./answer.js";
import { answerRequest } from "./answer-request.js";
import { isQueued, watchQueued } from "./behind-others.js";
import { canonicalOnly } from "./canonical-only.js";
import { checkMount } from "./check-options.js";
import { Deadlines } from "./deadlines.js";
import { Entry } from "./entry.js";
import { errorAnswer, type Answer, type ErrorContext } from "./error-answer.js";
import type { Over } from "./exchange-end.js";
import { Exchange } from "./exchange.js";
import { errorOf } from "./failure.js";
import type { ExchangeHost, ExchangeRequest } from "./exchange-host.js";
import { tell } from "./hooks.js";
import { replyTo, type NodeResponse } from "./http2-reply.js";
import { InProcess } from "./in-process.js";
import { MirrorSet, type MirrorEnd, type MirrorHost } from "./mirror.js";
import { OpenList } from "./open-list.js";
import { PendingHeads } from "./pending-heads.js";
import { PolicyChains } from "./policy-chain.js";
import type { PolicyRun } from "./policy-run.js";
import { Pools } from "./pools.js";
import {
  limitsOf,
  MOST_MS,
  type CloseOptions,
  type HandleOptions,
  type ProxyLimits,
  type ProxyOptions,
} from "./proxy-options.js";
import { LINGER_MS } from "./raw-response.js";
import { badRequest, CLOSING, internal } from "./refusals.js";
import { warnOfReadBody } from "./read-body.js";
import { marksOf } from "./request-marks.js";
import { ServiceQueues } from "./service-queues.js";
import { holdProbes } from "./shared-probes.js";
import { waitForPlace, type PlaceHost } from "./service-place.js";
import { UnderWay } from "./under-way.js";
import { UpgradeDoor, type UpgradeDoorHost } from "./upgrade-door.js";
import { upgradeBehind } from "./upgrade-response.js";
import { Upgrades } from "./upgrades.js";
import { framingProblem, viewOf, type ServerRequest } from "./view.js";

/** Forwards requests as a gateway decides. Owns the connections to the instances. */
export interface Proxy {
  /** Answers a request, or hands it on. Never throws, whatever comes in. */
  handle(req: ServerRequest, res: NodeResponse, options?: HandleOptions): void;
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
 * @throws TypeError when it gets no gateway, or an option is malformed
 *
 * @example
 * const proxy = createProxy(gateway);
 * createServer((req, res) => proxy.handle(req, res)).listen(8080);
 */
export function createProxy(gateway: Gateway, options: ProxyOptions = {}): Proxy {
  checkMount("createProxy", gateway, options);
  return new GatewayProxy(gateway, options);
}

type Roles = ExchangeHost & MirrorHost & UpgradeDoorHost & PlaceHost;

class GatewayProxy implements Proxy, Roles {
  readonly pools: Pools;
  readonly chains: PolicyChains;
  readonly limits: ProxyLimits;
  readonly deadlines = new Deadlines();
  readonly #upgrades: Upgrades;
  readonly #upgradeDoor: UpgradeDoor;
  readonly #stopProbes: () => void;
  readonly #options: ProxyOptions;
  readonly #underWay = new UnderWay();
  readonly queues = new ServiceQueues(this.deadlines);
  /** Responses that are not over, to be cut when the time to close is up. */
  readonly open = new OpenList();
  readonly heads = new PendingHeads();
  readonly entries = new Set<Entry>();
  #closed: Promise<void> | undefined;

  constructor(
    readonly gateway: Gateway,
    options: ProxyOptions,
  ) {
    this.limits = limitsOf(options);
    this.#options = options;
    this.pools = new Pools(gateway);
    this.chains = new PolicyChains(options.policies ?? {});
    this.#upgrades = new Upgrades(gateway, this, {
      max: this.limits.maxUpgrades,
      isHeard: options.onEnd !== undefined,
    });
    this.#upgradeDoor = new UpgradeDoor(this, this.#upgrades);
    this.#stopProbes = options.probes === false ? ignore : holdProbes(gateway);
  }

  get counts(): ProxyCounts {
    return {
      requests: this.#underWay.requests - this.#upgrades.size,
      upgrades: this.#upgrades.size,
      mirrors: this.#underWay.mirrors,
      waiting: this.queues.size,
      pools: this.pools.size,
    };
  }

  get isClosing(): boolean {
    return this.#closed !== undefined;
  }

  handle(req: ServerRequest, response: NodeResponse, options: HandleOptions = {}): void {
    const upgrade = upgradeBehind(response);
    if (upgrade !== undefined)
      return this.#upgradeDoor.takeBack(req as IncomingMessage, upgrade, options);
    // Whoever has answered and goes on has nothing for us.
    if (comesTooLate(req) || response.headersSent) return;
    if (isQueued(req, response)) watchQueued(req, response as ServerResponse);
    const res = replyTo(response);
    const startedAt = performance.now();
    const view = viewOf(req, options);
    const marks = marksOf(req);
    const bad = framingProblem(req, marks);
    if (bad === undefined && this.gateway.hasPolicies) {
      const entry = new Entry(this, view, res, startedAt);
      const decision = this.enter(entry);
      if (decision === undefined)
        entry.whenDecided((late) =>
          this.#entered(req, res, marks, options, entry, late, performance.now()),
        );
      else this.#entered(req, res, marks, options, entry, decision);
      return;
    }
    const made = bad === undefined ? this.decide(view) : badRequest(bad.detail, bad.status);
    const decision = canonicalOnly(this.gateway, req, options, made);
    if (decision.kind === "none") return this.handOn(req, res, options.none);
    this.#underWay.begin();
    const policies = undefined;
    this.act({ req, res, marks, view, startedAt, policies, options }, decision);
  }

  begin(): void {
    this.#underWay.begin();
  }

  leave(): void {
    this.#underWay.end();
  }

  /** A request counts while policies look at it, and further on when a route takes it. */
  enter(entry: Entry): Decision | undefined {
    this.#underWay.begin();
    return entry.decide();
  }

  #entered(
    req: ServerRequest,
    res: ServerReply,
    marks: number,
    options: HandleOptions,
    { view, startedAt, policies }: Entry,
    made: Decision,
    from = startedAt,
  ): void {
    const decision = canonicalOnly(this.gateway, req, options, made);
    if (decision.kind !== "none")
      return this.act({ req, res, marks, view, startedAt, policies, options }, decision, from);
    this.#underWay.end();
    this.handOn(req, res, options.none);
  }

  handOn(req: ServerRequest, res: ServerReply, none: (() => void) | undefined): void {
    if (none !== undefined) return none();
    const { status, headers, body } = this.errorAnswer({ view: viewOf(req), status: 404 }, []);
    answer(req, res, status, headers, body);
  }

  act(request: ExchangeRequest, decision: AnsweringDecision, from = request.startedAt): void {
    if (this.isClosing) {
      closeAfter(request.res);
      answerRequest(this, request, CLOSING);
    } else if (decision.kind === "forward") {
      this.forward(request, decision, from);
    } else if (decision.kind !== "reject" || !waitForPlace(this, request, decision)) {
      answerRequest(this, request, decision);
    }
  }

  forward(request: ExchangeRequest, decision: ForwardDecision, from: number): void {
    const isElsewhere = decision.instance.handler === undefined;
    const exchange = new (isElsewhere ? Exchange : InProcess)(this, request, decision, from);
    this.open.add(exchange);
    exchange.begin();
  }

  upgrade(req: IncomingMessage, socket: Duplex, head: Buffer, options: HandleOptions = {}): void {
    this.#upgradeDoor.take(req, socket, head, options);
  }

  close(options: CloseOptions = {}): Promise<void> {
    this.#closed ??= this.#close(options);
    return this.#closed;
  }

  async #close({ graceMs = 10_000 }: CloseOptions): Promise<void> {
    const end = performance.now() + graceMs;
    this.#stopProbes();
    await this.#within(end, this.#underWay.idle());
    await this.#within(end, this.pools.close());
    // What has not ended by now gets an answer where none has begun, and is cut else: the clients see it.
    this.#upgrades.hangUp();
    for (const entry of this.entries) entry.hangUp();
    this.open.hangUp();
    this.#underWay.cancelMirrors();
    await this.pools.destroy();
    await this.#within(performance.now() + LINGER_MS, this.#underWay.idle());
    this.open.cut();
    await this.#underWay.idle();
    this.deadlines.close();
  }

  async #within(end: number, ended: Promise<void>): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, Math.min(MOST_MS, Math.max(0, end - performance.now())));
    await Promise.race([ended, promise]);
    clearTimeout(timer);
  }

  ended(over: Over, policies: PolicyRun | undefined): void {
    this.#underWay.end();
    const { onEnd } = this.#options;
    if (onEnd === undefined && policies === undefined) return;
    const end = over.end();
    policies?.end(end);
    tell(onEnd, end);
  }

  /** A decision, also where a clock or a random source of the user's own throws. */
  decide(view: RequestView, policies?: PolicyRun): Decision {
    try {
      return policies === undefined ? this.gateway.decide(view) : policies.decide(this.gateway);
    } catch (error) {
      return internal(error);
    }
  }

  errorAnswer(context: ErrorContext, headers: string[]): Answer {
    warnOfReadBody(this, errorOf(context.failure));
    return errorAnswer(context, headers, this.#options.onError);
  }

  mirrorsOf(view: RequestView, { mirrors }: ForwardDecision): MirrorSet {
    return new MirrorSet(this, view, mirrors);
  }

  mirrorBegins(mirror: { cancel(): void }): boolean {
    if (this.#underWay.mirrors >= this.limits.maxMirrors) return false;
    this.#underWay.beginMirror(mirror);
    return true;
  }

  mirrorEnded(mirror: { cancel(): void }): void {
    this.#underWay.endMirror(mirror);
  }

  mirrorTold(end: MirrorEnd): void {
    tell(this.#options.onMirror, end);
  }

  released(service: string): void {
    this.queues.wake(service);
  }
}

function ignore(): void {}
