import type { Plan, Result, Verdict } from "../hostile/plan.js";
import { soon } from "../hostile/gateway-server.js";
import { RawClient } from "../hostile/raw-client.js";
import { between, seeded, type Random } from "../hostile/random.js";
import { nextPlan } from "./chaos-plan.js";
import { startChaosWorld, type ChaosWorld } from "./chaos-world.js";

export interface ChaosOptions {
  readonly seed: number;
  readonly durationMs: number;
  /** Clients that send at the same time. */
  readonly clients: number;
  /** How long one request may take. It is far above every limit of the gateway. Unit: milliseconds. Default: 20 000. */
  readonly limitMs?: number;
}

/** What came of it all. */
export interface ChaosReport {
  readonly requests: number;
  readonly verdicts: Readonly<Record<Verdict, number>>;
  readonly statuses: Readonly<Record<string, number>>;
  /** What must not happen, and did. Empty when all is well. */
  readonly wrongs: readonly string[];
}

/**
 * Sends a mixture of requests through a gateway whose instances misbehave. What is sent follows from the seed,
 * client by client; how far each gets in the time does not.
 */
export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const world = await startChaosWorld(options.seed);
  const tally = new Tally();
  const end = performance.now() + options.durationMs;
  const clients = Array.from({ length: options.clients }, (_, index) =>
    runClient(world, options, index, end, tally),
  );
  try {
    await Promise.all(clients);
    await checkRest(world);
  } catch (error) {
    world.visits.wrongs.push(String(error));
  }
  await world.close();
  await soon("all sockets of instances closed", () => openAtInstances(world) === 0).catch(
    (error: unknown) => world.visits.wrongs.push(String(error)),
  );
  return tally.report(world.visits.wrongs);
}

// A client keeps its connection for some requests, as browsers and other gateways do.
async function runClient(
  { server, visits }: ChaosWorld,
  { seed, limitMs = 20_000 }: ChaosOptions,
  index: number,
  end: number,
  tally: Tally,
): Promise<void> {
  const random: Random = seeded(seed * 7_919 + index);
  let client: RawClient | undefined;
  for (let count = 0; performance.now() < end; count++) {
    const plan = nextPlan(random, `${index}-${count}`);
    if (client?.isReusable !== true || between(random, 0, 9) === 0 || plan.isUpgrade === true) {
      client?.destroy();
      client = new RawClient(server.port, { visits, limitMs });
    }
    tally.add(await client.send(plan));
  }
  client?.destroy();
  await client?.closed;
}

async function checkRest({ server }: ChaosWorld): Promise<void> {
  await soon("nothing under way", () => server.underWay() === 0);
  await soon("all sockets of clients closed", () => server.sockets.size === 0);
}

function openAtInstances({ instances }: ChaosWorld): number {
  return instances.reduce((sum, { sockets }) => sum + sockets.size, 0);
}

class Tally {
  #requests = 0;
  readonly #verdicts: Record<Verdict, number> = {
    whole: 0,
    ours: 0,
    cut: 0,
    dropped: 0,
    left: 0,
    wrong: 0,
    hung: 0,
  };
  readonly #statuses: Record<string, number> = {};
  readonly #wrongs: string[] = [];

  add({ plan, verdict, status, why }: Result): void {
    this.#requests++;
    this.#verdicts[verdict]++;
    this.#statuses[status] = (this.#statuses[status] ?? 0) + 1;
    if (verdict === "wrong" || verdict === "hung")
      this.#wrongs.push(`${verdict}: ${nameOf(plan)}: ${why} (status ${status})`);
  }

  report(others: readonly string[]): ChaosReport {
    return {
      requests: this.#requests,
      verdicts: this.#verdicts,
      statuses: this.#statuses,
      wrongs: [...this.#wrongs, ...others],
    };
  }
}

function nameOf({ method, path, upload, leave, isSlow }: Plan): string {
  const body =
    upload === undefined ? "" : ` with ${upload.length}${upload.isChunked ? " chunked" : ""}`;
  return `${method} ${path}${body}${leave === undefined ? "" : ` left ${leave}`}${isSlow === true ? " slow" : ""}`;
}
