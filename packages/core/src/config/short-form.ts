import { listOf } from "../match/conditions.js";
import { instanceUrl } from "./instance-url.js";
import type { GatewayConfig } from "./config.js";
import type { MatchConfig } from "./match-config.js";
import type { RouteConfig, ShortRouteConfig, ToConfig } from "./route-config.js";
import type { InstanceConfig, ServiceConfig } from "./service-config.js";

/** The fields of a match that may stand on a route of the short form. */
export const MATCH_FIELDS: readonly (keyof MatchConfig)[] = [
  "path",
  "host",
  "method",
  "headers",
  "query",
  "cookies",
  "params",
  "facts",
  "clientAddress",
  "protocol",
  "port",
];

/** Whether a route has match fields of its own. */
export function hasInlineMatch(route: object): boolean {
  return MATCH_FIELDS.some((field) => Object.hasOwn(route, field));
}

/** A route with its match fields where the full form has them. */
export function expandRoute(route: ShortRouteConfig): RouteConfig {
  if (!hasInlineMatch(route)) return route;
  const inline: Record<string, unknown> = {};
  const rest: Record<string, unknown> = {};
  for (const [field, value] of Object.entries(route)) {
    if ((MATCH_FIELDS as readonly string[]).includes(field)) inline[field] = value;
    else rest[field] = value;
  }
  return { ...(rest as RouteConfig), match: inline as MatchConfig };
}

/** Whether a `to` names a URL instead of a service. */
export function isUrl(text: string): boolean {
  return text.includes("://");
}

/** Name of the service that URLs make: the same URLs are the same service, in whatever order they stand. */
export function serviceOfUrls(urls: readonly string[]): string {
  return urls
    .map((url) => instanceUrl(url)?.url ?? url)
    .sort()
    .join(",");
}

/** The URLs of a `to`; undefined when it names services. */
export function urlsOf(to: ToConfig): readonly string[] | undefined {
  if (typeof to === "string") return isUrl(to) ? [to] : undefined;
  if (!Array.isArray(to)) return undefined;
  const texts = (to as readonly unknown[]).filter((entry) => typeof entry === "string");
  return texts.length > 0 && texts.length === to.length ? texts : undefined;
}

/** All services of a config: the named ones, and those that URLs in `to` make. */
export function allServices(config: GatewayConfig): Map<string, ServiceConfig> {
  const services = new Map(Object.entries(config.services ?? {}));
  for (const { to } of config.routes) {
    const urls = to === undefined ? undefined : urlsOf(to);
    if (urls === undefined) continue;
    const name = serviceOfUrls(urls);
    if (!services.has(name)) services.set(name, { instances: [...new Set(urls)] });
  }
  return services;
}

/** An instance in its long form. */
export function longInstance(instance: InstanceConfig): Exclude<InstanceConfig, string> {
  return typeof instance === "string" ? { url: instance } : instance;
}

/** A match in words, as the id of a route that has none: `GET api.shop.com/orders/*`. */
export function describeMatch(match: MatchConfig): string {
  const method = match.method === undefined ? "" : `${listOf(match.method).join("|")} `;
  const host = match.host === undefined ? "" : listOf(match.host).join("|");
  return method + host + describePath(match.path);
}

function describePath(path: MatchConfig["path"]): string {
  if (path === undefined) return "/*";
  if (typeof path === "string") return path;
  if ("exact" in path) return path.exact;
  if ("prefix" in path)
    return `${path.prefix.endsWith("/") ? path.prefix.slice(0, -1) : path.prefix}/*`;
  return "startsWith" in path ? `${path.startsWith}…` : `~${path.regex}`;
}
