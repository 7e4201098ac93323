/** Where a client leaves by itself. */
export type Leave =
  /** With half a request head sent. */
  | "in-head"
  /** When its head is sent. */
  | "after-head"
  /** With half of its body sent. */
  | "in-upload"
  /** When an instance has its request, before an answer. */
  | "waiting"
  /** When the head of the answer is here. */
  | "at-answer"
  /** In the body of the answer. */
  | "in-answer";

/** What a client is to do. */
export interface Plan {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  /** Length of the body that is asked for. */
  readonly length: number;
  /** The body of the request. Default: none. */
  readonly upload?: { readonly length: number; readonly isChunked: boolean };
  /** Further lines of the head. Default: none. */
  readonly lines?: readonly string[];
  readonly leave?: Leave;
  /** Reads with pauses. */
  readonly isSlow?: boolean;
  /** Asks for a websocket, and gets back what it sends. */
  readonly isUpgrade?: boolean;
}

/** What a request came to. */
export type Verdict =
  /** All of the right body of an instance. */
  | "whole"
  /** A status of the gateway. */
  | "ours"
  /** Visibly not all of it: the connection was closed before the framing said so. */
  | "cut"
  /** Closed without an answer to a request that had a body, whose reset may overtake an answer. */
  | "dropped"
  /** The client has left by itself. */
  | "left"
  /** Bytes that are not those of this answer, or too few that are given out as all. */
  | "wrong"
  /** No end within the limit. */
  | "hung";

export interface Result {
  readonly plan: Plan;
  readonly verdict: Verdict;
  readonly status: number;
  /** Why it is wrong. */
  readonly why: string;
}
