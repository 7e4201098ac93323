import { checkHeader, type HeaderRecord } from "@signalbox/core";

/** An answer of the user's own: by a policy, or instead of an error. */
export interface OwnAnswer {
  readonly status?: number;
  readonly headers?: HeaderRecord;
  readonly body?: string | Buffer;
}

/** The same in a form that can be sent for certain. */
export interface CheckedAnswer {
  readonly status: number;
  /** Flat: name, value, name, value. */
  readonly headers: string[];
  readonly body: string | Buffer | undefined;
}

/**
 * Checks an answer of the user's own before anything of it is written.
 *
 * @param status where it gives none
 *
 * @throws TypeError that says what cannot be sent
 */
export function checkedAnswer(answer: OwnAnswer, status: number): CheckedAnswer {
  return {
    status: checkedStatus(answer.status ?? status),
    headers: checkedHeaders(answer.headers ?? {}),
    body: checkedBody(answer.body),
  };
}

/** The status that a policy or a hook gave, if it is one. */
export function checkedStatus(status: number): number {
  if (Number.isInteger(status) && status >= 200 && status <= 599) return status;
  throw new TypeError(
    `a policy gave the status ${String(status)}: expected a whole number from 200 to 599`,
  );
}

function checkedHeaders(headers: HeaderRecord): string[] {
  const flat: string[] = [];
  for (const [name, value] of Object.entries(headers))
    for (const line of value === undefined ? [] : [value].flat())
      flat.push(...checkHeader(name, line));
  return flat;
}

function checkedBody(body: string | Buffer | undefined): string | Buffer | undefined {
  if (body === undefined || typeof body === "string" || Buffer.isBuffer(body)) return body;
  if ((body as unknown) instanceof Uint8Array) return Buffer.from(body);
  throw new TypeError(`the body of an answer must be text or a Buffer, got ${typeof body}`);
}
