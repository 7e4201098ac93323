import type { ProbeRule } from "@signalbox/core";

/** How much of a body is looked at. Unit: bytes. */
const MOST_BYTES = 65_536;

/** The first part of a body: more of it is not read. */
export class FirstBytes {
  readonly #parts: Buffer[] = [];
  #room = MOST_BYTES;

  /** Takes a part in. False when there is no room for another. */
  add(part: Buffer): boolean {
    this.#parts.push(part.subarray(0, this.#room));
    this.#room -= Math.min(this.#room, part.length);
    return this.#room > 0;
  }

  get all(): Buffer {
    return Buffer.concat(this.#parts);
  }
}

/** Whether an answer is what the rule of an HTTP probe expects. */
export function isExpected(
  { statuses, body }: Pick<ProbeRule, "statuses" | "body">,
  status: number,
  bytes: Buffer,
): boolean {
  const isGood = statuses.length === 0 ? status >= 200 && status < 300 : statuses.includes(status);
  return isGood && bytes.includes(body);
}
