import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { PassThrough } from "node:stream";
import { systemEnv, type Balancer, type ConfigInput } from "@signalbox/core";
import { startGateway, type GatewayServer } from "../hostile/gateway-server.js";
import { startHostile, type HostileInstance } from "../hostile/hostile-instance.js";
import { Visits } from "../hostile/visits.js";
import type { Policy } from "@signalbox/proxy";
import { startBlackHole } from "./black-hole.js";

/** A gateway and what stands behind each of its routes. */
export interface LeakWorld {
  readonly visits: Visits;
  readonly server: GatewayServer;
  /** Sockets at instances. */
  readonly openAtInstances: () => number;
  close(): Promise<void>;
}

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
  mirror: { to: "plain", mirror: [{ service: "copies" }] },
  "mirror-reset": { to: "good", mirror: [{ service: "plain" }] },
  "mirror-late": { to: "good", mirror: [{ service: "plain", timeoutMs: 15 }] },
  "mirror-refused": { to: "good", mirror: [{ service: "dead" }] },
} as const;

const POLICIES: { readonly [name: string]: Policy } = {
  bodies: {
    onRequest: () => ({ body: (body) => body.pipe(new PassThrough()) }),
    onResponse: () => ({ body: (body) => body.pipe(new PassThrough()) }),
  },
  waits: {
    onRequest: ({ signal }) =>
      new Promise((resolve) => signal.addEventListener("abort", () => resolve(undefined))),
  },
};

export type RouteName = keyof typeof ROUTES;

/** Takes instances in the order of the configuration. */
const inOrder: Balancer = { name: "in-order", pick: () => 0 };

export async function startLeakWorld(): Promise<LeakWorld> {
  const visits = new Visits();
  const hole = await startBlackHole();
  const instances = await Promise.all([
    startHostile(visits),
    startHostile(visits, { behave: () => "ok" }),
    startHostile(visits, { receive: () => "reset" }),
    startHostile(visits, { receive: () => "close" }),
  ]);
  const [plain, good, resetting, closing] = instances.map(({ url }) => url) as [
    string,
    string,
    string,
    string,
  ];
  const dead = await deadUrl();
  const server = await startGateway(
    configOf({
      plain: [plain],
      dead: [dead],
      resetting: [resetting],
      closing: [closing],
      hole: [hole.url],
      flaky: [plain, good],
      "half-dead": [dead, good],
      "half-hole": [plain, hole.url],
      good: [good],
      copies: [good],
      narrow: [plain],
      "narrow-hole": [hole.url],
    }),
    // The budget of retries is one of time: its seconds pass a thousand times as fast.
    { env: { ...systemEnv(), now: () => performance.now() * 1_000 }, policies: POLICIES },
  );
  return {
    visits,
    server,
    openAtInstances: () => instances.reduce((sum, { sockets }) => sum + sockets.size, 0),
    close: async () => {
      await server.close();
      await Promise.all(instances.map((instance: HostileInstance) => instance.close()));
      await hole.close();
    },
  };
}

const CONNECT: { readonly [service: string]: object } = {
  hole: { timeoutMs: 50 },
  // A pool keeps as many connections as were ever needed at once: few of them, so that this is soon over.
  narrow: { connections: 2 },
  "narrow-hole": { connections: 16, timeoutMs: 50 },
};

function configOf(services: Readonly<Record<string, readonly string[]>>): ConfigInput {
  const common = { balancer: inOrder, outlier: false as const };
  const connect = { connections: 1_000, queue: 10_000 };
  return {
    services: Object.fromEntries(
      Object.entries(services).map(([name, instances]) => [
        name,
        {
          instances,
          ...common,
          connect: { ...connect, ...CONNECT[name] },
        },
      ]),
    ),
    defaults: { retry: { attempts: 0 } },
    routes: Object.entries(ROUTES).map(([id, action]) => ({
      id,
      match: { path: `/${id}/*` },
      ...action,
    })),
  };
}

/** Of a port on which nobody listens. */
async function deadUrl(): Promise<string> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}`;
}
