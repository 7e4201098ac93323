import type { ServerReply } from "./answer.js";

/** Passes hints on. Source: RFC 8297. */
export function writeEarlyHints(res: ServerReply, link: string | readonly string[]): void {
  // Node takes fewer forms of links than there are: a hint that it refuses is left out.
  try {
    res.writeEarlyHints({ link: [link].flat().flatMap((line) => line.split(/,\s*(?=<)/)) });
  } catch {
    return;
  }
}
