import type { ConfigInput } from "@signalbox/core";

const retry = { attempts: 2, statuses: [502, 503], backoff: { baseMs: 5, maxMs: 20 } };
const again = { retry: { ...retry, methods: ["GET", "HEAD", "PUT", "POST"] } };
const hedged = { hedge: { delayMs: 15, attempts: 2 } };
const mirrored = {
  mirror: [
    { service: "copies", timeoutMs: 300, compare: { headers: ["x-id"] } },
    { service: "copies-http2", timeoutMs: 300 },
  ],
};

/** Copies of one request, where there are any. */
export const MIRRORS = mirrored.mirror.length;

const ROUTES = {
  once: {},
  again,
  hedged,
  mirrored,
  everything: { ...again, ...hedged, ...mirrored },
};

export type RouteName = keyof typeof ROUTES;

export const routeNames = Object.keys(ROUTES) as readonly RouteName[];

/** Whether a POST to a path may reach one instance only. */
export function isSentOnce(path: string): boolean {
  return !path.startsWith("/again/") && !path.startsWith("/everything/");
}

/** Where instances stand. */
export interface ChaosPlaces {
  readonly http1: readonly string[];
  readonly http2: readonly string[];
  /** They say by ALPN what they speak. */
  readonly tls: readonly string[];
  /** Who vouches for those. */
  readonly ca: string;
  /** One that speaks HTTP/1, and one that speaks HTTP/2. */
  readonly copies: readonly string[];
}

export function chaosConfig(at: ChaosPlaces, { hasPolicies = false } = {}): ConfigInput {
  const [copies = "", copiesHttp2 = ""] = at.copies;
  const to = [
    { service: "chaos", weight: 2 },
    { service: "chaos-http2", weight: 2 },
    { service: "chaos-tls", weight: 1 },
  ];
  return {
    services: {
      chaos: service(at.http1),
      "chaos-http2": service(at.http2, { protocol: "http2", streams: 8 }),
      "chaos-tls": service(at.tls, { protocol: "auto", streams: 8, tls: { ca: at.ca } }),
      copies: service([copies]),
      "copies-http2": service([copiesHttp2], { protocol: "http2" }),
    },
    defaults: { timeouts: { attemptMs: 400, requestMs: 2_000, idleMs: 800 } },
    ...(hasPolicies ? { policies: ["counts"] } : {}),
    routes: Object.entries(ROUTES).map(([id, rules]) => ({
      id,
      match: { path: `/${id}/*` },
      to,
      retry,
      ...rules,
      ...(hasPolicies ? { policies: ["steps"] } : {}),
    })),
  };
}

function service(instances: readonly string[], connect: object = {}) {
  return {
    instances,
    balancer: "random" as const,
    // Short, so that what is out of its mind is asked again and again.
    outlier: { baseEjectionMs: 100, maxEjectionMs: 300 },
    connect: { timeoutMs: 500, connections: 64, queue: 256, keepAliveMs: 2_500, ...connect },
  };
}
