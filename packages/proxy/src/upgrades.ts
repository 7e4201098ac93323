import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { AnsweringDecision, ForwardDecision, Gateway } from "@signalbox/core";
import type { Answer, ErrorContext } from "./error-answer.js";
import type { Over } from "./exchange-end.js";
import { Handshake } from "./handshake.js";
import type { HandshakeHost, UpgradeRequest } from "./handshake-host.js";
import type { PolicyRun } from "./policy-run.js";
import { LINGER_MS } from "./raw-response.js";
import { badRequest, CLOSING, overloaded } from "./refusals.js";
import { Tunnel, type TunnelOrigin } from "./tunnel.js";
import { UpgradeCounts, UpgradePlace } from "./upgrade-place.js";
import { UpgradeSender } from "./upgrade.js";
import { webSocketProblem } from "./web-socket.js";

interface Listener {
  readonly isClosing: boolean;
  errorAnswer(context: ErrorContext, headers: string[]): Answer;
  ended(over: Over, policies: PolicyRun | undefined): void;
}

interface UpgradesOptions {
  /** Most at a time; 0 for no limit. */
  readonly max: number;
  /** Whether anybody listens to what became of an upgrade. */
  readonly isHeard: boolean;
}

type Member = Handshake | Tunnel;

/** All upgrades of one proxy: those that wait for their answer, and the open tunnels. */
export class Upgrades implements HandshakeHost {
  readonly sender = new UpgradeSender();
  readonly isHeard: boolean;
  readonly #listener: Listener;
  readonly #max: number;
  readonly #counts = new UpgradeCounts();
  readonly #all = new Set<Member>();
  readonly #onTunnelEnded = (tunnel: Tunnel): void => this.ended(tunnel);
  #timer: NodeJS.Timeout | undefined;

  constructor(
    readonly gateway: Gateway,
    listener: Listener,
    { max, isHeard }: UpgradesOptions,
  ) {
    this.#listener = listener;
    this.#max = max;
    this.isHeard = isHeard;
  }

  get size(): number {
    return this.#all.size;
  }

  /** The decision for an upgrade that has one for a request: a refusal where it may not, or cannot, be made. */
  admit(req: IncomingMessage, decision: AnsweringDecision): AnsweringDecision {
    if (this.#listener.isClosing) return CLOSING;
    if (decision.kind !== "forward") return decision;
    const problem = webSocketProblem(req);
    if (problem !== undefined) return badRequest(problem);
    const { route, instance } = decision;
    if (this.#max > 0 && this.size >= this.#max)
      return overloaded(route, `the proxy has ${this.#max} upgrades, its most`);
    if (this.#isFull(decision)) return overloaded(route, `${instance.id} has its most upgrades`);
    return decision;
  }

  errorAnswer(context: ErrorContext, headers: string[]): Answer {
    return this.#listener.errorAnswer(context, headers);
  }

  begin(request: UpgradeRequest): void {
    const handshake = new Handshake(request, this);
    this.#all.add(handshake);
    handshake.begin();
  }

  take(decision: ForwardDecision): UpgradePlace | "gone" | "full" {
    if (this.#isFull(decision)) return "full";
    return UpgradePlace.take(this.gateway, this.#counts, decision) ?? "gone";
  }

  #isFull({ service, instance }: ForwardDecision): boolean {
    const most = this.gateway.connectOf(service)?.upgrades ?? 0;
    return most > 0 && this.#counts.of(instance) >= most;
  }

  opened(handshake: Member, client: Socket, instance: Socket, origin: TunnelOrigin): void {
    this.#all.delete(handshake);
    const tunnel = new Tunnel(client, instance, origin, this.#onTunnelEnded);
    this.#all.add(tunnel);
    tunnel.begin();
  }

  ended(over: Member): void {
    if (!this.#all.delete(over)) return;
    if (this.size === 0) clearTimeout(this.#timer);
    this.#listener.ended(over, over.policies);
  }

  /** Says goodbye to all; those that do not leave in a moment are cut. */
  hangUp(): void {
    for (const one of this.#all) one.hangUp();
    if (this.size > 0) this.#timer = setTimeout(() => this.#destroy(), LINGER_MS);
  }

  #destroy(): void {
    for (const one of this.#all) one.destroy();
  }
}
