import { readdirSync, readFileSync } from "node:fs";

/** CPU time of a process and of those below it so far, by thread, in nanoseconds. */
export type CpuTimes = ReadonlyMap<string, number>;

/** Reads what the scheduler has counted for every thread of a process and of its children. */
export function cpuTimes(pid: number): CpuTimes {
  const times = new Map<string, number>();
  for (const process of processTree(pid)) {
    for (const thread of list(`/proc/${process}/task`)) {
      const text = read(`/proc/${process}/task/${thread}/schedstat`);
      if (text !== undefined) times.set(`${process}/${thread}`, Number(text.split(" ", 1)[0]));
    }
  }
  return times;
}

/** CPU time between two readings, in nanoseconds. */
export function cpuSpent(before: CpuTimes, after: CpuTimes): number {
  let spent = 0;
  for (const [thread, time] of after) spent += time - (before.get(thread) ?? 0);
  return spent;
}

/** A process and all below it. */
export function processTree(pid: number): number[] {
  const children = list(`/proc/${pid}/task`).flatMap((thread) =>
    (read(`/proc/${pid}/task/${thread}/children`) ?? "").split(" ").filter(Boolean).map(Number),
  );
  return [pid, ...children.flatMap(processTree)];
}

// A thread or a process may end between listing and reading it.
function read(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
