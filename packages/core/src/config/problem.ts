import type { ConfigCode } from "./codes.js";

/** One thing that is wrong with a configuration. */
export interface ConfigProblem {
  /** JSON pointer into the configuration (RFC 6901). */
  readonly pointer: string;
  /** Stable code to look up. */
  readonly code: ConfigCode;
  /** The problem in one sentence, without pointer and code. */
  readonly message: string;
  /** What stands there, in short. */
  readonly found: string;
  readonly expected: string;
  /** The name that was probably meant. */
  readonly suggestion?: string;
  /** A warning is told by `checkConfig` alone: the configuration may be used as it is. Absent: it may not. */
  readonly severity?: "warning";
}

/** Thrown by `createGateway` and `gateway.update`; holds every problem at once. */
export class GatewayConfigError extends Error {
  override readonly name = "GatewayConfigError";

  constructor(readonly problems: readonly ConfigProblem[]) {
    const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
    super(
      `${count} in the configuration:\n${problems.map((problem) => `  ${formatProblem(problem)}`).join("\n")}`,
    );
  }
}

/** A problem as one line: pointer, message, code. */
export function formatProblem({ pointer, message, code, severity }: ConfigProblem): string {
  const kind = severity === undefined ? "" : `${severity}: `;
  return `${pointer === "" ? "/" : pointer}: ${kind}${message} [${code}]`;
}

/** A JSON pointer from path segments. */
export function pointerOf(path: readonly (string | number)[]): string {
  return path
    .map((part) => `/${String(part).replaceAll("~", "~0").replaceAll("/", "~1")}`)
    .join("");
}

/** A value in short, for messages. */
export function describeValue(value: unknown): string {
  if (value === undefined) return "nothing";
  if (typeof value === "string")
    return JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}...` : value);
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  if (value instanceof RegExp)
    return `the RegExp ${String(value)}, which { regex: "…" } says as text`;
  if (typeof value === "object" && value !== null) return "an object";
  if (typeof value === "function") return "a function";
  return typeof value === "bigint" ? `${value}n` : String(value);
}
