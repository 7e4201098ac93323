import { writeFile } from "node:fs/promises";
import path from "node:path";
import { startNginx, type Nginx } from "./nginx.ts";

/** Name of the large reply: what ends so is answered with 1 MiB. */
export const LARGE_FILE = "large.bin";

/** Requests go to several ports of one nginx, so that there is something to split and to balance. */
const PORTS = 4;
const LARGE_BYTES = 1024 * 1024;

/** What subjects are told of the backend. */
export interface Backend {
  /** Base URLs. Subjects that know one backend only take the first. */
  readonly urls: readonly string[];
}

/** The first base URL of a backend. */
export function firstUrl(backend: Backend): string {
  return backend.urls[0] as string;
}

/**
 * Starts the backend: nginx, which answers with about 100 bytes that name the target, or with 1 MiB.
 *
 * @param folder an existing folder that other users may enter
 */
export async function startBackend(
  folder: string,
  core: number | undefined,
): Promise<{ readonly nginx: Nginx; readonly backend: Backend }> {
  const content = Buffer.from(
    Array.from({ length: LARGE_BYTES }, (_, index) => (index * 31) % 251),
  );
  await writeFile(path.join(folder, LARGE_FILE), content, { mode: 0o644 });
  const nginx = await startNginx({
    ...{ folder: path.join(folder, "backend"), core, ports: PORTS },
    server: `
    root ${folder};
    location / { return 200 '{"target":"$request_uri","name":"Lamp","price":1999,"stock":12}\\n'; }
    location ~ /${LARGE_FILE}$ { try_files /${LARGE_FILE} =404; }`,
  });
  return { nginx, backend: { urls: nginx.ports.map((port) => `http://127.0.0.1:${port}`) } };
}
