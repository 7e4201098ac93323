import { rmSync } from "node:fs";
import { chmod, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

/** Something that runs, and has to be stopped. */
export interface Stoppable {
  stop(): Promise<void>;
}

/** Does something with a folder that other users may enter. In the end what was started is stopped, and the folder goes. */
export async function inWorkFolder<T>(
  work: (folder: string, started: Stoppable[]) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(path.join(tmpdir(), "signalbox-bench-"));
  const removeFolder = (): void => rmSync(folder, { recursive: true, force: true });
  process.once("exit", removeFolder);
  const started: Stoppable[] = [];
  try {
    // nginx's worker runs as another user.
    await chmod(folder, 0o755);
    return await work(folder, started);
  } finally {
    await Promise.allSettled(started.map((each) => each.stop()));
    process.off("exit", removeFolder);
    removeFolder();
  }
}
