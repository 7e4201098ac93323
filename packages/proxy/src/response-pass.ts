import type { Readable } from "node:stream";
import { changeHeaders } from "@signalbox/core";
import type { PolicyResponse, ResponseStep } from "./policy.js";
import { errorOf } from "./step-wait.js";

/** Makes a body out of another. */
export type BodyTransform = (body: Readable) => Readable;

/** What the client gets after all response steps. */
export interface FinalResponse {
  readonly status: number;
  readonly headers: string[];
  /** What the body goes through, in this order. */
  readonly transforms: readonly BodyTransform[];
}

/** A response on its way through the policies, from the last to the first. */
export class ResponsePass implements FinalResponse {
  status: number;
  readonly headers: string[];
  readonly #origin: PolicyResponse["origin"];
  transforms: readonly BodyTransform[] = [];
  /** Policies that it still comes to. */
  left: number;

  /** @param headers flat; the policies change them in place */
  constructor(
    status: number,
    headers: string[],
    origin: PolicyResponse["origin"],
    policies: number,
  ) {
    this.status = status;
    this.headers = headers;
    this.#origin = origin;
    this.left = policies;
  }

  /** The response as the next policy sees it. */
  seen(): PolicyResponse {
    return { status: this.status, headers: this.headers, origin: this.#origin };
  }

  /** Takes over what a policy changes; gives the error of one that failed. */
  take(step: ResponseStep | Error): Error | undefined {
    if (step instanceof Error) return step;
    if (step === undefined) return undefined;
    const { status, headers, body } = step;
    try {
      if (status !== undefined) this.status = checkedStatus(status);
      if (headers !== undefined) changeHeaders(this.headers, headers);
    } catch (error) {
      return errorOf(error);
    }
    if (body !== undefined) this.transforms = [...this.transforms, body];
    return undefined;
  }
}

/** What the function of a body gave, if it is a stream. */
export function streamOf(made: Readable, hook: "onRequest" | "onResponse"): Readable {
  if (typeof (made as Partial<Readable> | undefined)?.pipe === "function") return made;
  throw new TypeError(`${hook}: the function of body gave no stream`);
}

/** The status that a policy gave, if it is one. */
export function checkedStatus(status: number): number {
  if (Number.isInteger(status) && status >= 200 && status <= 599) return status;
  throw new TypeError(
    `a policy gave the status ${String(status)}: expected a whole number from 200 to 599`,
  );
}
