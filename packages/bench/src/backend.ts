import { writeFile } from "node:fs/promises";
import path from "node:path";
import { startNginx, type Nginx } from "./nginx.ts";

/** Name of the large reply: what ends so is answered with 1 MiB. */
export const LARGE_FILE = "large.bin";

/** What ends so takes a body, and is answered with its length when all of it was read. */
export const UPLOAD = "upload.bin";

/** What ends so takes a body, and is answered with it. */
export const ECHO = "echo.bin";

/** Requests go to several ports of one nginx, so that there is something to split and to balance. */
export const PORTS = 4;

/** What subjects are told of the backend. */
export interface Backend {
  /** Base URLs. Subjects that know one backend only take the first. */
  readonly urls: readonly string[];
}

/** A backend that runs. */
export interface RunningBackend {
  readonly nginx: Nginx;
  readonly backend: Backend;
  /** 1 MiB, of large replies and of uploads. */
  readonly content: Buffer;
  /** The file with the content. */
  readonly contentFile: string;
}

/** The first base URL of a backend. */
export function firstUrl(backend: Backend): string {
  return backend.urls[0] as string;
}

/**
 * Starts the backend: nginx, which answers with about 100 bytes that name the target, with 1 MiB, or to a body.
 *
 * @param folder an existing folder that other users may enter
 */
export async function startBackend(
  folder: string,
  core: number | undefined,
): Promise<RunningBackend> {
  const content = Buffer.from(Array.from({ length: 1024 * 1024 }, (_, i) => (i * 31) % 251));
  const contentFile = path.join(folder, LARGE_FILE);
  await writeFile(contentFile, content, { mode: 0o644 });
  const nginx = await startNginx({
    ...{ folder: path.join(folder, "backend"), core, ports: PORTS },
    server: `
    root ${folder};
    location / { return 200 '{"target":"$request_uri","name":"Lamp","price":1999,"stock":12}\\n'; }
    location ~ /${LARGE_FILE}$ { try_files /${LARGE_FILE} =404; }
    ${readsBody(UPLOAD, `'{"target":"$request_uri","bytes":$content_length}\\n'`)}
    ${readsBody(ECHO, "$request_body")}
    client_max_body_size 2m;
    client_body_buffer_size 1m;
    location = /read { internal; return 204; }`,
  });
  const urls = nginx.ports.map((port) => `http://127.0.0.1:${port}`);
  return { nginx, backend: { urls }, content, contentFile };
}

// By itself `return` answers before the body has come. To mirror a request nginx first reads all of it, into memory
// here; then the image, which takes no POST, leads to the answer.
function readsBody(name: string, answer: string): string {
  return `location ~ /${name}$ { mirror /read; empty_gif; error_page 405 =200 @${name}; }
    location @${name} { return 200 ${answer}; }`;
}
