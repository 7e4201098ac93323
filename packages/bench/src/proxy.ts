import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { startBackend } from "./backend.ts";
import { cpuSpent, cpuTimes, processTree } from "./cpu.ts";
import { BASELINE } from "./proxy-subjects.ts";
import { allTraffic, verifyTraffic, type Traffic, type TrafficName } from "./proxy-traffic.ts";
import { seededRandom, shuffled } from "./random.ts";
import { requestEach } from "./request.ts";
import { loadCore, named, startProxy, type RunningProxy } from "./running-proxy.ts";
import { median, summarize, type Summary } from "./stats.ts";
import { countWrites } from "./strace.ts";
import { table } from "./table.ts";
import { inWorkFolder } from "./work-folder.ts";
import { runLoad, writeLoadScript } from "./wrk.ts";

/** How much is measured. */
export interface ProxyPlan {
  readonly subjects: readonly string[];
  /** Other kinds of traffic are left out. */
  readonly traffic: readonly string[];
  readonly rounds: number;
  /** Whole seconds. */
  readonly roundS: number;
  /** Whole seconds; 0 leaves warming up to the rounds. */
  readonly warmUpS: number;
  /** Requests of 1 MiB while writes are counted, and twenty times as many small replies; 0 counts nothing. */
  readonly tracedLarge: number;
  /** Where each proxy in Node leaves a CPU profile. Default: none is made. */
  readonly profiles?: string | undefined;
}

/** The commands that this part runs. It needs Linux for its accounts of CPU time. */
export const proxyCommands = ["nginx", "wrk", "taskset"];

/** What one proxy came to with one kind of traffic. */
export interface ProxyResult {
  readonly traffic: TrafficName;
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

interface Round {
  readonly emptyBefore: number;
  readonly cpuUs: number;
  readonly requestsPerSecond: number;
  readonly p99Ms: number;
}

type Log = (line: string) => void;

/** Measures every proxy. Fails when one answers a target in another way than the backend does. */
export async function measureProxies(plan: ProxyPlan, log: Log): Promise<ProxyResult[]> {
  return inWorkFolder(async (folder, started) => {
    const backend = await startBackend(folder, loadCore());
    started.push(backend.nginx);
    const proxies: RunningProxy[] = [];
    for (const name of plan.subjects) {
      const proxy = await startProxy(name, {
        ...{ backend: backend.backend, folder: path.join(folder, `proxy-${name}`) },
        nodeFlags: profileFlags(name, plan),
      });
      started.push(proxy);
      proxies.push(proxy);
    }
    const results: ProxyResult[] = [];
    for (const traffic of allTraffic(backend).filter(({ name }) => plan.traffic.includes(name))) {
      log(`proxied requests: ${traffic.name}, ${traffic.targets.length} targets in turn`);
      await verifyTraffic(proxies, backend, traffic);
      results.push(...(await measureTraffic(plan, traffic, proxies, folder)));
    }
    return results;
  });
}

/** The results as text. */
export function proxyTable(results: readonly ProxyResult[]): string {
  return table<ProxyResult>(
    [
      { heading: "traffic", value: (row) => row.traffic },
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

function profileFlags(name: string, { profiles }: ProxyPlan): string[] {
  if (profiles === undefined) return [];
  return ["--cpu-prof", `--cpu-prof-dir=${profiles}`, `--cpu-prof-name=${name}.cpuprofile`];
}

async function measureTraffic(
  plan: ProxyPlan,
  traffic: Traffic,
  proxies: readonly RunningProxy[],
  folder: string,
): Promise<ProxyResult[]> {
  const script = path.join(folder, `${traffic.name}.lua`);
  await writeLoadScript(script, traffic.targets, traffic.content?.file);
  const load = { script, connections: traffic.connections, core: loadCore() };
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
      traffic: traffic.name,
      subject: proxy.name,
      cpuUs: summarize(own.map(({ cpuUs }) => cpuUs)),
      writes: await writesPerRequest(proxy, traffic, traffic.tracedEach * plan.tracedLarge, folder),
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
  proxy: RunningProxy,
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
  proxy: RunningProxy,
  { name, targets, content }: Traffic,
  count: number,
  folder: string,
): Promise<number | undefined> {
  if (count === 0) return undefined;
  const asked = Array.from({ length: count }, (_, index) => targets[index % targets.length] ?? "/");
  const requests = { targets: asked, body: content?.body };
  const file = path.join(folder, `${proxy.name}-${name}.strace`);
  const writes = await countWrites(processTree(proxy.pid), file, () =>
    requestEach(proxy.port, requests, 16, () => {}),
  );
  return writes / count;
}
