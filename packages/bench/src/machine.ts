import { accessSync, constants, readFileSync } from "node:fs";
import { cpus, release } from "node:os";
import path from "node:path";

/** What the figures were measured on. Nothing that names the machine. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly node: string;
  readonly system: string;
}

export function machine(): Machine {
  return {
    cpu: cpus()[0]?.model ?? "unknown",
    cores: allowedCores().length,
    node: process.version,
    system: `${process.platform} ${release()}`,
  };
}

/** Numbers of the cores that this process may use; empty where the system does not say. */
export function allowedCores(): number[] {
  const list = readText("/proc/self/status")?.match(/^Cpus_allowed_list:\s*(\S+)$/m)?.[1] ?? "";
  return list.split(",").flatMap((part) => {
    if (part === "") return [];
    const [from = 0, to = from] = part.split("-").map(Number);
    return Array.from({ length: to - from + 1 }, (_, index) => from + index);
  });
}

/** How many files and sockets this process and those that it starts may each have open. NaN where the system does not say. */
export function openFileLimit(): number {
  // Node has raised the soft limit to the hard one when it started.
  const limits = readText("/proc/self/limits") ?? "";
  const soft = /^Max open files\s+(\d+|unlimited)/m.exec(limits)?.[1];
  return soft === "unlimited" ? Infinity : Number(soft);
}

/** Those of the commands that are not on the path. */
export function missingCommands(commands: readonly string[]): string[] {
  const folders = (process.env["PATH"] ?? "").split(path.delimiter);
  return commands.filter(
    (command) => !folders.some((folder) => isExecutable(path.join(folder, command))),
  );
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}
