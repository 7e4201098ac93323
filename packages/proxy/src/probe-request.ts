import type { ProbeRule } from "@signalbox/core";

/** What a probe says that it is. */
export const USER_AGENT = "signalbox-probe";

/** What is asked for: characters that may not stand raw in a request are escaped. */
export function targetOf({ path }: Pick<ProbeRule, "path">): string {
  return path.toWellFormed().replaceAll(/[^!-~]/gu, encodeURIComponent);
}

/** Told of how a probe ended. Whoever tells may do so again: the first time counts. */
export type Answered = (passed: boolean) => void;
