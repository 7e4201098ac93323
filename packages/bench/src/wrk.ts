import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { promisify } from "node:util";
import { pinned } from "./child.ts";
import { HEADERS, UPLOAD_HEADERS } from "./routes.ts";

/** What wrk saw in one run. */
export interface Load {
  /** Requests that were answered. 0 where the machine was too busy, or the server hangs. */
  readonly requests: number;
  readonly durationS: number;
  readonly p99Ms: number;
}

/** How hard wrk works. */
export interface LoadOptions {
  readonly script: string;
  readonly connections: number;
  /** Whole seconds. */
  readonly durationS: number;
  readonly core: number | undefined;
}

/**
 * Writes a script for wrk that asks for the targets in turn, with the head that all benchmarks use.
 *
 * @param bodyFile holds what is posted to each of them. Default: they are asked for with GET
 */
export async function writeLoadScript(
  file: string,
  targets: readonly string[],
  bodyFile?: string,
): Promise<void> {
  const fields = bodyFile === undefined ? HEADERS : [...HEADERS, ...UPLOAD_HEADERS];
  const headers = Array.from({ length: fields.length / 2 }, (_, index) => {
    const [name, value] = fields.slice(2 * index, 2 * index + 2);
    return `wrk.headers[${JSON.stringify(name)}] = ${JSON.stringify(value)}`;
  });
  const format =
    bodyFile === undefined
      ? 'wrk.format("GET", target)'
      : `wrk.format("POST", target, nil, io.open(${JSON.stringify(bodyFile)}, "rb"):read("*a"))`;
  await writeFile(
    file,
    `${headers.join("\n")}
local targets = { ${targets.map((target) => JSON.stringify(target)).join(", ")} }
local requests, last = {}, 0
function init()
  for i, target in ipairs(targets) do requests[i] = ${format} end
end
function request()
  last = last % #requests + 1
  return requests[last]
end
function done(summary, latency)
  local errors = summary.errors
  io.write(string.format('\\nRESULT {"requests":%d,"us":%d,"p99Us":%d,"bad":%d,"broken":%d}\\n',
    summary.requests, summary.duration, latency:percentile(99), errors.status,
    errors.connect + errors.read + errors.write + errors.timeout))
end
`,
  );
}

/** Loads a port of the loopback address with requests. Fails when one is not answered, or not with success. */
export async function runLoad(port: number, options: LoadOptions): Promise<Load> {
  const [command = "", ...args] = pinned(options.core, [
    ...["wrk", "--latency", "-t", "1", "-c", String(options.connections)],
    ...["-d", `${options.durationS}s`, "-s", options.script, `http://127.0.0.1:${port}/`],
  ]);
  const { stdout } = await promisify(execFile)(command, args, {
    timeout: 1_000 * (options.durationS + 20),
  });
  return parseLoad(stdout);
}

function parseLoad(output: string): Load {
  const text = /^RESULT (.*)$/m.exec(output)?.[1];
  if (text === undefined) throw new Error(`wrk gave no result:\n${output}`);
  const result = JSON.parse(text) as Record<"requests" | "us" | "p99Us" | "bad" | "broken", number>;
  if (result.bad > 0 || result.broken > 0)
    throw new Error(
      `Of ${result.requests} requests ${result.bad} got no success and ${result.broken} broke.`,
    );
  return {
    requests: result.requests,
    durationS: result.us / 1e6,
    p99Ms: result.p99Us / 1e3,
  };
}
