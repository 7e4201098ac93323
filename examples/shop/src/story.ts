import type { Decision } from "@signalbox/http";
import { percent, type Report, type Run } from "./report.ts";
import type { Split } from "./routes.ts";
import { count, type Column } from "./table.ts";
import { mixedCall, productCall } from "./traffic.ts";

/** The four steps of the story. */
export async function tellStory(report: Report): Promise<void> {
  await oneEndpoint(report);
  await comeAndGo(report);
  await canary(report);
  await killed(report);
}

async function oneEndpoint(report: Report): Promise<void> {
  report.screen.title("(a) One endpoint, four services");
  const run = await report.run({ requests: 6_000, call: mixedCall });
  report.lines(run);
  report.losses(run);
  report.checkNoLosses("(a)", run);
  await report.why("/products/lamp", "user-7");
  await report.why("/orders/1", "user-7");
  await report.why("/", "user-7");
}

async function comeAndGo(report: Report): Promise<void> {
  const { shop, screen } = report;
  screen.title("(b) An instance of orders is added, another is drained and stopped, under load");
  const add = async (): Promise<void> => {
    const startedAt = performance.now();
    const id = await shop.add("orders", "v1");
    screen.print(`  + ${id} started and added in ${count(performance.now() - startedAt)} ms`);
  };
  const drain = async (): Promise<void> => {
    const { underWay, ms, end } = await shop.drain("orders-1");
    screen.print(
      `  - orders-1 gets nothing new; it ended its last ${underWay} in ${ms.toFixed(1)} ms; SIGTERM, ${end}`,
    );
  };
  const events = [
    { after: 1_000, run: add },
    { after: 6_000, run: drain },
  ];
  const run = await report.run({ requests: 10_000, call: mixedCall, events });
  report.lines(run);
  report.losses(run);
  report.checkNoLosses("(b)", run);
}

interface CanaryStep {
  readonly split: Split;
  readonly run: Run;
  /** Users that were moved to v2, and back from it, since the step before. */
  readonly moved: number;
  readonly back: number;
  /** Users that saw both versions in this step. */
  readonly both: number;
  /** Where one user would go. */
  readonly sample: Decision;
}

async function canary(report: Report): Promise<void> {
  const { shop, screen } = report;
  screen.title("(c) v2 of products gets 10 %, 50 %, 100 %, and is rolled back");
  const steps: CanaryStep[] = [];
  let before: ReadonlySet<string> = new Set();
  for (const v2 of [10, 50, 100, 0]) {
    const split = { v1: 100 - v2, v2 };
    await shop.shift(split);
    const run = await report.run({ requests: 4_000, call: productCall });
    const users = usersOfV2(run);
    steps.push({
      split,
      run,
      moved: users.difference(before).size,
      back: before.difference(users).size,
      both: [...run.versions.values()].filter((seen) => seen.size > 1).length,
      sample: await shop.gateway.call("decide", "/products/lamp", "user-7"),
    });
    before = users;
  }
  report.table(CANARY, steps);
  for (const step of steps) checkStep(report, step);
  screen.faint(
    "  #1 to #4: instances. to v2, back: users who changed since. both: users who saw both",
  );
  screen.faint("  why: the cookie of user-7 gives its point; v1 owns the points below its share");
}

function checkStep(report: Report, { split, run, moved, back, both }: CanaryStep): void {
  const step = `(c) at v2 = ${split.v2} %`;
  report.checkNoLosses(step, run);
  report.check(both === 0, `${step}: ${both} users saw both versions`);
  const astray = split.v2 > 0 ? back : moved;
  report.check(astray === 0, `${step}: ${astray} users moved against the weights`);
}

const CANARY: readonly Column<CanaryStep>[] = [
  { heading: "v1 : v2", value: ({ split }) => `${split.v1} : ${split.v2}` },
  { heading: "v1 at #1", value: ({ run }) => requestsAt("products-1", run) },
  { heading: "#2", value: ({ run }) => requestsAt("products-2", run) },
  { heading: "v2 at #3", value: ({ run }) => requestsAt("products-3", run) },
  { heading: "#4", value: ({ run }) => requestsAt("products-4", run) },
  { heading: "v2 share", value: ({ run }) => percent(requestsOfV2(run), run.requests) },
  { heading: "to v2", value: ({ moved }) => moved },
  { heading: "back", value: ({ back }) => back },
  { heading: "both", value: ({ both }) => both },
  { heading: "lost", value: ({ run }) => run.lost },
  { heading: "user-7", value: ({ sample }) => pointOf(sample) },
];

function pointOf(decision: Decision): string {
  if (decision.kind !== "forward") return decision.kind;
  return `${decision.point?.toFixed(3)} -> ${decision.version}`;
}

function requestsAt(instance: string, { account }: Run): number {
  return account.lines.find((line) => line.instance === instance)?.requests ?? 0;
}

function requestsOfV2({ account }: Run): number {
  return account.lines.reduce(
    (sum, { version, requests }) => (version === "v2" ? sum + requests : sum),
    0,
  );
}

function usersOfV2({ versions }: Run): Set<string> {
  return new Set([...versions].filter(([, seen]) => seen.has("v2")).map(([user]) => user));
}

async function killed(report: Report): Promise<void> {
  const { shop, screen } = report;
  screen.title("(d) An instance of orders is killed with SIGKILL; nobody tells the gateway");
  const kill = async (): Promise<void> => {
    screen.print(`  x orders-2: ${await shop.kill("orders-2")}`);
  };
  const events = [{ after: 3_000, run: kill }];
  // Few clients: with many, what is under way at the moment is enough for an ejection, and nobody has to connect.
  const run = await report.run({ requests: 8_000, clients: 12, call: mixedCall, events });
  report.lines(run);
  report.losses(run);
  report.checkPromises("(d)", run);
  const { afterConnect, afterReset, ejected } = run.account;
  screen.print(
    `  sent again: ${afterConnect} that could not connect, ${afterReset} whose connection died`,
  );
  for (const ejection of ejected) screen.faint(`  why it gets nothing more: ejected ${ejection}`);
  screen.faint("  a POST that was under way when it died is not sent twice: that is the design");
}
