import path from "node:path";
import { startBackend, type Backend } from "./backend.ts";
import { startChild, type Child } from "./child.ts";
import type { ClientAnswer, ClientQuestion } from "./client-process.ts";
import type { Held } from "./held-connections.ts";
import { memoryOf } from "./memory.ts";
import { smallTargets } from "./proxy-targets.ts";
import { seededRandom, shuffled } from "./random.ts";
import { loadCore, named, startProxy } from "./running-proxy.ts";
import { median } from "./stats.ts";
import { table } from "./table.ts";
import type { WebSocketAnswer, WebSocketQuestion } from "./websocket-process.ts";
import { inWorkFolder } from "./work-folder.ts";

/** How much is measured. */
export interface ConnectionsPlan {
  readonly subjects: readonly string[];
  readonly rounds: number;
  /** Connections of each kind. */
  readonly counts: Readonly<Record<Held, number>>;
}

/** What one proxy came to with one kind of connections. */
export interface ConnectionsResult {
  readonly held: Held;
  readonly subject: string;
  readonly connections: number;
  /** Memory of the proxy for one connection, in bytes, over the rounds. */
  readonly bytes: { readonly lowest: number; readonly median: number; readonly highest: number };
  /** Median against those of others in the same run. */
  readonly toHttpProxy3: number | undefined;
  readonly toNginx: number | undefined;
}

/** The proxies whose connections are measured: all can be asked for WebSockets. */
export const connectionSubjects: readonly string[] = ["signalbox", "http-proxy-3", "nginx"];

/** The commands that this part runs. It needs Linux for its accounts of memory. */
export const connectionCommands = ["nginx", "taskset"];

/** Open files that a process needs beside its connections. */
const OTHER_FILES = 500;

/** Files that one process of this part has open: a proxy has two sockets for each WebSocket. */
export function filesNeeded({ counts }: Pick<ConnectionsPlan, "counts">): number {
  return Math.max(counts.idle, 2 * counts.websockets) + OTHER_FILES;
}

/** What all proxies are measured with. */
interface Surroundings {
  readonly folder: string;
  readonly backends: Readonly<Record<Held, Backend>>;
  readonly clients: Child<ClientQuestion, ClientAnswer>;
  /** How many WebSockets have come through. */
  countWebSockets(): Promise<number>;
}

/** Measures every proxy. Fails when a connection is refused or dropped. */
export async function measureConnections(
  plan: ConnectionsPlan,
  log: (line: string) => void,
): Promise<ConnectionsResult[]> {
  return inWorkFolder(async (folder, started) => {
    const core = loadCore();
    const { nginx, backend } = await startBackend(folder, core);
    started.push(nginx);
    const webSockets = startChild<WebSocketQuestion, WebSocketAnswer>(
      new URL("websocket-process.ts", import.meta.url),
      { core },
    );
    started.push(webSockets);
    const clients = startChild<ClientQuestion, ClientAnswer>(
      new URL("client-process.ts", import.meta.url),
      { core },
    );
    started.push(clients);
    const { urls } = await webSockets.ask({ kind: "listen" });
    const surroundings: Surroundings = {
      ...{ folder, clients, backends: { idle: backend, websockets: { urls } } },
      countWebSockets: async () => (await webSockets.ask({ kind: "count" })).open,
    };
    const results: ConnectionsResult[] = [];
    for (const held of ["idle", "websockets"] as const) {
      log(`connections: ${plan.counts[held].toLocaleString("en-US")} ${held}`);
      results.push(...(await measureHeld(plan, held, surroundings)));
    }
    return results;
  });
}

/** The results as text. */
export function connectionsTable(results: readonly ConnectionsResult[]): string {
  return table<ConnectionsResult>(
    [
      { heading: "connections", value: (row) => row.held },
      { heading: "number", value: (row) => row.connections },
      { heading: "subject", value: (row) => row.subject },
      { heading: "KiB lowest", value: (row) => row.bytes.lowest / 1024, digits: 2 },
      { heading: "KiB median", value: (row) => row.bytes.median / 1024, digits: 2 },
      { heading: "KiB highest", value: (row) => row.bytes.highest / 1024, digits: 2 },
      { heading: "to http-proxy-3", value: (row) => row.toHttpProxy3, digits: 2 },
      { heading: "to nginx", value: (row) => row.toNginx, digits: 2 },
    ],
    results,
  );
}

async function measureHeld(
  { subjects, rounds, counts }: ConnectionsPlan,
  held: Held,
  surroundings: Surroundings,
): Promise<ConnectionsResult[]> {
  const random = seededRandom(1);
  const costs = new Map(subjects.map((name) => [name, [] as number[]]));
  for (let round = 0; round < rounds; round++)
    for (const name of shuffled(subjects, random)) {
      const cost = measureOnce(name, held, counts[held], surroundings);
      costs.get(name)?.push(await named({ name }, cost));
    }
  const medianOf = (name: string): number | undefined =>
    costs.has(name) ? median(costs.get(name) ?? []) : undefined;
  const [hp3, nginx] = [medianOf("http-proxy-3"), medianOf("nginx")];
  return subjects.map((subject) => {
    const own = costs.get(subject) ?? [];
    const middle = median(own);
    return {
      ...{ held, subject, connections: counts[held] },
      bytes: { lowest: Math.min(...own), median: middle, highest: Math.max(...own) },
      toHttpProxy3: hp3 && middle / hp3,
      toNginx: nginx && middle / nginx,
    };
  });
}

// Each time in a fresh process: what one round has left behind must not serve the next.
async function measureOnce(
  name: string,
  held: Held,
  count: number,
  { folder, backends, clients, countWebSockets }: Surroundings,
): Promise<number> {
  const proxy = await startProxy(name, {
    ...{ backend: backends[held], folder: path.join(folder, `proxy-${name}`) },
    nodeFlags: ["--expose-gc"],
  });
  try {
    const { port } = proxy;
    const target = smallTargets()[0] as string;
    const open = (some: number) => clients.ask({ kind: "open", held, count: some, port, target });
    // Code and pools are there once; only connections are counted.
    await open(Math.ceil(count / 50));
    await clients.ask({ kind: "close" });
    await proxy.collectGarbage();
    const before = memoryOf(proxy.pid);
    await open(count);
    await proxy.collectGarbage();
    const after = memoryOf(proxy.pid);
    const there = (await clients.ask({ kind: "count" })).open;
    const through = held === "websockets" ? await countWebSockets() : there;
    if (there !== count || through !== count)
      throw new Error(`Of ${count} connections ${there} are open; ${through} lead to the backend.`);
    return (after - before) / count;
  } finally {
    await clients.ask({ kind: "close" });
    await proxy.stop();
  }
}
