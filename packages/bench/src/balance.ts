import {
  createGateway,
  type BalancerName,
  type Gateway,
  type GatewayConfig,
  type RequestView,
} from "@signalbox/core";
import { seededRandom, shuffled } from "./random.ts";
import { median, summarize, type Summary } from "./stats.ts";
import { table } from "./table.ts";

/** How much is measured. */
export interface BalancePlan {
  readonly sizes: readonly number[];
  readonly balancers: readonly string[];
  readonly rounds: number;
  readonly roundMs: number;
}

/** What one balancer came to at one number of instances. */
export interface BalanceResult {
  readonly balancer: string;
  readonly instances: number;
  /** CPU time of `decide`, in nanoseconds. */
  readonly decideNs: Summary;
  /** Lower quartile against that of round-robin at as many instances. */
  readonly ratio: number | undefined;
  /** CPU time of `decide`, `start` and `report`, in nanoseconds. */
  readonly exchangeNs: Summary;
  /** CPU time until the next decision when one instance is added, and when it is removed. Medians, in microseconds. */
  readonly addUs: number;
  readonly removeUs: number;
}

/** The balancers, that which all are compared with first. */
export const balancerNames: readonly BalancerName[] = [
  ...(["round-robin", "random", "least-request", "peak-ewma"] as const),
  ...(["consistent-hash", "maglev", "rendezvous", "first-eligible"] as const),
];

const BASELINE = "round-robin";
/** Routes of the gateway: adding an instance must not look at them. */
const ROUTES = 1_000;
const VIEWS = 1_024;
/** Instances that are added and removed again. */
const CHANGES = 20;

interface Subject {
  readonly balancer: string;
  readonly instances: number;
  readonly gateway: Gateway;
  readonly decideNs: number[];
  readonly exchangeNs: number[];
}

/** Measures every balancer at every number of instances, in rounds whose order is drawn anew. */
export function measureBalance(plan: BalancePlan): BalanceResult[] {
  const views = viewsOf();
  const random = seededRandom(1);
  return plan.sizes.flatMap((size) => {
    const subjects = plan.balancers.map((balancer) => subjectOf(balancer, size));
    for (let round = 0; round <= plan.rounds; round++) {
      for (const subject of shuffled(subjects, random)) {
        const decideNs = timeEach(plan.roundMs, views, (view) => void subject.gateway.decide(view));
        const exchangeNs = timeEach(plan.roundMs, views, (view) => exchange(subject.gateway, view));
        // The first round warms up.
        if (round === 0) continue;
        subject.decideNs.push(decideNs);
        subject.exchangeNs.push(exchangeNs);
      }
    }
    return subjects.map((subject) => resultOf(subject, subjects, views[0] as RequestView));
  });
}

/** The results as text. */
export function balanceTable(results: readonly BalanceResult[]): string {
  return table<BalanceResult>(
    [
      { heading: "balancer", value: (row) => row.balancer },
      { heading: "instances", value: (row) => row.instances },
      { heading: "decide ns best", value: (row) => row.decideNs.best },
      { heading: "lower q.", value: (row) => row.decideNs.lowerQuartile },
      { heading: "to round-robin", value: (row) => row.ratio, digits: 2 },
      { heading: "exchange ns lower q.", value: (row) => row.exchangeNs.lowerQuartile },
      { heading: "add us", value: (row) => row.addUs },
      { heading: "remove us", value: (row) => row.removeUs },
    ],
    results,
  );
}

function subjectOf(balancer: string, instances: number): Subject {
  const hashes = ["consistent-hash", "maglev", "rendezvous"].includes(balancer);
  const config: GatewayConfig = {
    services: {
      s: {
        instances: Array.from({ length: instances }, (_, i) => `http://10.0.${i >> 8}.${i & 255}`),
        balancer: (hashes ? { name: balancer, key: { header: "x-user" } } : balancer) as never,
      },
    },
    routes: Array.from({ length: ROUTES }, (_, i) => ({
      match: { path: i === 0 ? "/*" : `/r${i}/*` },
      to: "s",
    })),
  };
  const gateway: Gateway = createGateway(config as never);
  return { balancer, instances, gateway, decideNs: [], exchangeNs: [] };
}

function viewsOf(): readonly RequestView[] {
  return Array.from({ length: VIEWS }, (_, i) => ({
    method: "GET",
    url: `/items/${i}`,
    rawHeaders: ["host", "shop.example", "x-user", `user-${(i * 7_919) % 100_003}`],
    remoteAddress: "10.9.8.7",
  }));
}

function exchange(gateway: Gateway, view: RequestView): void {
  const decision = gateway.decide(view);
  if (decision.kind !== "forward" || !gateway.start(decision)) throw new Error(decision.kind);
  gateway.report(decision, { kind: "response", status: 200, totalMs: 1 });
}

/** CPU time of one call, in nanoseconds. */
function timeEach(
  ms: number,
  views: readonly RequestView[],
  run: (view: RequestView) => void,
): number {
  const end = performance.now() + ms;
  const before = process.cpuUsage();
  let calls = 0;
  // Few at a time: the slowest balancer takes a tenth of a millisecond.
  do {
    for (let i = 0; i < 32; i++) run(views[(calls + i) % views.length] as RequestView);
    calls += 32;
  } while (performance.now() < end);
  const { user, system } = process.cpuUsage(before);
  return ((user + system) * 1e3) / calls;
}

function resultOf(
  { balancer, instances, gateway, decideNs, exchangeNs }: Subject,
  all: readonly Subject[],
  view: RequestView,
): BalanceResult {
  const own = summarize(decideNs);
  const baseline = all.find((subject) => subject.balancer === BASELINE);
  const ratio = baseline && own.lowerQuartile / summarize(baseline.decideNs).lowerQuartile;
  const { addUs, removeUs } = changes(gateway, view);
  return {
    ...{ balancer, instances, decideNs: own, ratio, addUs, removeUs },
    exchangeNs: summarize(exchangeNs),
  };
}

function changes(gateway: Gateway, view: RequestView): { addUs: number; removeUs: number } {
  const service = gateway.service("s");
  const timed = (change: () => void): number => {
    const before = process.cpuUsage();
    change();
    gateway.decide(view);
    const { user, system } = process.cpuUsage(before);
    return user + system;
  };
  const added: number[] = [];
  const removed: number[] = [];
  for (let i = 0; i < CHANGES; i++) {
    const url = `http://10.1.0.${i}`;
    added.push(timed(() => void service.add(url)));
    removed.push(timed(() => void service.remove(url)));
  }
  return { addUs: median(added), removeUs: median(removed) };
}
