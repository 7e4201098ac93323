import { setTimeout as pause } from "node:timers/promises";
import { soon } from "../hostile/gateway-server.js";
import type { Plan, Result } from "../hostile/plan.js";
import { pathOf } from "../hostile/visit.js";
import { askOverHttp1 } from "./asks.js";
import type { LeakKind } from "./leak-kind.js";
import { startLeakWorld, type LeakWorld } from "./leak-world.js";
import { heapBytes, liveStreams, openResources, type Counts } from "./reading.js";

/** What a kind of exchange left behind. */
export interface LeakReport {
  readonly kind: string;
  readonly seconds: number;
  /** Growth of the heap over the middle one of the last stretches that were measured. Unit: bytes an exchange. */
  readonly bytesAnExchange: number;
  /** What is wrong: empty when everything returned to the start. */
  readonly wrongs: readonly string[];
}

/** What was open at the start. */
export interface LeakStart {
  readonly open: Counts;
  readonly streams: number;
}

/** Most that the heap may grow: less than any object that holds a few things. Unit: bytes an exchange. */
export const MAX_BYTES = 100;

/** Exchanges behind which the code is compiled and pools and tables have their size, for every kind. */
const WARM = 2_000;

/** Exchanges in one stretch at least: below it, noise is all that there is. */
const LEAST = 1_000;

/** Stretches that are measured, the most when growth is seen, and the last ones, which are judged. */
const STRETCHES = 3;
const MOST_STRETCHES = 9;
const LAST_STRETCHES = 5;

/** Most connections that may be made at once: as many as wait to be taken. */
const AT_ONCE = 500;

/** The start that everything has to return to: behind an exchange of each kind, so that what is kept once is there. */
export async function leakStart(kinds: readonly LeakKind[]): Promise<LeakStart> {
  for (const kind of kinds) {
    const world = await startLeakWorld(kind.route);
    await runMany(world, { ...kind, parallel: 1 }, 0, 1, []);
    await world.close();
  }
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

/** Runs exchanges to warm up, and then measures. Returns the growth of the heap. Unit: bytes an exchange. */
async function runAll(kind: LeakKind, count: number, wrongs: string[]): Promise<number> {
  const world = await startLeakWorld(kind.route);
  const atStart = connecting();
  const strays: Result[] = [];
  let next = 0;
  const run = async (exchanges: number): Promise<void> => {
    await runMany(world, kind, next, exchanges, strays);
    next += exchanges;
    await soon("no connection on its way", () => connecting() <= atStart);
  };
  const share = kind.share ?? 1;
  await run(Math.max(Math.ceil(count * share * 0.4), WARM, parallelOf(kind)));
  const bytes = await growthOf(run, Math.max(Math.ceil(count * share * 0.2), LEAST));
  await world.close();
  await soon("all sockets of instances closed", () => world.openAtInstances() === 0);
  wrongs.push(...world.visits.wrongs, ...world.seconds.wrongs);
  wrongs.push(...problems(kind, strays, next));
  return bytes;
}

// A leak grows in each stretch, however many follow. What is grown once, as the memory of parsers with the most that there
// ever were at once, or let go once, as megabytes of the engine's own, is in one or two of them.
async function growthOf(run: (exchanges: number) => Promise<void>, size: number): Promise<number> {
  const growths: number[] = [];
  const middle = (): number => median(growths.slice(-LAST_STRETCHES));
  let before = await heapBytes();
  // Where much is let go, a leak would not be seen.
  const isSettled = (): boolean => Math.abs(middle()) <= MAX_BYTES;
  while (growths.length < STRETCHES || (!isSettled() && growths.length < MOST_STRETCHES)) {
    await run(size);
    const after = await heapBytes();
    growths.push((after - before) / size);
    before = after;
  }
  return middle();
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[numbers.length >> 1] as number;
}

/** Runs exchanges until they are over on all sides. */
async function runMany(
  world: LeakWorld,
  kind: LeakKind,
  from: number,
  count: number,
  strays: Result[],
): Promise<void> {
  const endBeside = await kind.beside?.(world, pathOf(kind.route, kind.behaviour, "beside", 0));
  let next = from;
  const myTurn = parallelOf(kind) > AT_ONCE ? turns() : undefined;
  const runSome = async (): Promise<void> => {
    for (;;) {
      await myTurn?.();
      if (next >= from + count) return;
      const result = await runOne(world, kind, String(next++));
      if (result.verdict !== kind.verdict || result.status !== kind.status) strays.push(result);
    }
  };
  await Promise.all(Array.from({ length: parallelOf(kind) }, runSome));
  endBeside?.();
  await soon("nothing under way", () => world.server.underWay() === 0);
  await soon("all sockets of clients closed", () => world.openToClients() === 0);
  world.visits.forgetAll();
  world.seconds.forgetAll();
}

// Exchanges that end together begin together. More connections than wait to be taken are lost, and a server takes one in
// a turn of the event loop.
function turns(): () => Promise<void> {
  const waiting: (() => void)[] = [];
  const pass = (): void => {
    waiting.shift()?.();
    if (waiting.length > 0) setImmediate(pass);
  };
  return () =>
    new Promise((resolve) => {
      if (waiting.push(resolve) === 1) setImmediate(pass);
    });
}

// What is given up while it connects is gone when the time to connect is up.
function connecting(): number {
  return openResources()["TCPConnectWrap"] as number;
}

function parallelOf({ parallel = 32 }: LeakKind): number {
  return parallel;
}

async function runOne(world: LeakWorld, kind: LeakKind, id: string): Promise<Result> {
  const length = kind.client?.length ?? 2_000;
  const path = pathOf(kind.route, kind.behaviour, id, length);
  const plan: Plan = { id, method: "GET", path, length, ...kind.client };
  const result = await (kind.ask ?? askOverHttp1)(world, plan);
  world.visits.forget(id);
  world.seconds.forget(id);
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

// Some handles close a turn or two after what they belonged to, and a timer that keeps no process alive may hold one more
// stream until it is due. A leak stays.
async function notReturned({ open, streams }: LeakStart): Promise<string[]> {
  for (let round = 0; round < 1_000 && leftOver(open, openResources()).length > 0; round++)
    await pause(2);
  let live = await liveStreams();
  for (let round = 0; round < 20 && live > streams; round++) {
    await pause(500);
    live = await liveStreams();
  }
  const left = leftOver(open, openResources());
  return live > streams ? [...left, `${live} streams, ${streams} at the start`] : left;
}

function leftOver(before: Counts, after: Counts): string[] {
  return Object.entries(after)
    .filter(([name, count]) => count > (before[name] as number))
    .map(([name, count]) => `${count} of ${name}, ${before[name]} at the start`);
}
