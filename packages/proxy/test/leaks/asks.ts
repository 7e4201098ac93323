import type { Plan, Result } from "../hostile/plan.js";
import { RawClient } from "../hostile/raw-client.js";
import type { Visits } from "../hostile/visits.js";
import { LIMIT_MS } from "./leak-kind.js";
import type { LeakWorld } from "./leak-world.js";

/** A client on a connection of its own. */
export const askOverHttp1 = (world: LeakWorld, plan: Plan): Promise<Result> =>
  askRaw(world, plan, world.visits);

/** The same; one that leaves when an instance has its request waits for the second instance. */
export const askUntilSecond = (world: LeakWorld, plan: Plan): Promise<Result> =>
  askRaw(world, plan, world.seconds);

/** A client over HTTP/2 without TLS. */
export const askOverH2c = ({ h2c, visits }: LeakWorld, plan: Plan): Promise<Result> =>
  h2c.clients.send(plan, visits, LIMIT_MS);

/** A client over HTTP/2 and TLS. */
export const askOverH2 = ({ h2, visits }: LeakWorld, plan: Plan): Promise<Result> =>
  h2.clients.send(plan, visits, LIMIT_MS);

async function askRaw({ server }: LeakWorld, plan: Plan, visits: Visits): Promise<Result> {
  const client = new RawClient(server.port, { visits, limitMs: LIMIT_MS });
  const result = await client.send(plan);
  client.destroy();
  await client.closed;
  return result;
}
