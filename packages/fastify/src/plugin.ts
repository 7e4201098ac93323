import { METHODS } from "node:http";
import type { Fact, Gateway } from "@signalbox/core";
import {
  checkMount,
  checkServer,
  createProxy,
  factsNow,
  isUpgradeResponse,
  type CheckServerOptions,
  type HostPathOptions,
  type Proxy,
  type ProxyOptions,
} from "@signalbox/proxy";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import fastifyPlugin from "fastify-plugin";
import { graceFor } from "./grace.js";
import { EndLog } from "./log-ends.js";
import { routeUpgrades } from "./upgrades.js";

/** What the plugin is told. */
export interface GatewayPluginOptions
  extends ProxyOptions, Pick<CheckServerOptions, "strict">, HostPathOptions {
  readonly gateway: Gateway;
  /** Path below which the plugin gets requests. Routes of the gateway see the whole URL all the same. Default: all. */
  readonly prefix?: string;
  /**
   * A proxy to share with other mounts; it closes with the first of them, and failures are not logged here. Default: one of
   * its own.
   */
  readonly proxy?: Proxy;
  /**
   * How long requests and websockets under way may take when the application closes, as for a proxy. It has to end 3 s
   * before the `pluginTimeout` of Fastify, which ends `app.close()`. Unit: milliseconds. Default: what that leaves, 7 000
   * of the usual 10 000; 10 000 where it is 0.
   */
  readonly graceMs?: number;
  /**
   * What hooks learnt of a request, for conditions on facts and splits by a fact. What it throws goes to the error handler
   * of the scope, and so does a promise: wait for it in a hook. Default: none.
   */
  facts?(request: FastifyRequest): { readonly [name: string]: Fact } | undefined;
}

/**
 * A gateway as a plugin of Fastify 5. Routes of the application keep winning; what no route of either takes gets the
 * not-found handler. Websockets are attached by themselves; `app.close()` lets requests under way end first.
 *
 * @throws TypeError when it gets no gateway, or an option is malformed
 *
 * @example
 * await app.register(gatewayPlugin, { gateway });
 */
export const gatewayPlugin = fastifyPlugin(mount, {
  name: "@signalbox/fastify",
  fastify: "5.x",
  encapsulate: true,
});

/** What `register` takes beside the options of a plugin. */
const OF_FASTIFY = ["gateway", "prefix", "logLevel", "logSerializers"];

async function mount(app: FastifyInstance, options: GatewayPluginOptions): Promise<void> {
  const { gateway } = options;
  checkMount("gatewayPlugin", gateway, options, OF_FASTIFY);
  const graceMs = graceFor(app, options.graceMs);
  const log = new EndLog(app.log);
  const proxy =
    options.proxy ?? createProxy(gateway, { ...ofProxy(options), onEnd: both(log, options) });
  checkServer(app.server, {
    strict: options.strict ?? false,
    warn: (message) => app.log.warn(message),
  });
  passBodies(app);
  addMethods(app);
  app.route({
    method: methodsFor(app, "/*"),
    url: "/*",
    exposeHeadRoute: false,
    handler: (request, reply) => handle(proxy, log, request, reply, options),
  });
  // The prefix itself, which the wildcard does not take.
  if (app.prefix !== "")
    app.route({
      method: methodsFor(app, ""),
      url: "",
      exposeHeadRoute: false,
      handler: (request, reply) => handle(proxy, log, request, reply, options),
    });
  let detach = (): void => {};
  app.addHook("onReady", async () => {
    detach = routeUpgrades(app, gateway);
  });
  app.addHook("preClose", () => proxy.close(graceMs === undefined ? {} : { graceMs }));
  app.addHook("onClose", async () => detach());
}

function ofProxy(options: GatewayPluginOptions): ProxyOptions {
  return Object.fromEntries(Object.entries(options).filter(([name]) => !OF_FASTIFY.includes(name)));
}

function both(log: EndLog, { onEnd }: ProxyOptions): NonNullable<ProxyOptions["onEnd"]> {
  return (end) => {
    log.tell(end);
    onEnd?.(end);
  };
}

// Bodies of every type stream through, however large: the parsers of the application keep to its own routes.
function passBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", (_request, payload, done) => done(null, payload));
}

// Fastify knows the usual methods; a gateway forwards all that Node does.
function addMethods(app: FastifyInstance): void {
  for (const method of METHODS)
    if (method !== "CONNECT" && !app.supportedMethods.includes(method))
      app.addHttpMethod(method, { hasBody: true });
}

// Plugins for CORS have a wildcard for preflights, which may stay: whoever has it answers them.
function methodsFor(
  { supportedMethods, prefix, hasRoute }: FastifyInstance,
  url: string,
): string[] {
  const hasOptions = hasRoute({ method: "OPTIONS", url: prefix + url });
  return supportedMethods.filter((method) => method !== "OPTIONS" || !hasOptions);
}

function handle(
  proxy: Proxy,
  log: EndLog,
  request: FastifyRequest,
  reply: FastifyReply,
  options: GatewayPluginOptions,
): void {
  const { raw } = request;
  log.expect(raw.rawHeaders, request.log);
  const trustedHops = trustedHopsOf(request);
  // Behind `rewriteUrl` of the application, by which its router and its hooks have gone.
  const { url: target } = raw;
  const facts = factsNow(options.facts?.(request), "in a hook");
  const canonicalPathsOnly = options.otherPaths !== "forward";
  if (isUpgradeResponse(reply.raw)) {
    reply.hijack();
    proxy.handle(raw, reply.raw, { target, trustedHops, facts, canonicalPathsOnly });
    return;
  }
  passHeaders(reply);
  proxy.handle(raw, reply.raw, {
    target,
    trustedHops,
    facts,
    canonicalPathsOnly,
    none: () => reply.callNotFound(),
    error: (error) => void reply.send(error),
  });
}

// With `trustProxy` Fastify lists the peer and the addresses behind it up to the first that it does not trust.
function trustedHopsOf({ ips }: FastifyRequest): number | undefined {
  return ips === undefined ? undefined : ips.length - 1;
}

// What hooks have set so far would not go out with a response that Fastify does not write itself.
function passHeaders(reply: FastifyReply): void {
  const headers = reply.getHeaders();
  for (const name in headers) {
    const value = headers[name];
    if (value !== undefined) reply.raw.setHeader(name, value as string);
  }
}
