import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";

/** A running instance. */
export interface RunningInstance {
  readonly name: string;
  readonly url: string;
  readonly port: number;
  /** Sends a signal to its process. */
  signal(name: NodeJS.Signals): void;
  /** Waits for the end of its process. */
  ended(): Promise<void>;
}

const SCRIPT = new URL("instance-process.mjs", import.meta.url);

/** The instances of a service, each a process of its own on the loopback address. */
export class Fleet {
  readonly #running = new Map<string, ChildProcess>();

  /** @param port that of an instance before it; 0 for any */
  async start(name: string, port = 0): Promise<RunningInstance> {
    const child = fork(SCRIPT, [name, String(port)], {
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    this.#running.set(name, child);
    const [message] = (await once(child, "message")) as [{ port: number }];
    return {
      name,
      port: message.port,
      url: `http://127.0.0.1:${message.port}`,
      signal: (signal) => void child.kill(signal),
      ended: async () => {
        if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
      },
    };
  }

  /** Ends all that still run. */
  async stop(): Promise<void> {
    const ends = [...this.#running.values()].map(async (child) => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const end = once(child, "exit");
      child.kill("SIGCONT");
      child.kill("SIGKILL");
      await end;
    });
    await Promise.all(ends);
  }
}
