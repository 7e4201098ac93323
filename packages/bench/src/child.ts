import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";

/** How a child process is started. */
export interface ChildOptions {
  /** Number of the core that it is pinned to. Default: any. */
  readonly core?: number | undefined;
  /** Flags for its Node. Default: none. */
  readonly nodeFlags?: readonly string[];
}

/** A file of ours that runs in a process of its own and answers messages. */
export interface Child<Question, Answer> {
  readonly pid: number;
  /** Fails when the process ends, or fails, before it has answered. One question at a time. */
  ask(question: Question): Promise<Answer>;
  stop(): Promise<void>;
}

type Reply<Answer> = { readonly answer: Answer } | { readonly error: string };

/** Starts a file as a child process. It ends by itself when this process ends. */
export function startChild<Question extends object, Answer>(
  file: URL,
  { core, nodeFlags = [] }: ChildOptions = {},
): Child<Question, Answer> {
  const [command = "", ...args] = pinned(core, [process.execPath, ...nodeFlags, file.pathname]);
  const child = spawn(command, args, {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
    env: { ...process.env, NODE_ENV: "production" },
  });
  return {
    pid: child.pid ?? 0,
    ask: (question) => ask(child, question),
    stop: () => stop(child, () => child.disconnect()),
  };
}

/** The side of the child: answers what `startChild(...).ask` asks. */
export function answerParent<Question, Answer>(
  answer: (question: Question) => Answer | Promise<Answer>,
): void {
  process.on("disconnect", () => process.exit());
  process.on("message", (question) => {
    void Promise.resolve(question as Question)
      .then(answer)
      .then(
        (value): Reply<Answer> => ({ answer: value }),
        (error: unknown): Reply<Answer> => ({
          error: error instanceof Error ? (error.stack ?? error.message) : String(error),
        }),
      )
      .then((reply) => process.send?.(reply));
  });
}

/** A command line that runs pinned to a core. */
export function pinned(core: number | undefined, command: readonly string[]): string[] {
  return core === undefined ? [...command] : ["taskset", "-c", String(core), ...command];
}

/** Asks a process of ours to end, waits for it, and kills it by its id if it does not. */
export async function stop(child: ChildProcess, request: () => void): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  const patience = setTimeout(() => child.kill("SIGKILL"), 5_000);
  request();
  await ended;
  clearTimeout(patience);
}

async function ask<Answer>(child: ChildProcess, question: object): Promise<Answer> {
  const settled = new AbortController();
  const { signal } = settled;
  try {
    const replied = once(child, "message", { signal });
    const ended = once(child, "exit", { signal }).then(([code, name]) => {
      throw new Error(`The process ended before it answered (${code ?? name}).`);
    });
    ended.catch(() => {});
    child.send(question);
    const [reply] = (await Promise.race([replied, ended])) as [Reply<Answer>];
    if ("error" in reply) throw new Error(reply.error);
    return reply.answer;
  } finally {
    settled.abort();
  }
}
