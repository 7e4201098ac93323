import { makeCertificate } from "../certificates.js";
import { startGateway, type GatewayServer } from "../hostile/gateway-server.js";
import { behaviourNames, type BehaviourName } from "../hostile/behaviours.js";
import { startHostile, type HostileInstance, type Reception } from "../hostile/hostile-instance.js";
import { DEAD_URL } from "../hostile/dead-url.js";
import { openDoor, type Http2Door } from "../leaks/http2-door.js";
import { startTlsInstance } from "../leaks/tls-instance.js";
import { oneOf, seeded } from "../hostile/random.js";
import type { Visit } from "../hostile/visit.js";
import { Visits } from "../hostile/visits.js";
import { chaosConfig, isSentOnce, MIRRORS } from "./chaos-config.js";
import { ChaosEnds } from "./chaos-ends.js";
import { ChaosPolicies } from "./chaos-policies.js";
import { ChaosUpdates } from "./chaos-updates.js";
import { startHttp2Hostile } from "./http2-instance.js";

/** Two gateways, one with policies, in front of the same instances, of which half are out of their mind. */
export interface ChaosWorld {
  readonly visits: Visits;
  readonly servers: readonly [GatewayServer, GatewayServer];
  /** Where clients over HTTP/2 come in: without TLS at the first gateway, with it at the second. */
  readonly doors: readonly [Http2Door, Http2Door];
  readonly instances: readonly HostileInstance[];
  /** No configuration changes any more. */
  stopUpdates(): void;
  /** Whether the answer to what was asked for was cut, by what the gateway says. */
  wasCut(path: string): boolean;
  /** How often there was what has to be there for anything to be proved. */
  seen(): Readonly<Record<string, number>>;
  /** What is wrong when all is over. */
  problems(answered: ReadonlySet<string>): readonly string[];
  close(): Promise<void>;
}

const RECEPTIONS: readonly Reception[] = ["serve", "serve", "serve", "reset", "close", "hang"];

export async function startChaosWorld(seed: number): Promise<ChaosWorld> {
  const visits = new Visits(isSentOnce);
  // Each copy of a request is sent once, whatever becomes of it.
  const copies = [new Visits(), new Visits()] as const;
  const random = seeded(seed);
  const receive = (): Reception => oneOf(random, RECEPTIONS);
  const certificate = await makeCertificate();
  let overHttp2 = 0;
  const behave = ({ behaviour }: Visit): string => {
    overHttp2++;
    return behaviour;
  };
  const http1 = await Promise.all([
    startHostile(visits, { behave: good }),
    startHostile(visits, { behave: good }),
    startHostile(visits, { behave: asTold }),
    startHostile(visits, { behave: asTold }),
    startHostile(visits, { behave: asTold, receive }),
  ]);
  const http2 = await Promise.all([
    startHttp2Hostile(visits, { behave: good }),
    startHttp2Hostile(visits, { behave }),
    startHttp2Hostile(visits, { behave, streams: 4 }),
    startHttp2Hostile(visits, { behave, receive }),
  ]);
  let overTls = 0;
  const tls = await Promise.all([
    startTlsInstance(visits, certificate),
    startHttp2Hostile(visits, { behave: good, certificate }),
    startHttp2Hostile(visits, {
      behave: ({ behaviour }) => {
        overTls++;
        return behaviour;
      },
      certificate,
    }),
  ]);
  const forCopies = await Promise.all([
    startHostile(copies[0], { behave: asTold, receive }),
    startHttp2Hostile(copies[1]),
  ]);
  const instances = [...http1, ...http2, ...tls, ...forCopies];
  const at = {
    http1: [...http1.map(({ url }) => url), DEAD_URL],
    http2: [...http2.map(({ url }) => url), DEAD_URL],
    tls: [...tls.map(({ url }) => url), DEAD_URL.replace("http:", "https:")],
    ca: certificate.cert,
    copies: forCopies.map(({ url }) => url),
  };
  const policies = new ChaosPolicies(random);
  const ends = new ChaosEnds();
  const servers = [
    await startGateway(chaosConfig(at), ends.options),
    await startGateway(chaosConfig(at, { hasPolicies: true }), {
      ...ends.options,
      policies: policies.byName,
    }),
  ] as const;
  const doors = [
    await openDoor(servers[0].proxy),
    await openDoor(servers[1].proxy, certificate),
  ] as const;
  const updates = new ChaosUpdates(at, servers);
  return {
    visits,
    servers,
    doors,
    instances,
    stopUpdates: () => updates.stop(),
    seen: () => ({
      "requests over HTTP/2": overHttp2,
      "requests over TLS": overTls,
      updates: updates.count,
      "attempts side by side": ends.hedged,
      "copies that were answered": ends.mirrored,
      "ends of policies": policies.ends,
    }),
    wasCut: (path) => ends.wasCut(path),
    problems: (answered) => [
      ...copies.flatMap(({ wrongs }) => wrongs),
      ...policies.problems(),
      ...ends.problems(answered, MIRRORS),
    ],
    close: async () => {
      for (const one of [...doors, ...servers, ...instances]) await one.close();
    },
  };
}

// Whatever it is asked to do: it answers in one of the right ways.
function good({ behaviour, length }: Visit): BehaviourName {
  if (behaviour.startsWith("upgrade")) return "upgrade";
  return length % 2 === 0 ? "ok" : "ok-chunked";
}

// What HTTP/1 does not have is a right answer.
function asTold({ behaviour }: Visit): BehaviourName {
  return behaviourNames.find((name) => name === behaviour) ?? "ok";
}
