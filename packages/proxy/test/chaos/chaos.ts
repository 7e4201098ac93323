import type { Plan, Result, Verdict } from "../hostile/plan.js";
import { soon } from "../hostile/gateway-server.js";
import { RawClient } from "../hostile/raw-client.js";
import { between, seeded, type Random } from "../hostile/random.js";
import { nextPlan } from "./chaos-plan.js";
import { startChaosWorld, type ChaosWorld } from "./chaos-world.js";

const LIMIT_MS = 20_000;

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
  /** What else there was. */
  readonly seen: Readonly<Record<string, number>>;
  /** What must not happen, and did. Empty when all is well. */
  readonly wrongs: readonly string[];
}

/**
 * Sends a mixture of requests through a gateway whose instances misbehave. What is sent follows from the seed,
 * client by client; how far each gets in the time does not.
 */
export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const world = await startChaosWorld(options.seed);
  const { wrongs } = world.visits;
  const tally = new Tally();
  const end = performance.now() + options.durationMs;
  const clients = Array.from({ length: options.clients }, (_, index) =>
    (index % 4 === 3 ? runHttp2Client : runClient)(world, options, index, end, tally),
  );
  try {
    await Promise.all(clients);
    await checkRest(world);
  } catch (error) {
    wrongs.push(String(error));
  }
  world.stopUpdates();
  await world.close();
  await soon("all sockets of instances closed", () => openAtInstances(world) === 0).catch(
    (error: unknown) => wrongs.push(String(error)),
  );
  tally.judge((path) => world.wasCut(path));
  const seen = world.seen();
  return tally.report(seen, [...wrongs, ...world.problems(tally.answered), ...missingIn(seen)]);
}

// What did not happen proves nothing.
function missingIn(seen: ChaosReport["seen"]): string[] {
  return Object.entries(seen).flatMap(([what, times]) => (times === 0 ? [`no ${what}`] : []));
}

// A client keeps its connection for some requests, as browsers and other gateways do.
async function runClient(
  { servers, visits }: ChaosWorld,
  { seed, limitMs = LIMIT_MS }: ChaosOptions,
  index: number,
  end: number,
  tally: Tally,
): Promise<void> {
  const random: Random = seeded(seed * 7_919 + index);
  const { port } = index % 2 === 0 ? servers[0] : servers[1];
  let client: RawClient | undefined;
  let before: Plan | undefined;
  for (let count = 0; performance.now() < end; count++) {
    const plan = nextPlan(random, `${index}-${count}`);
    if (client?.isReusable !== true || between(random, 0, 9) === 0 || plan.isUpgrade === true) {
      client?.destroy();
      client = new RawClient(port, { visits, limitMs });
      before = undefined;
    }
    tally.add(await client.send(plan), before);
    before = plan;
  }
  client?.destroy();
  await client?.closed;
}

// Those that come in by one door share connections.
async function runHttp2Client(
  { doors, visits }: ChaosWorld,
  { seed, limitMs = LIMIT_MS }: ChaosOptions,
  index: number,
  end: number,
  tally: Tally,
): Promise<void> {
  const random: Random = seeded(seed * 7_919 + index);
  const { clients } = doors[index % 8 === 3 ? 0 : 1];
  for (let count = 0; performance.now() < end; count++) {
    const { isUpgrade, ...plan } = nextPlan(random, `${index}-${count}`);
    if (isUpgrade !== true) tally.add(await clients.send(plan, visits, limitMs));
  }
}

async function checkRest({ servers, doors }: ChaosWorld): Promise<void> {
  for (const { sockets } of doors)
    await soon("all sockets of clients over HTTP/2 closed", () => sockets.size === 0);
  for (const server of servers) {
    await soon("nothing under way", () => server.underWay() === 0);
    await soon("all sockets of clients closed", () => server.sockets.size === 0);
  }
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
  /** Requests on a connection that was closed under them, and those before them. */
  readonly #lost: [result: Result, before: Plan][] = [];
  /** What was asked for by requests that got an answer. */
  readonly answered = new Set<string>();

  /** @param before what was asked for on the same connection before */
  add(result: Result, before?: Plan): void {
    if (before !== undefined && result.why === "closed without an answer")
      this.#lost.push([result, before]);
    else this.#add(result);
  }

  // What an instance breaks off behind the last byte is whole for the client, and its connection is closed all the
  // same: what it has asked for next meanwhile is lost.
  judge(wasCut: (path: string) => boolean): void {
    for (const [result, { path }] of this.#lost.splice(0))
      this.#add(wasCut(path) ? { ...result, verdict: "cut" } : result);
  }

  #add({ plan, verdict, status, why }: Result): void {
    this.#requests++;
    if (status > 0) this.answered.add(plan.path);
    this.#verdicts[verdict]++;
    this.#statuses[status] = (this.#statuses[status] ?? 0) + 1;
    if (verdict === "wrong" || verdict === "hung")
      this.#wrongs.push(`${verdict}: ${nameOf(plan)}: ${why} (status ${status})`);
  }

  report(seen: ChaosReport["seen"], others: readonly string[]): ChaosReport {
    return {
      seen,
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
