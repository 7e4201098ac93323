import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { ForwardDecision, Gateway, RequestView } from "@signalbox/core";
import type { Answer, ErrorContext } from "./error-answer.js";
import type { Over } from "./exchange-end.js";
import type { PolicyRun } from "./policy-run.js";
import type { TunnelOrigin } from "./tunnel.js";
import type { UpgradePlace } from "./upgrade-place.js";
import type { UpgradeSender } from "./upgrade.js";

/** One `upgrade` event with what was decided for it. */
export interface UpgradeRequest {
  readonly req: IncomingMessage;
  readonly socket: Socket;
  /** Bytes that came behind the head of the request. */
  readonly head: Buffer;
  readonly view: RequestView;
  readonly decision: ForwardDecision;
  readonly policies: PolicyRun | undefined;
}

/** What a handshake needs of its proxy. */
export interface HandshakeHost {
  readonly gateway: Gateway;
  readonly sender: UpgradeSender;
  /** Whether anybody listens to what became of it: only then an open tunnel keeps its request. */
  readonly isHeard: boolean;
  /** Takes the place of an attempt. */
  take(decision: ForwardDecision): UpgradePlace | "gone" | "full";
  /** The sockets are joined: from here on a tunnel has them. */
  opened(handshake: Over, client: Socket, instance: Socket, origin: TunnelOrigin): void;
  /** The answer to an upgrade that came to nothing. */
  errorAnswer(context: ErrorContext, headers: string[]): Answer;
  ended(handshake: Over): void;
}
