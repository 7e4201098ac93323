import { Stream } from "node:stream";
import { getHeapStatistics, queryObjects, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** How many there are of each kind. */
export type Counts = Readonly<Record<string, number>>;

const RESOURCES = ["TCPSocketWrap", "TCPServerWrap", "TCPConnectWrap", "PipeWrap", "Timeout"];

/** What the event loop of this process knows to be open. */
export function openResources(): Counts {
  const counts = Object.fromEntries(RESOURCES.map((kind) => [kind, 0]));
  for (const kind of process.getActiveResourcesInfo())
    if (kind in counts) counts[kind] = (counts[kind] as number) + 1;
  return counts;
}

/** Streams that something still holds, whether they are open or not: sockets, requests and responses. Slow. */
export async function liveStreams(): Promise<number> {
  await collect();
  return queryObjects(Stream, { format: "count" });
}

/** The heap in use after a collection, and what it holds outside of itself. Unit: bytes. */
export async function heapBytes(): Promise<number> {
  await collect();
  const { used_heap_size: heap, external_memory: external } = getHeapStatistics();
  return heap + external;
}

// What one collection finds dead may hold more, which the next one finds.
async function collect(): Promise<void> {
  if (globalThis.gc === undefined) {
    setFlagsFromString("--expose-gc");
    globalThis.gc = runInNewContext("gc") as typeof globalThis.gc;
  }
  for (let round = 0; round < 3; round++) {
    globalThis.gc?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
}
