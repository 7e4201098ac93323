import { readFileSync } from "node:fs";
import { processTree } from "./cpu.ts";

/**
 * Resident memory of a process and of those below it that no file stands behind, in bytes; what several share counts
 * once. Pages of programs are left out: what one process is charged for them changes with each other one that runs
 * the same program.
 *
 * Source: `Pss_Anon` and `Pss_Shmem` of /proc/PID/smaps_rollup.
 */
export function memoryOf(pid: number): number {
  let bytes = 0;
  for (const process of processTree(pid))
    bytes += parseRollup(readFileSync(`/proc/${process}/smaps_rollup`, "utf8"));
  return bytes;
}

/** The same of one process, from the text of its `smaps_rollup`. */
export function parseRollup(text: string): number {
  const fields = new Map(
    Array.from(text.matchAll(/^(\w+):\s+(\d+) kB$/gm), ([, name, size]) => [name, Number(size)]),
  );
  const anonymous = fields.get("Pss_Anon");
  if (anonymous === undefined) throw new Error("The system does not say Pss_Anon (Linux 5.8).");
  return 1024 * (anonymous + (fields.get("Pss_Shmem") ?? 0));
}
