import type { ForwardDecision, Gateway, RequestView } from "@signalbox/core";
import type { ServerReply } from "./answer.js";
import type { Deadlines } from "./deadlines.js";
import type { Answer, ErrorContext } from "./error-answer.js";
import type { Over } from "./exchange-end.js";
import type { MirrorSet } from "./mirror.js";
import type { OpenList } from "./open-list.js";
import type { PendingHeads } from "./pending-heads.js";
import type { PolicyRun } from "./policy-run.js";
import type { Pools } from "./pools.js";
import type { HandleOptions } from "./proxy-options.js";
import type { ServerRequest } from "./view.js";

/** What an exchange needs of its proxy. */
export interface ExchangeHost {
  readonly gateway: Gateway;
  readonly pools: Pools;
  readonly open: OpenList;
  readonly heads: PendingHeads;
  readonly deadlines: Deadlines;
  /** Connections are closed behind each answer then. */
  readonly isClosing: boolean;
  /** The answer to a request that came to nothing. */
  errorAnswer(context: ErrorContext, headers: string[]): Answer;
  /** The copies of a request. */
  mirrorsOf(view: RequestView, decision: ForwardDecision): MirrorSet;
  /** A place at a service may be free. */
  released(service: string): void;
  ended(over: Over, policies: PolicyRun | undefined): void;
}

/** A request on its way in, with what was found out about it. */
export interface ExchangeRequest {
  readonly req: ServerRequest;
  readonly res: ServerReply;
  /** What its head says of the body behind it. */
  readonly marks: number;
  readonly view: RequestView;
  /** When it came, on the clock of `performance`. */
  readonly startedAt: number;
  readonly policies: PolicyRun | undefined;
  /** What the host of the proxy told with it. */
  readonly options: HandleOptions;
}
