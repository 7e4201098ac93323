import type { ProxySubject } from "./subjects/proxy/subject.ts";

/** The proxies in Node, in the order of the table. A process loads the one that it runs. */
export const nodeProxies = {
  signalbox: () => import("./subjects/proxy/signalbox.ts"),
  "signalbox-plain": () => import("./subjects/proxy/signalbox-plain.ts"),
  "signalbox-express": () => import("./subjects/proxy/signalbox-express.ts"),
  "signalbox-fastify": () => import("./subjects/proxy/signalbox-fastify.ts"),
  undici: () => import("./subjects/proxy/undici-dispatch.ts"),
  "node-http": () => import("./subjects/proxy/node-http.ts"),
  "http-proxy-3": () => import("./subjects/proxy/http-proxy-3.ts"),
  httpxy: () => import("./subjects/proxy/httpxy.ts"),
  "http-proxy-middleware": () => import("./subjects/proxy/http-proxy-middleware.ts"),
  "fast-gateway": () => import("./subjects/proxy/fast-gateway.ts"),
  "fastify-http-proxy": () => import("./subjects/proxy/fastify-http-proxy.ts"),
} satisfies Readonly<Record<string, () => Promise<{ readonly subject: ProxySubject }>>>;

export type NodeProxyName = keyof typeof nodeProxies;

/** What all others are compared with. */
export const BASELINE = "undici";

/** Every proxy. nginx runs without Node. */
export const proxyNames: readonly string[] = [...Object.keys(nodeProxies), "nginx"];

export function isNodeProxy(name: string): name is NodeProxyName {
  return Object.hasOwn(nodeProxies, name);
}
