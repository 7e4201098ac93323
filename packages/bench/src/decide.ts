import { startChild, type Child } from "./child.ts";
import type { DecideAnswer, DecideQuestion } from "./decide-process.ts";
import { decideSubjects } from "./decide-subjects.ts";
import { seededRandom, shuffled } from "./random.ts";
import type { Shape } from "./routes.ts";
import { summarize, type Summary } from "./stats.ts";
import { table } from "./table.ts";
import type { Distribution } from "./traffic.ts";

/** How much is measured. */
export interface DecidePlan {
  readonly sizes: readonly number[];
  readonly shapes: readonly Shape[];
  readonly subjects: readonly string[];
  readonly rounds: number;
  readonly roundMs: number;
  readonly warmUpMs: number;
}

/** What one subject came to at one size, for one shape of paths and one distribution of requests. */
export interface DecideResult {
  readonly routes: number;
  readonly shape: Shape;
  readonly distribution: Distribution;
  readonly subject: string;
  readonly does: string;
  /** CPU time of one decision, in nanoseconds. */
  readonly cpuNs: Summary;
  /** From the lower quartile of the CPU time. */
  readonly decisionsPerSecond: number;
  /** Lower quartile against that of bare find-my-way asked with the same target, and with the path alone. */
  readonly ratioToUrl: number | undefined;
  readonly ratioToPath: number | undefined;
  /** The first build of the table in a fresh process. */
  readonly compileMs: number;
  readonly compileCpuMs: number;
}

type Worker = Child<DecideQuestion, DecideAnswer>;
type Measured = Omit<DecideResult, "ratioToUrl" | "ratioToPath">;

const DISTRIBUTIONS: readonly Distribution[] = ["uniform", "zipf"];

/** Measures every subject at every size. Fails when one finds a wrong route. */
export async function measureDecisions(
  plan: DecidePlan,
  log: (line: string) => void,
): Promise<DecideResult[]> {
  const results: DecideResult[] = [];
  for (const shape of plan.shapes) {
    for (const routes of plan.sizes) {
      log(`decisions: ${routes.toLocaleString("en-US")} routes, ${shape}`);
      results.push(...withRatios(await measureSize(plan, routes, shape)));
    }
  }
  return results;
}

/** The results as text. */
export function decideTable(results: readonly DecideResult[]): string {
  return table<DecideResult>(
    [
      { heading: "routes", value: (row) => row.routes },
      { heading: "paths", value: (row) => row.shape },
      { heading: "traffic", value: (row) => row.distribution },
      { heading: "subject", value: (row) => row.subject },
      { heading: "ns best", value: (row) => row.cpuNs.best },
      { heading: "ns lower q.", value: (row) => row.cpuNs.lowerQuartile },
      { heading: "a second", value: (row) => row.decisionsPerSecond },
      { heading: "to f-m-w", value: (row) => row.ratioToUrl, digits: 2 },
      { heading: "to f-m-w path", value: (row) => row.ratioToPath, digits: 2 },
      { heading: "compile ms", value: (row) => row.compileMs, digits: 1 },
      { heading: "compile CPU ms", value: (row) => row.compileCpuMs, digits: 1 },
    ],
    results,
  );
}

async function measureSize(plan: DecidePlan, routes: number, shape: Shape): Promise<Measured[]> {
  const workers = new Map<string, Worker>();
  try {
    const compiled = new Map<string, DecideAnswer>();
    for (const subject of plan.subjects) {
      const worker: Worker = startChild(new URL("decide-process.ts", import.meta.url));
      workers.set(subject, worker);
      compiled.set(subject, await worker.ask({ kind: "compile", subject, routes, shape }));
    }
    const measured: Measured[] = [];
    for (const distribution of DISTRIBUTIONS) {
      const costs = await runRounds(plan, workers, distribution);
      for (const { name, does } of decideSubjects) {
        const rounds = costs.get(name);
        const compile = compiled.get(name);
        if (rounds === undefined || compile === undefined) continue;
        const cpuNs = summarize(rounds);
        measured.push({
          ...{ routes, shape, distribution, subject: name, does, cpuNs },
          decisionsPerSecond: 1e9 / cpuNs.lowerQuartile,
          compileMs: compile.wallNs / 1e6,
          compileCpuMs: compile.cpuNs / 1e6,
        });
      }
    }
    return measured;
  } finally {
    await Promise.all([...workers.values()].map((worker) => worker.stop()));
  }
}

/** CPU time of a decision in every round, by subject. */
async function runRounds(
  plan: DecidePlan,
  workers: ReadonlyMap<string, Worker>,
  distribution: Distribution,
): Promise<Map<string, number[]>> {
  const random = seededRandom(1);
  const costs = new Map([...workers.keys()].map((name) => [name, [] as number[]]));
  for (const worker of workers.values())
    await worker.ask({ kind: "run", distribution, durationMs: plan.warmUpMs });
  for (let round = 0; round < plan.rounds; round++) {
    for (const [name, worker] of shuffled([...workers], random)) {
      const cost = await worker.ask({ kind: "run", distribution, durationMs: plan.roundMs });
      costs.get(name)?.push(cost.cpuNs / cost.count);
    }
  }
  return costs;
}

function withRatios(measured: readonly Measured[]): DecideResult[] {
  return measured.map((result) => {
    const ratioTo = (name: string): number | undefined => {
      const other = measured.find(
        ({ subject, distribution }) => subject === name && distribution === result.distribution,
      );
      return other && result.cpuNs.lowerQuartile / other.cpuNs.lowerQuartile;
    };
    return {
      ...result,
      ratioToUrl: ratioTo("find-my-way"),
      ratioToPath: ratioTo("find-my-way-path"),
    };
  });
}
