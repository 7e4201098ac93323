import type { Readable } from "node:stream";
import { buildUpstreamRequest, type ForwardDecision } from "@signalbox/core";
import { RequestBody, type BodyOwner } from "./body.js";
import { WholeBody } from "./whole-body.js";
import type { ExchangeRequest } from "./exchange-host.js";
import { extrasBeside, extrasOf } from "./extras.js";
import { dropLength } from "./announced-length.js";
import { readBody, wasRead } from "./read-body.js";
import type { OutgoingRequest, RequestExtras } from "./slot.js";
import { errorOf } from "./step-wait.js";
import { transformed, type Transformed } from "./transformed.js";
import { hasBody } from "./view.js";

/** The request of a client as it goes to instances: the body once as it comes, and again as far as it is kept. */
export class ClientRequest {
  readonly #request: ExchangeRequest;
  readonly body: RequestBody | null;
  readonly #extras: RequestExtras | undefined;
  #made: Transformed | undefined;
  /** Why there is no body to send: a policy could not make it, or somebody has read it before. */
  error: Error | undefined;

  constructor(request: ExchangeRequest, decision: ForwardDecision, owner: BodyOwner) {
    const { req, marks } = request;
    this.#request = request;
    this.body = hasBody(req, marks) ? this.#bodyOf(decision, owner) : null;
    this.#extras = extrasOf(
      req,
      marks,
      request.options.awaitsContinue === true && this.body !== null,
    );
  }

  /** Whether all of it has come. */
  get isWhole(): boolean {
    return this.body === null || this.#request.req.complete;
  }

  /** Whether it is a policy that the rest of the body is waited for. */
  get isHeldByPolicy(): boolean {
    return this.#made !== undefined && this.#request.req.complete;
  }

  /** Nobody takes it any more. */
  release(): void {
    this.body?.release();
    if (this.#made === undefined) return;
    this.#made.destroy();
    this.#request.req.resume();
  }

  /** Whether the instance is asked if it wants the body. */
  get expectsContinue(): boolean {
    return this.#extras?.expectsContinue === true;
  }

  /**
   * The request for one attempt.
   *
   * @param isFirst whether it gets the body of the client itself, and not what is kept of it
   */
  outgoing(decision: ForwardDecision, isFirst: boolean): OutgoingRequest {
    const { view, policies } = this.#request;
    const { method, path, headers } = buildUpstreamRequest(view, decision, CHECKED);
    // What a policy makes of a body has a length of its own.
    if (policies?.changesBody === true) dropLength(headers);
    const body = isFirst ? this.body : this.#wholeBody();
    const extras = isFirst ? this.#extras : extrasBeside(this.#extras);
    return { method, path, headers, body, idleMs: 0, extras };
  }

  #bodyOf({ limits }: ForwardDecision, owner: BodyOwner): RequestBody {
    const { req, marks, policies } = this.#request;
    req.on("error", ignore);
    try {
      const source = wasRead(req, marks) ? readBody(req, marks) : req;
      if (policies?.changesBody !== true) return new RequestBody(source, limits, owner);
      const failed = (error: Error): void => owner.failed(error);
      const made = transformed(source as Readable, policies.bodies, "onRequest", failed);
      this.#made = made;
      return new RequestBody(made.out, limits, owner);
    } catch (error) {
      this.error = errorOf(error);
      return new RequestBody(req, limits, owner);
    }
  }

  #wholeBody(): WholeBody | null {
    const whole = this.body?.whole;
    return whole === undefined ? null : new WholeBody(whole);
  }
}

/** All who send refuse values that no field may hold, and blame no instance for them. */
const CHECKED = { checked: true };

function ignore(): void {}
