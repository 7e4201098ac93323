import { changeHeaders } from "@signalbox/core";
import { dropLength } from "./announced-length.js";
import type { PolicyResponse, ResponseStep } from "./policy.js";
import { checkedStatus } from "./own-answer.js";
import { errorOf } from "./step-wait.js";
import type { BodyTransform } from "./transformed.js";

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
      if (status !== undefined) this.#change(checkedStatus(status));
      if (headers !== undefined) changeHeaders(this.headers, headers);
    } catch (error) {
      return errorOf(error);
    }
    if (body !== undefined) this.transforms = [...this.transforms, body];
    return undefined;
  }

  // No 204 announces the length of a body (RFC 9110 section 8.6). A 304 may, but behind another status that one is waited
  // for, and the next answer on the connection would be taken for it.
  #change(status: number): void {
    const isMoved = this.status === 304 && status !== 304;
    this.status = status;
    if (isMoved || status === 204) dropLength(this.headers);
  }
}
