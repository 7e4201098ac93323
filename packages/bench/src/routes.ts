import type { RouteConfig, ServiceConfig } from "@signalbox/core";
import { seededRandom } from "./random.ts";

/**
 * How the paths of the routes look. `tenants`: under each first segment the same four patterns.
 * `services`: under each first segment patterns with words of its own.
 */
export type Shape = "tenants" | "services";

/** A route of the benchmarks, in the words of a plain router and in those of a gateway. */
export interface SampleRoute {
  readonly id: string;
  /** Unique among the routes. Both Signalbox and bare routers get it as it stands. */
  readonly pattern: string;
  /** A path that the pattern takes; `seed` fills in the parameters. */
  pathFor(seed: number): string;
}

const WORDS = [
  "account address article asset badge basket branch bundle campaign card catalog category",
  "channel claim comment contact contract coupon currency customer delivery device discount",
  "document employee event export feature feed filter folder gift group holiday image import",
  "invoice item journal key label language lead ledger license list location log media member",
  "message metric model note notice offer option order",
]
  .join(" ")
  .split(" ");
/** Each of the four patterns of a group draws from words of its own, so that no two are equal. */
const WORDS_A_PATTERN = Math.floor(WORDS.length / 4);

/** Routes with patterns that differ. Four stand under each first segment. */
export function sampleRoutes(count: number, shape: Shape): SampleRoute[] {
  const random = seededRandom(count);
  return Array.from({ length: count }, (_, index) => {
    const group = Math.floor(index / 4);
    const kind = index % 4;
    const word = WORDS[kind * WORDS_A_PATTERN + Math.floor(random() * WORDS_A_PATTERN)] as string;
    return shape === "tenants"
      ? route(index, `/tenant-${group}`, ["products", "orders", "search", "files"][kind] as string)
      : route(index, `/service-${group}`, word);
  });
}

function route(index: number, prefix: string, word: string): SampleRoute {
  const id = `route-${index}`;
  const base = `${prefix}/${word}`;
  switch (index % 4) {
    case 0:
      return { id, pattern: `${base}/:id`, pathFor: (seed) => `${base}/${seed}` };
    case 1:
      return {
        id,
        pattern: `${base}/:id/items/:item`,
        pathFor: (seed) => `${base}/${seed}/items/${seed % 7}`,
      };
    case 2:
      return { id, pattern: base, pathFor: () => base };
    default:
      return { id, pattern: `${base}/*`, pathFor: (seed) => `${base}/2026/${seed}.jpg` };
  }
}

/** The query of every request; the condition on a query asks for its first part. */
export const QUERY = "?color=red&page=2";

/** The head of every request, in Node's flat form. Conditions on headers and cookies ask for parts of it. */
export const HEADERS: readonly string[] = [
  ...["Host", "shop.example"],
  ...["User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"],
  ...["Accept", "application/json, text/plain, */*"],
  ...["Accept-Language", "en-GB,en;q=0.8,de;q=0.5"],
  ...["Cookie", "uid=4f1c9a2e; theme=dark; beta=1"],
  ...["X-Tenant", "blue"],
];

/** What the head of an upload has beside that, and beside its length. */
export const UPLOAD_HEADERS: readonly string[] = ["Content-Type", "application/octet-stream"];

const CONDITIONS = [
  { headers: { "x-tenant": "blue" } },
  { query: { color: "red" } },
  { cookies: { beta: "1" } },
];

/**
 * The routes as a gateway knows them: in turn a third have a condition on a header, on the query and on a
 * cookie, and each splits its traffic 90 to 10 between two versions of one of the services.
 */
export function gatewayRoutes(
  routes: readonly SampleRoute[],
  services: readonly string[],
): RouteConfig[] {
  return routes.map(({ id, pattern }, index) => ({
    id,
    match: { path: pattern, ...CONDITIONS[index % CONDITIONS.length] },
    to: { service: services[index % services.length] as string, split: { v1: 90, v2: 10 } },
  }));
}

/** A service whose instances are shared out to two versions in turn, balanced by requests in flight. */
export function gatewayService(urls: readonly string[]): ServiceConfig {
  return {
    balancer: "least-request",
    instances: urls.map((url, index) => ({ url, version: index % 2 === 0 ? "v1" : "v2" })),
  };
}
