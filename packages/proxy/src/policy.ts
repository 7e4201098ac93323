import type { Readable } from "node:stream";
import type { Fact, HeaderChangesConfig, HeaderRecord, Params, RequestView } from "@signalbox/core";
import type { ExchangeEnd } from "./exchange-end.js";

/**
 * A step around forwarding: authentication, a rate limit, a cache, telemetry. A route names its policies in
 * `policies`, the whole gateway in its own `policies`; a proxy is given what the names stand for.
 *
 * `onRequest` runs in the order of the names, `onResponse` and `onEnd` in the opposite one, and only where `onRequest`
 * was reached. What a hook throws, and a promise that it rejects, ends the request with 500.
 *
 * @example
 * const tenants: Policy = {
 *   onRequest({ view }) {
 *     const tenant = tenantOf(view);
 *     return tenant === undefined ? { answer: { status: 401 } } : { facts: { tenant } };
 *   },
 * };
 * createProxy(gateway, { policies: { tenants } });
 */
export interface Policy {
  /**
   * Before an instance is chosen: a request that is answered here uses up no place, no draw and no budget. A policy of
   * the whole gateway runs before a route is looked for, one of a route after it.
   */
  onRequest?(exchange: PolicyExchange): Awaitable<RequestStep>;
  /** Before the head of a response goes to the client, whoever made it. Upgrades that succeed have none. */
  onResponse?(exchange: PolicyExchange, response: PolicyResponse): Awaitable<ResponseStep>;
  /** Once, when the request is over, however it ended. A throw is ignored. */
  onEnd?(exchange: PolicyExchange, end: ExchangeEnd): void;
}

/** A value, or a promise of it. */
export type Awaitable<Value> = Value | PromiseLike<Value>;

/** One request, the same object in all hooks of all policies. */
export interface PolicyExchange {
  /** The request, with the facts and changes of the policies so far. */
  readonly view: RequestView;
  /** Undefined before a route is looked for, and where none takes the request. */
  readonly route: string | undefined;
  /** Path parameters of the route, in canonical form. */
  readonly params: Params;
  /** For what a policy wants to remember from one hook to the next; shared by all, so use a key of your own. */
  readonly locals: Record<PropertyKey, unknown>;
  /** Aborted when the client leaves, and when the request is over. */
  readonly signal: AbortSignal;
}

/** An answer instead of forwarding. */
export interface PolicyAnswer {
  /** From 200 to 599. */
  readonly status: number;
  /** By name; several lines of one name as an array. Default: none. */
  readonly headers?: HeaderRecord;
  /** Default: empty. */
  readonly body?: string | Buffer;
}

/** What `onRequest` says: nothing to go on, an answer to stop here, or what to change. */
export type RequestStep =
  | void
  | undefined
  | { readonly answer: PolicyAnswer }
  | (RequestChange & { readonly answer?: never });

/** What a policy changes of a request. */
export interface RequestChange {
  /** Added to what is known of the request; conditions and sticky splits can use them. */
  readonly facts?: { readonly [name: string]: Fact };
  /**
   * Changes of the headers. Those of a policy of the whole gateway are seen by routes, those of a policy of a route by
   * the instance and later policies.
   */
  readonly headers?: HeaderChangesConfig;
  /** Only for policies of the whole gateway: the route is chosen by it. */
  readonly method?: string;
  /** The request target. Only for policies of the whole gateway: the route is chosen by it. */
  readonly url?: string;
  /** Makes the body that goes to the instance out of that of the client. It is sent chunked then. */
  readonly body?: (body: Readable) => Readable;
}

/** The head of a response that is about to go to the client. */
export interface PolicyResponse {
  readonly status: number;
  /** Flat: name, value, name, value. */
  readonly headers: readonly string[];
  /** Who made it: an instance, or the gateway and its policies. */
  readonly origin: "instance" | "gateway";
}

/** What `onResponse` says: nothing to leave it as it is, or what to change. */
export type ResponseStep = void | undefined | ResponseChange;

/** What a policy changes of a response. */
export interface ResponseChange {
  /** From 200 to 599. */
  readonly status?: number;
  readonly headers?: HeaderChangesConfig;
  /** Makes the body for the client out of that of the response. Its length is not announced then. */
  readonly body?: (body: Readable) => Readable;
}
