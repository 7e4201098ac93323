import type { ExchangeEnd } from "../src/index.js";
import type { LeavingClient } from "./leaving-client.js";
import type { Scene } from "./leaving-kit.js";

/** What a client sees of its answer: `nothing`, or the status, the body of an instance, and how it ended. */
export function seesOf({ sight: { status, body, end } }: LeavingClient): string {
  if (status === 0) return end === "cut" ? "nothing" : `no head, ${end}`;
  return status === 200 ? `${status} ${body}, ${end}` : `${status}, ${end}`;
}

/** What the instance saw of the request. */
export function sawOf({ visit, path }: Scene): "nothing" | "a part" | "all" {
  const seen = visit(path);
  if (seen === undefined) return "nothing";
  return seen.isWhole ? "all" : "a part";
}

/** What was told of a request that was over. */
export function toldOf({ status, isComplete, failure }: ExchangeEnd): string {
  const end = `${status} ${isComplete ? "whole" : "cut"}`;
  return failure === undefined ? end : `${end}, ${failure.side} ${failure.stage} ${failure.cause}`;
}

/** What each party learnt. */
export function outcomeOf({ client, end, blamed }: Scene): object {
  return { sees: seesOf(client), told: toldOf(end), blamed };
}
