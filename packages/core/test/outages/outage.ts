import type { RouteConfig } from "../../src/config/route-config.js";
import type { ServiceConfig } from "../../src/config/service-config.js";
import type { SimulationPoint, SimulationResult } from "../../src/testing/simulation/results.js";
import type { Scenario } from "../../src/testing/simulation/scenario.js";
import { simulate } from "../../src/testing/simulation/simulate.js";
import type { Mark } from "./plot.js";

/** One way to configure the gateway for an outage. */
export interface SetUp {
  readonly service?: Partial<ServiceConfig>;
  readonly route?: Partial<RouteConfig>;
  /** What of the scenario is otherwise. */
  readonly scenario?: Partial<Scenario>;
}

/** A column of the table of an outage. */
interface Column {
  readonly heading: string;
  readonly value: (result: SimulationResult) => string;
}

/** A plot over time, with a line for each set-up. */
interface PlotOfOutage {
  /** Of its file. */
  readonly name: string;
  readonly title: string;
  readonly unit: string;
  readonly scale: "linear" | "log";
  readonly value: (point: SimulationPoint) => number;
}

/** An outage that every set-up goes through: what tests hold bounds of, and what the documentation shows. */
export interface Outage<Name extends string = string> {
  /** Of its table in the documentation. */
  readonly name: string;
  /** Number of instances: `http://i1`, `http://i2`, and so on. */
  readonly instances: number;
  readonly scenario: Omit<Scenario, "config">;
  readonly setUps: { readonly [name in Name]: SetUp };
  readonly columns: readonly Column[];
  readonly plots: readonly PlotOfOutage[];
  /** Pieces of time to be marked in the plots. Unit: seconds. */
  readonly marks: readonly Mark[];
}

/** What a set-up is compared with: the gateway does no more than going round. */
export const NAIVE: SetUp = {
  service: { balancer: "round-robin", outlier: false },
  route: { retry: { attempts: 0 } },
};

export function instancesUpTo(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `http://i${index + 1}`);
}

/** Simulates an outage with one of its set-ups. */
export function simulateSetUp<Name extends string>(
  outage: Outage<Name>,
  name: Name,
  seed = 1,
): SimulationResult {
  const { service, route, scenario }: SetUp = outage.setUps[name];
  return simulate({
    ...outage.scenario,
    ...scenario,
    seed,
    config: {
      services: { shop: { instances: instancesUpTo(outage.instances), ...service } },
      routes: [{ to: "shop", ...route }],
    },
  });
}

/** Results by the names of the set-ups. */
export type Results<Name extends string = string> = { readonly [name in Name]: SimulationResult };

/** Simulates an outage with all of its set-ups. */
export function simulateOutage<Name extends string>(outage: Outage<Name>): Results<Name> {
  const names = Object.keys(outage.setUps) as Name[];
  const entries = names.map((name) => [name, simulateSetUp(outage, name)] as const);
  return Object.fromEntries(entries) as Results<Name>;
}

/** The points of a series whose piece of time lies between two times. Unit: seconds. */
export function between(
  { series }: SimulationResult,
  from: number,
  to: number,
): readonly SimulationPoint[] {
  return series.filter(({ atMs }) => atMs > from * 1_000 && atMs <= to * 1_000);
}

/** Share of the requests that ended between two times which failed or were given up. */
export function failedRatio(result: SimulationResult, from = 0, to = Infinity): number {
  const points = between(result, from, to);
  return 1 - sumOf(points, (point) => point.succeeded) / sumOf(points, (point) => point.requests);
}

/** The largest 99th percentile of a second between two times. Unit: milliseconds. */
export function worstP99(result: SimulationResult, from: number, to: number): number {
  return Math.max(...between(result, from, to).map(({ p99 }) => p99));
}

/** Share of the clients that came between two times who were answered well in it. */
export function goodput(result: SimulationResult, from: number, to: number): number {
  const points = between(result, from, to);
  return sumOf(points, (point) => point.succeeded) / sumOf(points, (point) => point.clients);
}

export function sumOf<Item>(items: readonly Item[], of: (item: Item) => number): number {
  return items.reduce((sum, item) => sum + of(item), 0);
}

export function percent(ratio: number, digits = 2): string {
  return `${(100 * ratio).toFixed(digits)} %`;
}

/** Unit: milliseconds, or seconds where there are many of them. */
export function duration(ms: number): string {
  return ms < 1_000 ? `${ms.toFixed(0)} ms` : `${(ms / 1_000).toFixed(1)} s`;
}
