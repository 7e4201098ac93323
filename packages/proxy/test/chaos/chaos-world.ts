import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import type { ConfigInput } from "@signalbox/core";
import type { BehaviourName } from "../hostile/behaviours.js";
import { startGateway, type GatewayServer } from "../hostile/gateway-server.js";
import { startHostile, type HostileInstance, type Reception } from "../hostile/hostile-instance.js";
import { oneOf, seeded } from "../hostile/random.js";
import type { Visit } from "../hostile/visit.js";
import { Visits } from "../hostile/visits.js";

/** A gateway in front of instances of which half are out of their mind. */
export interface ChaosWorld {
  readonly visits: Visits;
  readonly server: GatewayServer;
  readonly instances: readonly HostileInstance[];
  close(): Promise<void>;
}

const RECEPTIONS: readonly Reception[] = ["serve", "serve", "serve", "reset", "close", "hang"];

export async function startChaosWorld(seed: number): Promise<ChaosWorld> {
  const visits = new Visits((path) => !path.startsWith("/again/"));
  const random = seeded(seed);
  const instances = await Promise.all([
    startHostile(visits, { behave: good }),
    startHostile(visits, { behave: good }),
    startHostile(visits),
    startHostile(visits),
    startHostile(visits, { receive: () => oneOf(random, RECEPTIONS) }),
  ]);
  const urls = [...instances.map(({ url }) => url), await deadUrl()];
  const server = await startGateway(configOf(urls));
  return {
    visits,
    server,
    instances,
    close: async () => {
      await server.close();
      await Promise.all(instances.map((instance) => instance.close()));
    },
  };
}

// Whatever it is asked to do: it answers in one of the right ways.
function good(visit: Visit): BehaviourName {
  if (visit.behaviour.startsWith("upgrade")) return "upgrade";
  return visit.length % 2 === 0 ? "ok" : "ok-chunked";
}

function configOf(urls: readonly string[]): ConfigInput {
  const retry = { attempts: 2, statuses: [502, 503], backoff: { baseMs: 5, maxMs: 20 } };
  return {
    services: {
      chaos: {
        instances: urls,
        balancer: "random",
        // Short, so that what is out of its mind is asked again and again.
        outlier: { baseEjectionMs: 100, maxEjectionMs: 300 },
        connect: { timeoutMs: 500, connections: 64, queue: 256, keepAliveMs: 2_500 },
      },
    },
    defaults: { timeouts: { attemptMs: 400, requestMs: 2_000, idleMs: 800 } },
    routes: [
      { id: "once", match: { path: "/once/*" }, to: "chaos", retry },
      {
        id: "again",
        match: { path: "/again/*" },
        to: "chaos",
        retry: { ...retry, methods: ["GET", "HEAD", "PUT", "POST"] },
      },
    ],
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
