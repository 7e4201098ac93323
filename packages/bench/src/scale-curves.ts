import type { GatewayConfig, RouteConfig } from "@signalbox/core";
import { seededRandom } from "./random.ts";
import { gatewayConfig } from "./subjects/decide/gateway-config.ts";
import { sampleRoutes } from "./routes.ts";
import { flat, sampleRequests, type SampleRequest } from "./traffic.ts";

/** What grows along a curve, while everything else stays as it is. */
export type Curve = "routes" | "hosts" | "starts" | "conditions" | "alternatives" | "methods";

/** A gateway at one point of a curve, and what it is asked. */
export interface CurvePoint {
  readonly config: GatewayConfig;
  readonly requests: readonly Pick<SampleRequest, "route" | "view">[];
}

/** The curves with their sizes, in the order of the table. */
export const curves: readonly { readonly curve: Curve; readonly sizes: readonly number[] }[] = [
  { curve: "routes", sizes: [10, 100, 1_000, 10_000, 100_000] },
  { curve: "hosts", sizes: [10, 100, 1_000, 5_000] },
  { curve: "starts", sizes: [10, 100, 1_000, 5_000] },
  { curve: "conditions", sizes: [1, 4, 16, 64] },
  { curve: "alternatives", sizes: [10, 100, 1_000, 5_000] },
  { curve: "methods", sizes: [4, 16, 64] },
];

/** A point of a curve. Requests ask for every route as often as for any other. */
export function curvePoint(curve: Curve, size: number): CurvePoint {
  switch (curve) {
    case "routes":
      return routesPoint(size);
    case "hosts":
      return pickedPoint(size, (index) => ({
        match: { host: `shop-${index}.example`, path: "/orders/:id" },
        host: `shop-${index}.example`,
      }));
    case "starts":
      return pickedPoint(size, (index) => ({
        match: { path: { startsWith: `/files-${index}-` } },
        url: `/files-${index}-a.jpg`,
      }));
    case "conditions":
      return conditionsPoint(size);
    case "alternatives":
      return pickedPoint(size, (index) => ({
        match: { path: "/orders/:id", headers: { "x-tenant": `tenant-${index}` } },
        headers: ["X-Tenant", `tenant-${index}`],
      }));
    case "methods":
      return pickedPoint(size, (index) => ({
        match: { path: "/orders/:id", method: `METHOD${index}` },
        method: `METHOD${index}`,
      }));
  }
}

const SERVICES = { orders: { instances: ["http://10.0.0.1:8080", "http://10.0.0.2:8080"] } };
const REQUESTS = 4_096;

function routesPoint(size: number): CurvePoint {
  const routes = sampleRoutes(size, "services");
  return {
    config: gatewayConfig(routes),
    requests: sampleRequests(routes, "uniform", Math.max(REQUESTS, Math.min(4 * size, 16_384))),
  };
}

/** One route among many, and what a request has that asks for it. */
interface Wanted {
  readonly match: NonNullable<RouteConfig["match"]>;
  readonly method?: string;
  readonly url?: string;
  readonly host?: string;
  readonly headers?: readonly string[];
}

function pickedPoint(size: number, describe: (index: number) => Wanted): CurvePoint {
  const random = seededRandom(size);
  const all = Array.from({ length: size }, (_, index) => describe(index));
  const requests = Array.from({ length: REQUESTS }, () => {
    const index = Math.floor(random() * size);
    const {
      method = "GET",
      url = "/orders/7",
      host = "shop.example",
      headers = [],
    } = all[index] as Wanted;
    const rawHeaders = ["Host", host, "Accept", "*/*", ...headers].map(flat);
    return { route: `route-${index}`, view: { method, url: flat(url), rawHeaders } };
  });
  const routes = all.map(({ match }, index) => ({ id: `route-${index}`, match, to: "orders" }));
  return { config: { services: SERVICES, routes }, requests };
}

// One route with so many conditions: in turn on a header, on the query and on a cookie. All hold.
function conditionsPoint(size: number): CurvePoint {
  const names = Array.from({ length: size }, (_, index) => `name-${index}`);
  const on = (kind: number) => names.filter((_, index) => index % 3 === kind);
  const wanted = (kind: number) => Object.fromEntries(on(kind).map((name) => [name, "1"]));
  const pairs = (kind: number) => on(kind).map((name) => `${name}=1`);
  const match = { path: "/orders/:id", headers: wanted(0), query: wanted(1), cookies: wanted(2) };
  const rawHeaders = [
    ...["Host", "shop.example", "Cookie", ["a=b", ...pairs(2)].join("; ")],
    ...on(0).flatMap((name) => [name, "1"]),
  ].map(flat);
  const url = flat(`/orders/7?${["a=b", ...pairs(1)].join("&")}`);
  const request = { route: "route-0", view: { method: "GET", url, rawHeaders } };
  return {
    config: { services: SERVICES, routes: [{ id: "route-0", match, to: "orders" }] },
    requests: [request],
  };
}
