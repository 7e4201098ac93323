import type { IncomingMessage } from "node:http";
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

/** The way in for upgrades: the same checks, policies and decision as for requests. */
export class UpgradeDoor {
  readonly #host: UpgradeDoorHost;
  readonly #upgrades: Upgrades;

  constructor(host: UpgradeDoorHost, upgrades: Upgrades) {
    this.#host = host;
    this.#upgrades = upgrades;
  }

  /** Takes an upgrade that came by the listeners for requests. */
  takeBack(req: IncomingMessage, upgrade: UpgradeOnItsWay, options: HandleOptions): void {
    const { socket, head } = upgrade;
    if (upgrade.isOver) return;
    const { none = options.none } = upgrade;
    upgrade.take();
    const handOn = (): void => {
      if (upgrade.none === undefined) upgrade.giveBack();
      none?.();
    };
    this.take(req, socket, head, { ...options, none: none === undefined ? undefined : handOn });
  }

  take(req: IncomingMessage, socket: Duplex, head: Buffer, options: HandleOptions): void {
    // Before anything else: a socket without a listener would take the process down.
    socket.on("error", ignore);
    if (comesTooLate(req)) return;
    if (this.#isNone(req, socket, head, options)) return;
    const startedAt = performance.now();
    const view = viewOf(req, options);
    const handOn = (): void => {
      if (options.none !== undefined) options.none();
      else this.#host.handOn(req, rawResponse(req, socket), undefined);
    };
    const bad = framingProblem(req);
    const { gateway } = this.#host;
    if (bad === undefined && gateway.hasPolicies) {
      const entry = new Entry(this.#host, view, socket, startedAt);
      const only = (made: Decision): Decision => canonicalOnly(gateway, req, options, made);
      return this.#askPolicies(req, socket, head, entry, only, handOn);
    }
    const made = bad === undefined ? this.#host.decide(view) : badRequest(bad.detail, bad.status);
    const decision = canonicalOnly(gateway, req, options, made);
    if (decision.kind === "none") return handOn();
    this.#host.begin();
    const asked = { view, startedAt, policies: undefined };
    this.#act(req, socket, head, asked, decision, handOn);
  }

  // What cannot be a tunnel: it stands behind requests without a response, or offers another protocol, which may be ignored.
  #isNone(req: IncomingMessage, socket: Duplex, head: Buffer, options: HandleOptions): boolean {
    const isBehind = isBehindOthers(socket);
    if (!isBehind && asksForWebSocket(req)) return false;
    const isTheirs = this.#host.gateway.match(viewOf(req, options)).kind === "none";
    if (isTheirs && options.none !== undefined) options.none();
    else if (isBehind) closeBehindOthers(socket);
    else return givePlainAgain(req, socket, head);
    return true;
  }

  #askPolicies(
    req: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    entry: Entry,
    only: (made: Decision) => Decision,
    handOn: () => void,
  ): void {
    // It is read while policies look at it: one that is not read does not tell that it has gone.
    const client = new WaitingClient(socket as Socket, head, () => socket.destroy());
    const entered = (made: Decision): void => {
      client.release(false);
      const decision = only(made);
      if (decision.kind !== "none") return this.#act(req, socket, head, entry, decision, handOn);
      this.#host.leave();
      handOn();
    };
    const decision = this.#host.enter(entry);
    if (decision === undefined) entry.whenDecided(entered);
    else entered(decision);
  }

  #act(
    req: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    asked: Asked,
    decision: AnsweringDecision,
    handOn: () => void,
  ): void {
    const { view, startedAt, policies } = asked;
    const isUpgrade = asksForWebSocket(req) || hasBody(req);
    const final = isUpgrade ? this.#upgrades.admit(req, decision) : decision;
    if (isUpgrade && final.kind === "forward" && final.instance.handler !== undefined) {
      handOnUpgrade(this.#host, asked, final);
      handOn();
    } else if (isUpgrade && final.kind === "forward") {
      const upgrade = { req, socket: socket as Socket, head, view, decision: final, policies };
      this.#upgrades.begin(upgrade);
    } else {
      const res = rawResponse(req, socket);
      const marks = marksOf(req);
      const request = { req, res, marks, view, startedAt, policies, options: NO_OPTIONS };
      // An upgrade does not wait for room: it would come out of the queue as an ordinary request.
      if (isUpgrade && final.kind === "reject") answerRequest(this.#host, request, final);
      else this.#host.act(request, final);
    }
  }
}

const NO_OPTIONS: HandleOptions = {};

function ignore(): void {}
