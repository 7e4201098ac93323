import { soon } from "../hostile/gateway-server.js";
import type { Plan, Result } from "../hostile/plan.js";
import { RawClient } from "../hostile/raw-client.js";
import { pathOf } from "../hostile/visit.js";
import type { LeakKind } from "./leak-kinds.js";
import { startLeakWorld, type LeakWorld } from "./leak-world.js";
import { heapBytes, liveStreams, openResources, type Counts } from "./reading.js";

/** What a kind of exchange left behind. */
export interface LeakReport {
  readonly kind: string;
  readonly seconds: number;
  /** Growth of the heap over the second half of the exchanges. Unit: bytes an exchange. */
  readonly bytesAnExchange: number;
  /** What is wrong: empty when everything returned to the start. */
  readonly wrongs: readonly string[];
}

/** What was open at the start. */
export interface LeakStart {
  readonly open: Counts;
  readonly streams: number;
}

const LIMIT_MS = 60_000;

/** Most that the heap may grow. Unit: bytes an exchange. */
export const MAX_BYTES = 100;

/** The start that everything has to return to: behind an exchange of each kind, so that what is kept once is there. */
export async function leakStart(kinds: readonly LeakKind[]): Promise<LeakStart> {
  for (const kind of kinds) await runAll({ ...kind, parallel: 1 }, 1, []);
  return { open: openResources(), streams: await liveStreams() };
}

/** Runs exchanges of one kind, and says what they left behind. */
export async function measureKind(
  kind: LeakKind,
  count: number,
  start: LeakStart,
): Promise<LeakReport> {
  const startedAt = performance.now();
  const wrongs: string[] = [];
  const bytesAnExchange = await runAll(kind, count, wrongs);
  wrongs.push(...(await notReturned(start)));
  const seconds = (performance.now() - startedAt) / 1_000;
  return { kind: kind.name, seconds, bytesAnExchange, wrongs };
}

/** Runs a tenth to warm up, then two halves. Returns the growth of the heap over the second, or a third one. */
async function runAll(kind: LeakKind, count: number, wrongs: string[]): Promise<number> {
  const world = await startLeakWorld();
  const atStart = connecting();
  const strays: Result[] = [];
  const half = Math.ceil(count / 2);
  const warmUp = Math.max(Math.ceil(count / 10), parallelOf(kind));
  await runMany(world, kind, 0, warmUp, strays);
  const growth = async (from: number): Promise<number> => {
    const before = await heapBytes();
    await runMany(world, kind, from, half, strays);
    await soon("no connection on its way", () => connecting() <= atStart);
    return ((await heapBytes()) - before) / half;
  };
  await runMany(world, kind, warmUp, half, strays);
  await soon("no connection on its way", () => connecting() <= atStart);
  const first = await growth(warmUp + half);
  // A table that has just grown is no leak: that goes on growing.
  const bytes = first > MAX_BYTES ? Math.min(first, await growth(warmUp + 2 * half)) : first;
  await world.close();
  await soon("all sockets of instances closed", () => world.openAtInstances() === 0);
  wrongs.push(...world.visits.wrongs, ...problems(kind, strays, warmUp + count));
  return bytes;
}

/** Runs exchanges until they are over on all sides. */
async function runMany(
  world: LeakWorld,
  kind: LeakKind,
  from: number,
  count: number,
  strays: Result[],
): Promise<void> {
  let next = from;
  const runSome = async (): Promise<void> => {
    while (next < from + count) {
      const result = await runOne(world, kind, String(next++));
      if (result.verdict !== kind.verdict || result.status !== kind.status) strays.push(result);
    }
  };
  await Promise.all(Array.from({ length: parallelOf(kind) }, runSome));
  await soon("nothing under way", () => world.server.underWay() === 0);
  await soon("all sockets of clients closed", () => world.server.sockets.size === 0);
  world.visits.forgetAll();
}

// What is given up while it connects is gone when the time to connect is up.
function connecting(): number {
  return openResources()["TCPConnectWrap"] as number;
}

function parallelOf({ parallel = 32 }: LeakKind): number {
  return parallel;
}

async function runOne({ server, visits }: LeakWorld, kind: LeakKind, id: string): Promise<Result> {
  const length = 2_000;
  const plan: Plan = {
    id,
    method: "GET",
    path: pathOf(kind.route, kind.behaviour, id, length),
    length,
    ...kind.client,
  };
  const client = new RawClient(server.port, { visits, limitMs: LIMIT_MS });
  const result = await client.send(plan);
  client.destroy();
  await client.closed;
  visits.forget(id);
  return result;
}

// A busy machine lets a limit pass earlier than its kind wants it: that is nothing wrong, as long as it is rare.
function problems(kind: LeakKind, strays: readonly Result[], count: number): string[] {
  const bad = strays.filter(({ verdict }) => verdict === "wrong" || verdict === "hung");
  const few = strays.length <= count / 10 ? bad : strays;
  if (few.length === 0) return [];
  const seen = new Set(few.map(({ verdict, status, why }) => `${verdict} ${status} ${why}`));
  return [
    `${few.length} came to ${[...seen].join(", ")} in place of ${kind.verdict} ${kind.status}`,
  ];
}

// Some handles close a turn or two after what they belonged to.
async function notReturned({ open, streams }: LeakStart): Promise<string[]> {
  for (let round = 0; round < 1_000 && leftOver(open, openResources()).length > 0; round++)
    await new Promise((resolve) => setTimeout(resolve, 2));
  const left = leftOver(open, openResources());
  const live = await liveStreams();
  return live > streams ? [...left, `${live} streams, ${streams} at the start`] : left;
}

function leftOver(before: Counts, after: Counts): string[] {
  return Object.entries(after)
    .filter(([name, count]) => count > (before[name] as number))
    .map(([name, count]) => `${count} of ${name}, ${before[name]} at the start`);
}
