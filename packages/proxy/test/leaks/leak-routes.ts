import { PassThrough } from "node:stream";
import type { Balancer, ConfigInput } from "@signalbox/core";
import type { Policy } from "@signalbox/proxy";

const quick = { baseMs: 0, maxMs: 0 };
const retry = { attempts: 1, statuses: [503], backoff: quick };

const hedge = { delayMs: 5, attempts: 1 };

/** What each route leads to, and its limits. Each path begins with the name of its route. */
const ROUTES = {
  plain: { to: "plain" },
  attempt: { to: "plain", timeouts: { attemptMs: 15 } },
  "attempt-long": { to: "plain", timeouts: { attemptMs: 250 } },
  head: { to: "plain", timeouts: { headMs: 15 } },
  small: { to: "plain", limits: { bodyBytes: 100 } },
  few: { to: "few" },
  narrow: { to: "narrow" },
  "narrow-hole": { to: "narrow-hole" },
  paused: { to: "plain", retry: { ...retry, backoff: { baseMs: 600_000, maxMs: 600_000 } } },
  policy: { to: "plain", policies: ["bodies"] },
  "policy-waits": { to: "plain", policies: ["waits"] },
  request: { to: "plain", timeouts: { requestMs: 15 } },
  "request-long": { to: "plain", timeouts: { requestMs: 250 } },
  idle: { to: "plain", timeouts: { idleMs: 250 } },
  refused: { to: "dead" },
  "reset-on-accept": { to: "resetting" },
  "close-on-accept": { to: "closing" },
  "hole-connect": { to: "hole" },
  "hole-attempt": { to: "hole", timeouts: { attemptMs: 15 } },
  retry: { to: "flaky", retry },
  "retry-refused": { to: "half-dead", retry },
  "hedge-second": { to: "flaky", hedge },
  "hedge-first": { to: "half-hole", hedge },
  "hedge-both": { to: "two", hedge },
  mirror: { to: "plain", mirror: [{ service: "copies" }] },
  "mirror-reset": { to: "good", mirror: [{ service: "plain" }] },
  "mirror-late": { to: "good", mirror: [{ service: "plain", timeoutMs: 15 }] },
  "mirror-refused": { to: "good", mirror: [{ service: "dead" }] },
  h2c: { to: "h2c" },
  "h2c-alone": { to: "h2c-alone" },
  alpn: { to: "alpn" },
  tls: { to: "tls" },
  "tls-failing": { to: "tls-failing" },
  tunnels: { to: "tunnels" },
  "one-tunnel": { to: "one-tunnel" },
} as const;

export type RouteName = keyof typeof ROUTES;

/** Whether a route leads to the address to which no connection is made. */
export function leadsToHole(route: RouteName): boolean {
  return ROUTES[route].to.includes("hole");
}

export const POLICIES: { readonly [name: string]: Policy } = {
  bodies: {
    onRequest: () => ({ body: (body) => body.pipe(new PassThrough()) }),
    onResponse: () => ({ body: (body) => body.pipe(new PassThrough()) }),
  },
  waits: {
    onRequest: ({ signal }) =>
      new Promise((resolve) => signal.addEventListener("abort", () => resolve(undefined))),
  },
};

/** Where instances stand, and who vouches for those that speak TLS. */
export interface Places {
  readonly plain: string;
  readonly good: string;
  readonly second: string;
  readonly resetting: string;
  readonly closing: string;
  readonly hole: string;
  readonly dead: string;
  readonly h2c: string;
  readonly alpn: string;
  readonly tls: string;
  readonly tunnels: string;
  /** The authority of those that speak TLS. */
  readonly ca: string;
  /** One that vouches for none of them. */
  readonly otherCa: string;
}

/** Takes instances in the order of the configuration. */
const inOrder: Balancer = { name: "in-order", pick: () => 0 };

export function configOf(at: Places): ConfigInput {
  const http2 = { protocol: "http2" } as const;
  return {
    services: {
      plain: service([at.plain]),
      good: service([at.good]),
      copies: service([at.good]),
      flaky: service([at.plain, at.good]),
      two: service([at.plain, at.second]),
      dead: service([at.dead]),
      "half-dead": service([at.dead, at.good]),
      resetting: service([at.resetting]),
      closing: service([at.closing]),
      hole: service([at.hole], { timeoutMs: 50 }),
      // A pool keeps as many connections as were ever needed at once: few of them, so that this is soon over.
      "half-hole": service([at.plain, at.hole], { connections: 40, timeoutMs: 50 }),
      few: service([at.plain], { connections: 16 }),
      narrow: service([at.plain], { connections: 2 }),
      "narrow-hole": service([at.hole], { connections: 16, timeoutMs: 50 }),
      h2c: service([at.h2c], http2),
      "h2c-alone": service([at.h2c], { ...http2, streams: 1 }),
      alpn: service([at.alpn], { protocol: "auto", tls: { ca: at.ca } }),
      tls: service([at.tls], { tls: { ca: at.ca } }),
      // The one is not trusted, the other does not speak HTTP/1.
      "tls-failing": {
        ...service([at.tls, at.alpn], { tls: { ca: at.otherCa } }),
        balancer: "round-robin",
      },
      tunnels: service([at.tunnels]),
      "one-tunnel": service([at.tunnels], { upgrades: 1 }),
    },
    defaults: { retry: { attempts: 0 } },
    routes: Object.entries(ROUTES).map(([id, action]) => ({
      id,
      match: { path: `/${id}/*` },
      ...action,
    })),
  };
}

function service(instances: readonly string[], connect: object = {}) {
  return {
    instances,
    balancer: inOrder,
    outlier: false as const,
    connect: { connections: 1_000, queue: 10_000, ...connect },
  };
}
