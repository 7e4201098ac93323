import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { AnsweringDecision, Decision, RequestView } from "@signalbox/core";
import { canonicalOnly } from "./canonical-only.js";
import { comesTooLate, type ServerReply } from "./answer.js";
import { answerRequest, type AnswerHost } from "./answer-request.js";
import { Entry, type EntryHost } from "./entry.js";
import type { ExchangeHost, ExchangeRequest } from "./exchange-host.js";
import type { HandleOptions } from "./proxy-options.js";
import { rawResponse } from "./raw-response.js";
import { badRequest } from "./refusals.js";
import { marksOf } from "./request-marks.js";
import { closeBehindOthers, isBehindOthers } from "./behind-others.js";
import { givePlainAgain } from "./plain-again.js";
import type { UpgradeOnItsWay } from "./upgrade-response.js";
import { handOnUpgrade } from "./upgrade-hand-on.js";
import type { Upgrades } from "./upgrades.js";
import { framingProblem, hasBody, viewOf, type ServerRequest } from "./view.js";
import { WaitingClient } from "./waiting-client.js";
import { asksForWebSocket } from "./web-socket.js";

/** What the way in for upgrades needs of its proxy. */
export interface UpgradeDoorHost extends EntryHost, AnswerHost, Pick<ExchangeHost, "gateway"> {
  /** A request counts from here to its end. */
  begin(): void;
  /** What no route takes leaves again. */
  leave(): void;
  /** Lets the policies of the gateway look at a request. */
  enter(entry: Entry): Decision | undefined;
  decide(view: RequestView): Decision;
  act(request: ExchangeRequest, decision: AnsweringDecision): void;
  handOn(req: ServerRequest, res: ServerReply, none: (() => void) | undefined): void;
}

type Asked = Pick<ExchangeRequest, "view" | "startedAt" | "policies">;

/** An upgrade as it came. */
interface Arrival {
  readonly req: IncomingMessage;
  readonly socket: Socket;
  readonly head: Buffer;
  readonly options: HandleOptions;
  /** Its way through the host, where it came by the listeners for requests. */
  readonly way: UpgradeOnItsWay | undefined;
}

/** The way in for upgrades: the same checks, policies and decision as for requests. */
export class UpgradeDoor {
  readonly #host: UpgradeDoorHost;
  readonly #upgrades: Upgrades;

  constructor(host: UpgradeDoorHost, upgrades: Upgrades) {
    this.#host = host;
    this.#upgrades = upgrades;
  }

  /** Takes an upgrade that came by the listeners for requests. */
  takeBack(req: IncomingMessage, way: UpgradeOnItsWay, options: HandleOptions): void {
    if (way.isOver) return;
    way.take();
    this.#take({ req, socket: way.socket as Socket, head: way.head, options, way });
  }

  /** Takes an upgrade as its server gives it. */
  take(req: IncomingMessage, socket: Duplex, head: Buffer, options: HandleOptions): void {
    // Before anything else: a socket without a listener would take the process down.
    socket.on("error", ignore);
    const arrival = { req, socket: socket as Socket, head, options, way: undefined };
    if (!comesTooLate(req) && !this.#isNoTunnel(arrival)) this.#take(arrival);
  }

  #take(arrival: Arrival): void {
    const { req, socket, options } = arrival;
    const { gateway } = this.#host;
    const startedAt = performance.now();
    const view = viewOf(req, options);
    const bad = framingProblem(req);
    if (bad === undefined && gateway.hasPolicies)
      return this.#askPolicies(arrival, new Entry(this.#host, view, socket, startedAt));
    const made = bad === undefined ? this.#host.decide(view) : badRequest(bad.detail, bad.status);
    const decision = canonicalOnly(gateway, req, options, made);
    if (decision.kind === "none") return this.#handOn(arrival);
    this.#host.begin();
    this.#act(arrival, { view, startedAt, policies: undefined }, decision);
  }

  // What cannot be a tunnel: it stands behind requests without a response, or offers another protocol, which may be ignored.
  #isNoTunnel({ req, socket, head, options }: Arrival): boolean {
    const isBehind = isBehindOthers(socket);
    if (!isBehind && asksForWebSocket(req)) return false;
    const isTheirs = this.#host.gateway.match(viewOf(req, options)).kind === "none";
    if (isTheirs && options.none !== undefined) options.none();
    else if (isBehind) closeBehindOthers(socket);
    else return givePlainAgain(req, socket, head);
    return true;
  }

  #askPolicies(arrival: Arrival, entry: Entry): void {
    const { req, socket, head, options } = arrival;
    // It is read while policies look at it: one that is not read does not tell that it has gone.
    const client = new WaitingClient(socket, head, () => socket.destroy());
    const entered = (made: Decision): void => {
      client.release(false);
      const decision = canonicalOnly(this.#host.gateway, req, options, made);
      if (decision.kind !== "none") return this.#act(arrival, entry, decision);
      this.#host.leave();
      this.#handOn(arrival);
    };
    const decision = this.#host.enter(entry);
    if (decision === undefined) entry.whenDecided(entered);
    else entered(decision);
  }

  #act(arrival: Arrival, asked: Asked, decision: AnsweringDecision): void {
    const { req, socket, head, options, way } = arrival;
    const { view, startedAt, policies } = asked;
    const isUpgrade = asksForWebSocket(req) || hasBody(req);
    const final = isUpgrade ? this.#upgrades.admit(req, decision) : decision;
    if (isUpgrade && final.kind === "forward" && final.instance.handler !== undefined) {
      handOnUpgrade(this.#host, asked, final);
      this.#handOn(arrival);
    } else if (isUpgrade && final.kind === "forward") {
      this.#upgrades.begin({ req, socket, head, view, decision: final, policies });
    } else {
      const res = responseTo(arrival);
      const marks = marksOf(req);
      // Without a host there is nobody to hand anything to.
      const known = way === undefined ? NO_OPTIONS : options;
      const request = { req, res, marks, view, startedAt, policies, options: known };
      // An upgrade does not wait for room: it would come out of the queue as an ordinary request.
      if (isUpgrade && final.kind === "reject") answerRequest(this.#host, request, final);
      else this.#host.act(request, final);
    }
  }

  #handOn(arrival: Arrival): void {
    const { options, way } = arrival;
    if (way?.none !== undefined) return way.none();
    if (options.none === undefined)
      return this.#host.handOn(arrival.req, responseTo(arrival), undefined);
    way?.giveBack();
    options.none();
  }
}

// The response of the host has what its middleware has set.
function responseTo({ req, socket, way }: Arrival): ServerResponse {
  if (way === undefined) return rawResponse(req, socket);
  way.giveBack();
  return way.res;
}

const NO_OPTIONS: HandleOptions = {};

function ignore(): void {}
