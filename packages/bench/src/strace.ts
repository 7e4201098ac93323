import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { stop } from "./child.ts";

const WRITES = ["write", "writev", "sendto", "sendmsg"];

/**
 * Counts the write system calls of processes while something is done.
 *
 * @param file where strace may put its count
 */
export async function countWrites(
  pids: readonly number[],
  file: string,
  action: () => Promise<void>,
): Promise<number> {
  const [command = "", ...args] = [
    ...["strace", "-c", "-f", "-e", `trace=${WRITES.join(",")}`, "-o", file],
    ...pids.flatMap((pid) => ["-p", String(pid)]),
  ];
  const tracer = spawn(command, args, { stdio: ["ignore", "ignore", "pipe"] });
  const interrupt = (): void => void tracer.kill("SIGINT");
  try {
    await untilAttached(tracer.stderr, pids);
    await action();
  } finally {
    await stop(tracer, interrupt);
  }
  return parseCount(await readFile(file, "utf8"));
}

async function untilAttached(
  output: NodeJS.ReadableStream,
  pids: readonly number[],
): Promise<void> {
  const waiting = new Set(pids.map(String));
  let seen = "";
  while (waiting.size > 0) {
    const [chunk] = await Promise.race([
      once(output, "data", { signal: AbortSignal.timeout(5_000) }),
      once(output, "end").then(() => {
        throw new Error(`strace attached to no process: ${seen}`);
      }),
    ]);
    seen += String(chunk);
    for (const [, pid] of seen.matchAll(/Process (\d+) attached/g)) waiting.delete(pid as string);
  }
  output.resume();
}

/** Calls in a table of `strace -c`: seconds and shares, then calls, errors if any, and the name. */
export function parseCount(table: string): number {
  let calls = 0;
  for (const line of table.split("\n")) {
    const columns = line.trim().split(/\s+/);
    if (WRITES.includes(columns.at(-1) ?? "")) calls += Number(columns[3]);
  }
  return calls;
}
