import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { balancerNames, balanceTable, measureBalance, type BalanceResult } from "./balance.ts";
import {
  connectionCommands,
  connectionsTable,
  connectionSubjects,
  filesNeeded,
  measureConnections,
  type ConnectionsResult,
} from "./connections.ts";
import { decideSubjects } from "./decide-subjects.ts";
import { decideTable, measureDecisions, type DecideResult } from "./decide.ts";
import { machine, missingCommands, openFileLimit } from "./machine.ts";
import { readOptions, selected, type Options, type Part } from "./options.ts";
import { proxyNames } from "./proxy-subjects.ts";
import { trafficNames } from "./proxy-traffic.ts";
import { measureProxies, proxyCommands, proxyTable, type ProxyResult } from "./proxy.ts";
import { measureScale, scaleTable, type ScaleResult } from "./scale.ts";

const log = (line: string): void =>
  console.log(`${new Date().toLocaleTimeString("en-GB")} ${line}`);

// An exit, unlike a signal, ends what was started.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));

const options = readOptions(process.argv.slice(2));
checkNames(options);
const runs = (part: Part): boolean => options.only === undefined || options.only === part;
const decide = runs("decide") ? await runDecide(options) : [];
const balance = runs("balance") ? runBalance(options) : [];
const scale = runs("scale") ? await runScale(options) : [];
const proxy = runs("proxy") ? await runProxy(options) : [];
const connections = runs("connections") ? await runConnections(options) : [];
await writeResults(options, {
  machine: machine(),
  options,
  decide,
  balance,
  scale,
  proxy,
  connections,
});

async function runDecide({ quick, rounds, subjects }: Options): Promise<DecideResult[]> {
  const results = await measureDecisions(
    {
      sizes: quick ? [1_000] : [10, 100, 1_000, 10_000, 100_000],
      shapes: quick ? ["services"] : ["tenants", "services"],
      subjects: selected(
        decideSubjects.map(({ name }) => name),
        subjects,
      ),
      rounds: rounds ?? (quick ? 3 : 20),
      roundMs: quick ? 20 : 100,
      warmUpMs: quick ? 100 : 500,
    },
    log,
  );
  console.log(`\n${decideTable(results)}\n`);
  return results;
}

function runBalance({ quick, rounds, subjects }: Options): BalanceResult[] {
  log("balancers");
  const results = measureBalance({
    sizes: quick ? [3] : [3, 100, 10_000],
    balancers: selected(balancerNames, subjects),
    rounds: rounds ?? (quick ? 1 : 20),
    roundMs: quick ? 5 : 50,
  });
  console.log(`\n${balanceTable(results)}\n`);
  return results;
}

async function runScale({ quick, rounds }: Options): Promise<ScaleResult[]> {
  const results = await measureScale(
    {
      maxSize: quick ? 100 : 100_000,
      rounds: rounds ?? (quick ? 3 : 30),
      roundMs: 20,
      warmUpMs: quick ? 100 : 500,
      updates: quick ? 1 : 5,
    },
    log,
  );
  console.log(`\n${scaleTable(results)}\n`);
  return results;
}

async function runProxy(options: Options): Promise<ProxyResult[]> {
  const { quick, rounds, subjects, traffic, profiles } = options;
  if (!has(proxyCommands, "The proxy part")) return [];
  const results = await measureProxies(
    {
      subjects: selected(proxyNames, subjects),
      traffic: selected(trafficNames, traffic),
      rounds: rounds ?? (quick ? 1 : 24),
      roundS: 1,
      warmUpS: quick ? 0 : 4,
      tracedLarge: has(["strace"], "Counting writes") ? (quick ? 5 : 200) : 0,
      profiles,
    },
    log,
  );
  console.log(`\n${proxyTable(results)}\n`);
  return results;
}

async function runConnections({ quick, rounds, subjects }: Options): Promise<ConnectionsResult[]> {
  const plan = {
    subjects: selected(connectionSubjects, subjects),
    rounds: rounds ?? (quick ? 1 : 5),
    counts: quick ? { idle: 200, websockets: 50 } : { idle: 10_000, websockets: 2_000 },
  };
  if (!has(connectionCommands, "The connections part") || !hasFiles(filesNeeded(plan))) return [];
  const results = await measureConnections(plan, log);
  console.log(`\n${connectionsTable(results)}\n`);
  return results;
}

function has(commands: readonly string[], part: string): boolean {
  const missing = missingCommands(commands);
  if (missing.length === 0) return true;
  return skip(`${part} needs ${missing.join(", ")}: apt-get install nginx-light wrk strace`);
}

function hasFiles(needed: number): boolean {
  const limit = openFileLimit();
  if (limit >= needed) return true;
  return skip(
    `The connections part needs ${needed} open files in a process, and ${limit} are allowed: raise the hard limit (ulimit -Hn)`,
  );
}

/** Leaves out a part that cannot run. Where everything has to hold, that is an error. */
function skip(problem: string): false {
  if (process.env["CI"] !== undefined) throw new Error(problem);
  console.warn(`\nSKIPPED. ${problem}\n`);
  return false;
}

function checkNames({ subjects, traffic }: Options): void {
  const known = [...decideSubjects.map(({ name }) => name), ...balancerNames, ...proxyNames];
  checkKnown("subject", subjects, known);
  checkKnown("kind of traffic", traffic, trafficNames);
}

function checkKnown(what: string, names: readonly string[] = [], known: readonly string[]): void {
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length === 0) return;
  throw new RangeError(`No ${what} is called ${unknown.join(", ")}; there are ${known.join(", ")}`);
}

async function writeResults({ json }: Options, results: object): Promise<void> {
  const file = json ?? fileURLToPath(new URL("../results/latest.json", import.meta.url));
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, `${JSON.stringify(results, undefined, 2)}\n`);
}
