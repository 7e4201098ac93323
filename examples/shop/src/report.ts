import type { Decision } from "@signalbox/http";
import type { Account, Line } from "./ledger.ts";
import type { Screen } from "./screen.ts";
import type { Shop } from "./shop.ts";
import { count, table, type Column } from "./table.ts";
import { runTraffic, type TrafficPlan, type TrafficResult } from "./traffic.ts";

/** A run of traffic, as the clients saw it and as the gateway booked it. */
export interface Run extends TrafficResult {
  readonly requests: number;
  readonly account: Account;
}

/** Sends traffic, shows what went where, and keeps what did not hold. */
export class Report {
  readonly shop: Shop;
  readonly screen: Screen;
  readonly #broken: string[] = [];

  constructor(shop: Shop, screen: Screen) {
    this.shop = shop;
    this.screen = screen;
  }

  /** Sentences of the design that did not hold. */
  get broken(): readonly string[] {
    return this.#broken;
  }

  check(holds: boolean, otherwise: string): void {
    if (!holds) this.#broken.push(otherwise);
  }

  async run(plan: Omit<TrafficPlan, "port" | "onAnswer">): Promise<Run> {
    const { gateway } = this.shop;
    const result = await runTraffic({
      ...plan,
      port: gateway.port,
      onAnswer: (answered, lost) => this.screen.progress(answered, plan.requests, lost),
    });
    this.screen.endProgress();
    return { ...result, requests: plan.requests, account: await gateway.call("account") };
  }

  /** What went where, by service, version and instance. */
  lines({ account, requests }: Run): void {
    const columns: readonly Column<Line>[] = [
      { heading: "service", value: ({ service }) => service },
      { heading: "version", value: ({ version }) => version },
      { heading: "instance", value: ({ instance }) => instance },
      { heading: "requests", value: (line) => line.requests },
      { heading: "share", value: (line) => percent(line.requests, requests) },
      { heading: "retried", value: ({ sentOn }) => sentOn },
      { heading: "lost", value: ({ lost }) => lost },
    ];
    this.table(columns, account.lines.toSorted(byName));
  }

  table<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): void {
    const [heading = "", ...lines] = table(columns, rows);
    this.screen.faint(`  ${heading}`);
    for (const line of lines) this.screen.print(`  ${line}`);
  }

  /** Says how many requests were lost, and why. */
  losses({ lost, requests, seconds, account }: Run): void {
    const text = `  ${count(requests)} requests in ${seconds.toFixed(1)} s, ${lost} lost`;
    this.screen.verdict(lost === 0, text);
    for (const { why, requests: number } of account.losses)
      this.screen.print(`    ${number} lost: ${why}`);
  }

  /** Checks that no request was lost that the design promises to save. */
  checkPromises(step: string, { lost, account }: Run): void {
    const booked = sum(account.losses.map((loss) => loss.requests));
    const promised = sum(account.losses.map((loss) => (loss.isPromised ? loss.requests : 0)));
    this.check(promised === 0, `${step}: ${promised} requests were lost that must be saved`);
    this.check(
      booked === lost,
      `${step}: the clients lost ${lost} requests, but the gateway knows of ${booked}`,
    );
  }

  /** The same, where nothing may be lost at all. */
  checkNoLosses(step: string, run: Run): void {
    this.checkPromises(step, run);
    this.check(run.lost === 0, `${step}: ${run.lost} requests were lost`);
  }

  /** Why a request goes where it goes: a decision, which nothing is sent for. */
  async why(path: string, user: string): Promise<void> {
    const decision = await this.shop.gateway.call("decide", path, user);
    this.screen.faint(`  why: GET ${path} of ${user} -> ${inWords(decision)}`);
  }
}

function inWords(decision: Decision): string {
  if (decision.kind === "none") return "no route holds -> the server's own page";
  if (decision.kind !== "forward") return `${decision.kind} with ${decision.status}`;
  const { route, point, service, version, instance } = decision;
  const at = point === undefined ? "" : `, point ${point.toFixed(3)}`;
  return `route "${route}"${at} -> ${service} ${version} -> ${instance.id}`;
}

/** A share in percent, for a table. */
export function percent(part: number, all: number): string {
  return `${((100 * part) / all).toFixed(1)} %`;
}

function byName(a: Line, b: Line): number {
  const keys = [a, b].map(({ service, version, instance }) => service + version + instance);
  return (keys[0] as string) < (keys[1] as string) ? -1 : 1;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
