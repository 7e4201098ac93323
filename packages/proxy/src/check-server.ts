import type { Server as HttpServer } from "node:http";

/** What a check of a server does with what it finds. */
export interface CheckServerOptions {
  /** Refuse instead of warning. Default: false. */
  readonly strict?: boolean;
  /** Takes each warning. Default: `process.emitWarning`. */
  readonly warn?: (message: string) => void;
}

/** Thrown in strict mode; says every setting that is unsafe. */
export class ServerSettingsError extends Error {
  override readonly name = "ServerSettingsError";

  constructor(readonly problems: readonly string[]) {
    super(`unsafe server settings:\n${problems.map((problem) => `  ${problem}`).join("\n")}`);
  }
}

type Settings = Pick<
  HttpServer,
  "maxHeadersCount" | "headersTimeout" | "requestTimeout" | "keepAliveTimeout"
> & {
  readonly insecureHTTPParser?: boolean;
  readonly requireHostHeader?: boolean;
};

/**
 * Looks at a server and the version of Node for settings under which no proxy is safe. Nothing is changed.
 *
 * @returns what was found, each in one sentence
 * @throws ServerSettingsError in strict mode, when anything was found
 */
export function checkServer(server: object, options: CheckServerOptions = {}): readonly string[] {
  const problems = [
    ...versionProblems(process.versions.node),
    ...settingProblems(server as Partial<Settings>),
    ...http2Problems(server),
  ];
  if (problems.length > 0 && options.strict === true) throw new ServerSettingsError(problems);
  const warn =
    options.warn ??
    ((message: string) => process.emitWarning(message, { type: "SignalboxWarning" }));
  for (const problem of problems) warn(problem);
  return problems;
}

/** First safe release of each supported line: before them a Content-Length can hide behind 1,000 headers (CVE-2026-58044). */
const FLOORS: readonly (readonly [major: number, minor: number, patch: number])[] = [
  [22, 23, 2],
  [24, 18, 1],
  [26, 5, 1],
];

function versionProblems(version: string): string[] {
  const [major = 0, minor = 0, patch = 0] = version.split(".").map(Number);
  const floor = FLOORS.find(([line]) => line === major);
  const isSafe =
    floor === undefined
      ? major > 26
      : minor > floor[1] || (minor === floor[1] && patch >= floor[2]);
  return isSafe
    ? []
    : [
        `Node ${version} is not supported: use ${FLOORS.map((line) => line.join(".")).join(", ")} or later in these lines`,
      ];
}

function settingProblems(server: Partial<Settings>): string[] {
  const problems: string[] = [];
  const { insecureHTTPParser, maxHeadersCount, headersTimeout, requestTimeout, requireHostHeader } =
    server;
  if (insecureHTTPParser === true || process.execArgv.includes("--insecure-http-parser")) {
    problems.push("insecureHTTPParser is on: requests can be smuggled; leave it off");
  }
  if (requireHostHeader === false)
    problems.push("requireHostHeader is off: HTTP/1.1 requests need a Host");
  if (typeof maxHeadersCount === "number" && maxHeadersCount > 0) {
    problems.push(
      `maxHeadersCount is ${maxHeadersCount}: headers past it vanish unseen; set it to 0, the size stays limited`,
    );
  }
  if (headersTimeout === 0)
    problems.push(
      "headersTimeout is 0: a slow head holds its connection for ever; set it to 15 000 or so",
    );
  if (requestTimeout === 0)
    problems.push(
      "requestTimeout is 0: a slow upload holds its connection for ever; set it to what your uploads need",
    );
  return problems;
}

/** Requests at once on one HTTP/2 connection, above which a single client has too much say. */
const MOST_STREAMS = 1_000;

/** What a server of `node:http2` was made with. */
interface Http2Options {
  readonly settings?: { readonly maxConcurrentStreams?: number };
  readonly maxSessionMemory?: number;
  readonly streamResetBurst?: number;
  readonly streamResetRate?: number;
}

// Node keeps the options of its HTTP/2 servers where only this finds them; where it does not, nothing is said.
function http2OptionsOf(server: object): Http2Options | undefined {
  if (!("updateSettings" in server)) return undefined;
  const key = Object.getOwnPropertySymbols(server).find(
    ({ description }) => description === "options",
  );
  return key === undefined ? undefined : (server as Record<symbol, Http2Options>)[key];
}

function http2Problems(server: object): string[] {
  const options = http2OptionsOf(server);
  if (options === undefined) return [];
  const problems: string[] = [];
  const { settings, maxSessionMemory, streamResetBurst, streamResetRate } = options;
  const streams = settings?.maxConcurrentStreams ?? Infinity;
  if (streams > MOST_STREAMS)
    problems.push(
      `settings.maxConcurrentStreams is ${streams === Infinity ? "not set" : streams}: one HTTP/2 connection may hold that many requests; set it to 100 or so`,
    );
  if ((maxSessionMemory ?? 0) > 100)
    problems.push(
      `maxSessionMemory is ${maxSessionMemory as number}: one HTTP/2 connection may take that many megabytes; leave it at 10 or so`,
    );
  // CVE-2023-44487: requests that are opened and reset at once cost the server and not the client.
  if ((streamResetBurst ?? 0) > 10_000 || (streamResetRate ?? 0) > 1_000)
    problems.push(
      "streamResetBurst and streamResetRate are high: they are what stops a flood of reset streams; leave them as they are",
    );
  return problems;
}
