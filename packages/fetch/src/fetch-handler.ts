import type { Fact, Gateway } from "@signalbox/core";
import {
  asksForWebSocket,
  checkMount,
  createProxy,
  factsNow,
  viewOf,
  type CloseOptions,
  type HostPathOptions,
  type Proxy,
  type ProxyOptions,
} from "@signalbox/proxy";
import { BodySource } from "./body-source.js";
import { checkRequest } from "./check-request.js";
import { checkHandlers, handlerProblem } from "./instance-handler.js";
import { NodeReply } from "./node-reply.js";
import { NodeRequest } from "./node-request.js";
import { framingOf, saysNothing, type Framing } from "./raw-headers.js";
import { refuseUpgrade } from "./refuse-upgrade.js";

/** What the handler is told beside its gateway. */
export interface FetchHandlerOptions extends ProxyOptions, HostPathOptions {
  /** A proxy to share with other mounts; it closes with the first of them. Default: one of its own. */
  readonly proxy?: Proxy;
}

/** What the server knows of a request that a `Request` does not hold. */
export interface FetchContext {
  /**
   * Address of the peer of the socket: `trustedProxies`, conditions on the client address and `X-Forwarded-For` need it.
   * What is no IP address counts as unknown. Default: unknown.
   */
  readonly remoteAddress?: string | undefined;
  /**
   * Version of HTTP that the client speaks, as Node says it. A server on Node should tell it: framing that HTTP/1.0 does not
   * know is refused then, and the connection closed. Default: `1.1`.
   */
  readonly httpVersion?: string | undefined;
  /** What was learnt of the request before, for conditions on facts and splits by a fact; a promise is an error. Default: none. */
  readonly facts?: { readonly [name: string]: Fact } | undefined;
  /** How many addresses on the way of the request are trusted, the peer first. Default: `trustedProxies` says it. */
  readonly trustedHops?: number | undefined;
  /** The bytes of the body, where somebody has read it before. Default: the body of the request is read. */
  readonly rawBody?: Uint8Array | undefined;
}

/** A gateway as a function from `Request` to `Response`. */
export interface FetchHandler {
  /**
   * Answers a request; undefined for what no route takes, whose body is untouched then. What fails is answered, as the
   * proxy answers it; it rejects for what is no `Request` alone, with a TypeError.
   */
  (request: Request, context?: FetchContext): Promise<Response | undefined>;
  readonly proxy: Proxy;
  /** Lets requests under way end and closes the connections to the instances. */
  close(options?: CloseOptions): Promise<void>;
}

/** How long the first bytes of a body are waited for where nothing says that there is one. Unit: milliseconds. */
const PATIENCE_MS = 50;

/**
 * Makes a handler out of a gateway, for servers of the fetch kind: Hono, route handlers of Next.js, and any other on Node
 * that takes a `Request` and gives a `Response`. Bodies are streamed in both directions.
 *
 * A `Request` cannot be upgraded: one that asks for a websocket gets 501 where a route takes it.
 *
 * @throws TypeError when it gets no gateway, or an option is malformed, or the handler of an instance is none of `instanceHandler`
 *
 * @example
 * const handler = fetchHandler(gateway);
 * app.use(async (c, next) => (await handler(c.req.raw)) ?? next());
 */
export function fetchHandler(gateway: Gateway, options: FetchHandlerOptions = {}): FetchHandler {
  checkMount("fetchHandler", gateway, options);
  checkHandlers(gateway);
  const proxy = options.proxy ?? createProxy(gateway, options);
  const canonicalPathsOnly = options.otherPaths !== "forward";
  const handler = async (
    request: Request,
    context: FetchContext = {},
  ): Promise<Response | undefined> => {
    checkRequest(request);
    factsNow(context.facts, "before the gateway is asked");
    const body = new BodySource(request);
    const make = (framing: Framing) => new NodeRequest(request, framing, body, context);
    const req = make(framingOf(request));
    const isTaken = (): boolean => gateway.match(viewOf(req.asNode, context)).kind !== "none";
    if (asksForWebSocket(req.asNode) && isTaken())
      return refuseUpgrade(viewOf(req.asNode, context), options);
    const mayBeEmpty = !req.complete && !request.bodyUsed && saysNothing(request);
    // Only a body that belongs to the gateway may be looked at. Policies may still leave it to others.
    if (mayBeEmpty && !gateway.hasPolicies && isTaken() && (await body.isEmpty(PATIENCE_MS)))
      return handle(proxy, make("none"), context, canonicalPathsOnly);
    return handle(proxy, req, context, canonicalPathsOnly);
  };
  return Object.assign(handler, {
    proxy,
    close: (close?: CloseOptions) => proxy.close(close),
  });
}

function handle(
  proxy: Proxy,
  req: NodeRequest,
  { facts, trustedHops }: FetchContext,
  canonicalPathsOnly: boolean,
): Promise<Response | undefined> {
  const { promise, resolve } = Promise.withResolvers<Response | undefined>();
  const reply = new NodeReply(req, resolve);
  const { signal } = req.request;
  const onAbort = (): void => reply.leave();
  req.on("error", () => reply.requestBroke());
  reply.on("close", () => {
    signal.removeEventListener("abort", onAbort);
    req.stop();
  });
  const none = (): void => {
    resolve(undefined);
    // For policies, which are told when the request is over.
    reply.leave();
  };
  const options = { none, facts, trustedHops, canonicalPathsOnly, handlerProblem };
  proxy.handle(req.asNode, reply.asNode, options);
  if (signal.aborted) onAbort();
  else signal.addEventListener("abort", onAbort);
  return promise;
}
