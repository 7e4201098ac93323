import type { Socket } from "node:net";
import { systemEnv } from "@signalbox/core";
import { makeCertificate } from "../certificates.js";
import { startHttp2Hostile } from "../chaos/http2-instance.js";
import { DEAD_URL } from "../hostile/dead-url.js";
import { startGateway, type GatewayServer } from "../hostile/gateway-server.js";
import { startHostile } from "../hostile/hostile-instance.js";
import { Visits } from "../hostile/visits.js";
import { startBlackHole, type BlackHole } from "./black-hole.js";
import { startTunnelInstance, type TunnelInstance } from "./half-open.js";
import { openDoor, type Http2Door } from "./http2-door.js";
import { openLateDoor, type LateDoor } from "./late-door.js";
import { configOf, leadsToHole, POLICIES, type RouteName } from "./leak-routes.js";
import { startTlsInstance } from "./tls-instance.js";
import { openUnixDoor, type UnixDoor } from "./unix-door.js";

/** A gateway and what stands behind each of its routes. */
export interface LeakWorld {
  readonly visits: Visits;
  /** What the second instance has seen of those requests that the first one has too. */
  readonly seconds: Visits;
  readonly server: GatewayServer;
  readonly h2c: Http2Door;
  /** The same over TLS. */
  readonly h2: Http2Door;
  readonly unix: UnixDoor;
  readonly late: LateDoor;
  readonly tunnelInstance: TunnelInstance;
  /** Sockets of clients. */
  readonly openToClients: () => number;
  /** Sockets at instances. */
  readonly openAtInstances: () => number;
  close(): Promise<void>;
}

const NOWHERE: BlackHole = { url: DEAD_URL, close: async () => {} };

/** Made once: it takes a moment. */
const certificates = Promise.all([makeCertificate(), makeCertificate("other.test")]);

/** @param route the one that is asked for: the address without connections takes a process, and few lead there */
export async function startLeakWorld(route: RouteName): Promise<LeakWorld> {
  const visits = new Visits();
  const seconds = new Visits();
  const [certificate, other] = await certificates;
  const hole = leadsToHole(route) ? await startBlackHole() : NOWHERE;
  const instances = {
    plain: await startHostile(visits),
    good: await startHostile(visits, { behave: () => "ok" }),
    second: await startHostile(seconds),
    resetting: await startHostile(visits, { receive: () => "reset" }),
    closing: await startHostile(visits, { receive: () => "close" }),
    h2c: await startHttp2Hostile(visits),
    alpn: await startHttp2Hostile(visits, { certificate }),
    tls: await startTlsInstance(visits, certificate),
    tunnels: await startTunnelInstance(),
  };
  const urls = Object.entries(instances).map(([name, { url }]) => [name, url] as const);
  const config = configOf({
    ...(Object.fromEntries(urls) as Record<keyof typeof instances, string>),
    hole: hole.url,
    dead: DEAD_URL,
    ca: certificate.cert,
    otherCa: other.cert,
  });
  // The budget of retries is one of time: its seconds pass a thousand times as fast.
  const env = { ...systemEnv(), now: () => performance.now() * 1_000 };
  const server = await startGateway(config, { env, policies: POLICIES });
  const doors = {
    h2c: await openDoor(server.proxy),
    h2: await openDoor(server.proxy, certificate),
    unix: await openUnixDoor(server.proxy),
    late: await openLateDoor(server.proxy),
  };
  const ends = Object.values(instances);
  const entries = [server, ...Object.values(doors)];
  return {
    visits,
    seconds,
    server,
    ...doors,
    tunnelInstance: instances.tunnels,
    openToClients: () => openAt(entries),
    openAtInstances: () => openAt(ends),
    close: async () => {
      for (const one of [...entries, ...ends, hole]) await one.close();
    },
  };
}

function openAt(places: readonly { readonly sockets: ReadonlySet<Socket> }[]): number {
  return places.reduce((sum, { sockets }) => sum + sockets.size, 0);
}
