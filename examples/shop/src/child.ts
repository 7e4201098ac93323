import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";

/** Functions that a process answers by message. Arguments and results are plain data. */
export type Calls<Api> = {
  readonly [Name in keyof Api]: (...args: never[]) => unknown;
};

/** A file of ours in a process of its own. It ends with this one, however this one ends. */
export interface Child<Api extends Calls<Api> = Record<never, never>> {
  /** What the process said when it was ready. */
  readonly port: number;
  call<Name extends keyof Api & string>(
    name: Name,
    ...args: Parameters<Api[Name]>
  ): Promise<Awaited<ReturnType<Api[Name]>>>;
  /** Asks it to end with SIGTERM and answers how it did: `exit code 0`, or the name of a signal. */
  stop(): Promise<string>;
  /** Ends it at once with SIGKILL. */
  kill(): Promise<string>;
}

interface Question {
  readonly id: number;
  readonly name: string;
  readonly args: readonly unknown[];
}

type Message =
  | { readonly port: number }
  | { readonly problem: string }
  | { readonly id: number; readonly answer?: unknown; readonly error?: string };

/** How long a process may take to start, and to end when it is asked to. Unit: milliseconds. */
const PATIENCE_MS = 10_000;

/**
 * Starts a file and waits until it has told its port.
 *
 * @param onCrash told when the process ends without having been asked to
 */
export async function startChild<Api extends Calls<Api>>(
  title: string,
  file: string,
  args: readonly string[],
  onCrash: (error: Error) => void,
): Promise<Child<Api>> {
  const child = fork(new URL(file, import.meta.url), args, { execArgv: [] });
  const port = await readyPort(title, child);
  const waiting = new Map<number, (message: Message) => void>();
  let nextId = 0;
  let isExpected = false;
  child.on("message", (message: Message) => {
    if ("id" in message) waiting.get(message.id)?.(message);
  });
  child.on("exit", () => {
    if (!isExpected) onCrash(new Error(`${title} ended by itself (${howItEnded(child)})`));
  });
  const end = (signal: NodeJS.Signals): Promise<string> => {
    isExpected = true;
    return endChild(child, signal);
  };
  return {
    port,
    call: (name, ...callArgs) =>
      new Promise((resolve, reject) => {
        const id = nextId++;
        waiting.set(id, (message) => {
          waiting.delete(id);
          if ("error" in message) reject(new Error(`${title}: ${message.error}`));
          else resolve(("answer" in message ? message.answer : undefined) as never);
        });
        child.send({ id, name, args: callArgs } satisfies Question, (error) => {
          if (error !== null) reject(error);
        });
      }),
    stop: () => end("SIGTERM"),
    kill: () => end("SIGKILL"),
  };
}

async function readyPort(title: string, child: ChildProcess): Promise<number> {
  const impatience = setTimeout(() => child.kill("SIGKILL"), PATIENCE_MS);
  try {
    const settled = new AbortController();
    const [message] = (await Promise.race([
      once(child, "message", { signal: settled.signal }),
      once(child, "exit", { signal: settled.signal }).then(() => [
        { problem: howItEnded(child) } satisfies Message,
      ]),
    ])) as [Message];
    settled.abort();
    if ("port" in message) return message.port;
    throw new Error(
      `${title} could not start: ${"problem" in message ? message.problem : "unknown"}`,
    );
  } finally {
    clearTimeout(impatience);
  }
}

async function endChild(child: ChildProcess, signal: NodeJS.Signals): Promise<string> {
  if (child.exitCode === null && child.signalCode === null) {
    const ended = once(child, "exit");
    const impatience = setTimeout(() => child.kill("SIGKILL"), PATIENCE_MS);
    child.kill(signal);
    await ended;
    clearTimeout(impatience);
  }
  return howItEnded(child);
}

function howItEnded({ exitCode, signalCode }: ChildProcess): string {
  return signalCode ?? `exit code ${exitCode}`;
}

/** The side of the child: tells that it is ready. A Ctrl-C is for the parent, who ends its children in order. */
export function tellReady(port: number): void {
  process.on("SIGINT", () => {});
  process.on("disconnect", () => process.exit());
  if (!process.connected) process.exit();
  tell({ port });
}

/** The side of the child: tells why it cannot start, and ends. */
export function tellProblem(problem: string): void {
  process.send?.({ problem } satisfies Message, () => process.exit(1));
}

/** The side of the child: answers what the parent calls. */
export function answerCalls<Api extends Calls<Api>>(api: Api): void {
  const calls = api as unknown as Record<string, (...args: readonly unknown[]) => unknown>;
  process.on("message", ({ id, name, args }: Question) => {
    void Promise.resolve()
      .then(() => calls[name]?.(...args))
      .then(
        (answer) => tell({ id, answer }),
        (error: unknown) => tell({ id, error: String(error) }),
      );
  });
}

function tell(message: Message): void {
  process.send?.(message);
}
