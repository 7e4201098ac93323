import { rmSync } from "node:fs";
import { chmod, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { startBackend, type Backend } from "./backend.ts";
import { startChild } from "./child.ts";
import { cpuSpent, cpuTimes, processTree } from "./cpu.ts";
import { allowedCores } from "./machine.ts";
import type { ListenAnswer, ListenQuestion } from "./proxy-process.ts";
import { BASELINE, isNodeProxy } from "./proxy-subjects.ts";
import { largeTargets, smallTargets } from "./proxy-targets.ts";
import { seededRandom, shuffled } from "./random.ts";
import { requestEach } from "./request.ts";
import { median, summarize, type Summary } from "./stats.ts";
import { countWrites } from "./strace.ts";
import { startNginxProxy } from "./subjects/proxy/nginx.ts";
import { table } from "./table.ts";
import { verifyAnswers } from "./verify.ts";
import { runLoad, writeLoadScript } from "./wrk.ts";

/** How much is measured. */
export interface ProxyPlan {
  readonly subjects: readonly string[];
  readonly rounds: number;
  /** Whole seconds. */
  readonly roundS: number;
  /** Whole seconds; 0 leaves warming up to the rounds. */
  readonly warmUpS: number;
  /** Requests of 1 MiB while writes are counted, and twenty times as many small ones; 0 counts nothing. */
  readonly tracedLarge: number;
  /** Where each proxy in Node leaves a CPU profile. Default: none is made. */
  readonly profiles?: string | undefined;
}

/** The commands that this part runs. It needs Linux for its accounts of CPU time. */
export const proxyCommands = ["nginx", "wrk", "taskset"];

type Size = "small" | "large";

/** What one proxy came to with replies of one size. */
export interface ProxyResult {
  readonly size: Size;
  readonly subject: string;
  /** CPU time of all threads of the proxy for one request, in microseconds. */
  readonly cpuUs: Summary;
  /** Best and lower quartile against those of bare undici in the same run. */
  readonly bestRatio: number | undefined;
  readonly lowerQuartileRatio: number | undefined;
  /** Write system calls for one request; undefined where they were not counted. */
  readonly writes: number | undefined;
  /** Medians of the rounds. */
  readonly requestsPerSecond: number;
  readonly p99Ms: number;
  /** Rounds in which not one request was answered. They were run again. */
  readonly emptyRounds: number;
}

interface Running {
  readonly name: string;
  readonly pid: number;
  readonly port: number;
  stop(): Promise<void>;
}

interface Round {
  readonly emptyBefore: number;
  readonly cpuUs: number;
  readonly requestsPerSecond: number;
  readonly p99Ms: number;
}

interface Kind {
  readonly size: Size;
  readonly targets: readonly string[];
  readonly connections: number;
  /** Requests while writes are counted, for each of the large ones. */
  readonly tracedEach: number;
}

type Log = (line: string) => void;

/** Measures every proxy. Fails when one answers a target in another way than the backend does. */
export async function measureProxies(plan: ProxyPlan, log: Log): Promise<ProxyResult[]> {
  const folder = await mkdtemp(path.join(tmpdir(), "signalbox-bench-"));
  const removeFolder = (): void => rmSync(folder, { recursive: true, force: true });
  process.once("exit", removeFolder);
  const running: { stop(): Promise<void> }[] = [];
  try {
    // nginx's worker runs as another user.
    await chmod(folder, 0o755);
    const { nginx, backend } = await startBackend(folder, loadCore());
    running.push(nginx);
    const proxies: Running[] = [];
    for (const name of plan.subjects) {
      const proxy = await startProxy(name, backend, plan, path.join(folder, `proxy-${name}`));
      running.push(proxy);
      proxies.push(proxy);
    }
    const results: ProxyResult[] = [];
    for (const kind of kinds()) {
      log(`proxied requests: ${kind.size} replies, ${kind.targets.length} targets in turn`);
      for (const proxy of proxies)
        await named(proxy, verifyAnswers(proxy.port, nginx.ports[0] as number, kind.targets));
      results.push(...(await measureKind(plan, kind, proxies, folder)));
    }
    return results;
  } finally {
    await Promise.allSettled(running.map((each) => each.stop()));
    process.off("exit", removeFolder);
    removeFolder();
  }
}

/** The results as text. */
export function proxyTable(results: readonly ProxyResult[]): string {
  return table<ProxyResult>(
    [
      { heading: "replies", value: (row) => row.size },
      { heading: "subject", value: (row) => row.subject },
      { heading: "CPU µs best", value: (row) => row.cpuUs.best, digits: 1 },
      { heading: "CPU µs lower q.", value: (row) => row.cpuUs.lowerQuartile, digits: 1 },
      { heading: "best to undici", value: (row) => row.bestRatio, digits: 2 },
      { heading: "lower q. to undici", value: (row) => row.lowerQuartileRatio, digits: 2 },
      { heading: "writes", value: (row) => row.writes, digits: 2 },
      { heading: "requests/s", value: (row) => row.requestsPerSecond },
      { heading: "p99 ms", value: (row) => row.p99Ms, digits: 1 },
      { heading: "empty", value: (row) => row.emptyRounds },
    ],
    results,
  );
}

function kinds(): Kind[] {
  return [
    { size: "small", targets: smallTargets(), connections: 64, tracedEach: 20 },
    { size: "large", targets: largeTargets(), connections: 16, tracedEach: 1 },
  ];
}

// The proxy has a core to itself; whatever loads it and whatever it asks share another.
function proxyCore(): number | undefined {
  return allowedCores()[0];
}

function loadCore(): number | undefined {
  return allowedCores()[1] ?? proxyCore();
}

async function startProxy(
  name: string,
  backend: Backend,
  plan: ProxyPlan,
  folder: string,
): Promise<Running> {
  const core = proxyCore();
  if (!isNodeProxy(name)) {
    const nginx = await startNginxProxy(backend, folder, core);
    return { name, pid: nginx.pid, port: nginx.ports[0] as number, stop: () => nginx.stop() };
  }
  const nodeFlags =
    plan.profiles === undefined
      ? []
      : ["--cpu-prof", `--cpu-prof-dir=${plan.profiles}`, `--cpu-prof-name=${name}.cpuprofile`];
  const child = startChild<ListenQuestion, ListenAnswer>(
    new URL("proxy-process.ts", import.meta.url),
    { core, nodeFlags },
  );
  const proxy = { name, pid: child.pid, stop: () => child.stop() };
  try {
    return { ...proxy, port: (await child.ask({ subject: name, backend })).port };
  } catch (error) {
    await child.stop();
    throw error;
  }
}

async function measureKind(
  plan: ProxyPlan,
  kind: Kind,
  proxies: readonly Running[],
  folder: string,
): Promise<ProxyResult[]> {
  const script = path.join(folder, `${kind.size}.lua`);
  await writeLoadScript(script, kind.targets);
  const load = { script, connections: kind.connections, core: loadCore() };
  for (const proxy of plan.warmUpS > 0 ? proxies : [])
    await named(proxy, runLoad(proxy.port, { ...load, durationS: plan.warmUpS }));

  const random = seededRandom(1);
  const rounds = new Map(proxies.map(({ name }) => [name, [] as Round[]]));
  for (let round = 0; round < plan.rounds; round++) {
    for (const proxy of shuffled(proxies, random)) {
      const cost = await named(proxy, runRound(proxy, { ...load, durationS: plan.roundS }));
      rounds.get(proxy.name)?.push(cost);
    }
  }

  const measured: Omit<ProxyResult, "bestRatio" | "lowerQuartileRatio">[] = [];
  for (const proxy of proxies) {
    const own = rounds.get(proxy.name) ?? [];
    measured.push({
      size: kind.size,
      subject: proxy.name,
      cpuUs: summarize(own.map(({ cpuUs }) => cpuUs)),
      writes: await writesPerRequest(proxy, kind, kind.tracedEach * plan.tracedLarge, folder),
      requestsPerSecond: median(own.map(({ requestsPerSecond }) => requestsPerSecond)),
      p99Ms: median(own.map(({ p99Ms }) => p99Ms)),
      emptyRounds: own.reduce((sum, { emptyBefore }) => sum + emptyBefore, 0),
    });
  }
  const baseline = measured.find(({ subject }) => subject === BASELINE)?.cpuUs;
  return measured.map((result) => ({
    ...result,
    bestRatio: baseline && result.cpuUs.best / baseline.best,
    lowerQuartileRatio: baseline && result.cpuUs.lowerQuartile / baseline.lowerQuartile,
  }));
}

/** A busy machine may leave a round without an answer; a proxy that never answers hangs. */
const MAX_EMPTY = 2;

async function runRound(
  proxy: Running,
  load: Parameters<typeof runLoad>[1],
  emptyBefore = 0,
): Promise<Round> {
  const before = cpuTimes(proxy.pid);
  const { requests, durationS, p99Ms } = await runLoad(proxy.port, load);
  if (requests === 0) {
    if (emptyBefore === MAX_EMPTY) throw new Error("Not one request was answered.");
    return runRound(proxy, load, emptyBefore + 1);
  }
  // Closing the connections is part of what the round cost.
  await delay(50);
  const cpuUs = cpuSpent(before, cpuTimes(proxy.pid)) / 1e3 / requests;
  return { emptyBefore, cpuUs, requestsPerSecond: requests / durationS, p99Ms };
}

async function writesPerRequest(
  proxy: Running,
  { size, targets }: Kind,
  count: number,
  folder: string,
): Promise<number | undefined> {
  if (count === 0) return undefined;
  const asked = Array.from({ length: count }, (_, index) => targets[index % targets.length] ?? "/");
  const file = path.join(folder, `${proxy.name}-${size}.strace`);
  const writes = await countWrites(processTree(proxy.pid), file, () =>
    requestEach(proxy.port, asked, 16, () => {}),
  );
  return writes / count;
}

async function named<T>(proxy: Running, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw new Error(`${proxy.name} failed.`, { cause: error });
  }
}
