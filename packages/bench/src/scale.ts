import { startChild, type Child } from "./child.ts";
import { seededRandom, shuffled } from "./random.ts";
import { curves, type Curve } from "./scale-curves.ts";
import type { ScaleAnswer, ScaleQuestion } from "./scale-process.ts";
import { median, summarize, type Summary } from "./stats.ts";
import { table } from "./table.ts";

/** How much is measured. */
export interface ScalePlan {
  /** Larger points are left out. */
  readonly maxSize: number;
  readonly rounds: number;
  readonly roundMs: number;
  readonly warmUpMs: number;
  readonly updates: number;
}

/** What one point of one curve came to. */
export interface ScaleResult {
  readonly curve: Curve;
  readonly size: number;
  /** CPU time of one decision, in nanoseconds. */
  readonly cpuNs: Summary;
  /** CPU time of the first `createGateway` of a process, its check of the configuration included. */
  readonly buildMs: number;
  readonly heapMb: number;
  /** CPU time of `gateway.update` with one route changed, and with one instance more. Medians. */
  readonly updateRouteMs: number;
  readonly updateInstanceMs: number;
}

type Worker = Child<ScaleQuestion, ScaleAnswer>;

/** Measures every point of every curve. Fails when one finds a wrong route. */
export async function measureScale(
  plan: ScalePlan,
  log: (line: string) => void,
): Promise<ScaleResult[]> {
  const results: ScaleResult[] = [];
  for (const { curve, sizes } of curves) {
    log(`scale: ${curve}`);
    const kept = sizes.filter((size) => size <= plan.maxSize);
    results.push(...(await measureCurve(plan, curve, kept)));
  }
  return results;
}

/** The results as text. */
export function scaleTable(results: readonly ScaleResult[]): string {
  return table<ScaleResult>(
    [
      { heading: "curve", value: (row) => row.curve },
      { heading: "size", value: (row) => row.size },
      { heading: "ns best", value: (row) => row.cpuNs.best },
      { heading: "ns lower q.", value: (row) => row.cpuNs.lowerQuartile },
      { heading: "build ms", value: (row) => row.buildMs, digits: 1 },
      { heading: "heap MB", value: (row) => row.heapMb, digits: 1 },
      { heading: "update route ms", value: (row) => row.updateRouteMs, digits: 1 },
      { heading: "update instance ms", value: (row) => row.updateInstanceMs, digits: 1 },
    ],
    results,
  );
}

// The points of a curve take turns, so that a slow minute meets all of them.
async function measureCurve(
  plan: ScalePlan,
  curve: Curve,
  sizes: readonly number[],
): Promise<ScaleResult[]> {
  const points = sizes.map((size) => ({ size, worker: startWorker(), costs: [] as number[] }));
  try {
    const builds = new Map<number, ScaleAnswer>();
    for (const { size, worker } of points) {
      builds.set(size, await worker.ask({ kind: "build", curve, size }));
      await worker.ask({ kind: "decide", durationMs: plan.warmUpMs });
    }
    const random = seededRandom(1);
    for (let round = 0; round < plan.rounds; round++)
      for (const { worker, costs } of shuffled(points, random)) {
        const { cpuNs, count } = await worker.ask({ kind: "decide", durationMs: plan.roundMs });
        costs.push(cpuNs / count);
      }
    const results: ScaleResult[] = [];
    for (const { size, worker, costs } of points) {
      const { cpuNs, heapBytes } = builds.get(size) as ScaleAnswer;
      results.push({
        ...{ curve, size, cpuNs: summarize(costs), buildMs: cpuNs / 1e6, heapMb: heapBytes / 1e6 },
        updateRouteMs: await updateMs(plan, worker, "route"),
        updateInstanceMs: await updateMs(plan, worker, "instance"),
      });
    }
    return results;
  } finally {
    await Promise.all(points.map(({ worker }) => worker.stop()));
  }
}

function startWorker(): Worker {
  return startChild(new URL("scale-process.ts", import.meta.url), { nodeFlags: ["--expose-gc"] });
}

async function updateMs(
  { updates }: ScalePlan,
  worker: Worker,
  what: "route" | "instance",
): Promise<number> {
  const costs: number[] = [];
  for (let i = 0; i < updates; i++)
    costs.push((await worker.ask({ kind: "update", what })).cpuNs / 1e6);
  return median(costs);
}
