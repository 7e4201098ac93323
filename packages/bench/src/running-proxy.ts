import type { Backend } from "./backend.ts";
import { startChild } from "./child.ts";
import { allowedCores } from "./machine.ts";
import type { ProxyAnswer, ProxyQuestion } from "./proxy-process.ts";
import { isNodeProxy } from "./proxy-subjects.ts";
import { startNginxProxy } from "./subjects/proxy/nginx.ts";

/** A proxy in a process of its own. */
export interface RunningProxy {
  readonly name: string;
  readonly pid: number;
  readonly port: number;
  /** Frees what nothing holds any more; nothing to do in nginx. Needs `--expose-gc` in Node. */
  collectGarbage(): Promise<void>;
  stop(): Promise<void>;
}

/** How a proxy is started. */
export interface StartOptions {
  readonly backend: Backend;
  /** For the files of nginx. It is made, and must be in a folder that other users may enter. */
  readonly folder: string;
  /** Flags for a proxy in Node. Default: none. */
  readonly nodeFlags?: readonly string[];
}

/** Starts a proxy on the core of the proxies, and waits until it takes connections. */
export async function startProxy(
  name: string,
  { backend, folder, nodeFlags = [] }: StartOptions,
): Promise<RunningProxy> {
  const core = proxyCore();
  if (!isNodeProxy(name)) {
    const nginx = await startNginxProxy(backend, folder, core);
    return {
      ...{ name, pid: nginx.pid, port: nginx.ports[0] as number },
      collectGarbage: () => Promise.resolve(),
      stop: () => nginx.stop(),
    };
  }
  const child = startChild<ProxyQuestion, ProxyAnswer>(
    new URL("proxy-process.ts", import.meta.url),
    { core, nodeFlags },
  );
  try {
    const { port } = await child.ask({ kind: "listen", subject: name, backend });
    return {
      ...{ name, pid: child.pid, port },
      collectGarbage: async () => void (await child.ask({ kind: "collect" })),
      stop: () => child.stop(),
    };
  } catch (error) {
    await child.stop();
    throw error;
  }
}

/** Number of the core that proxies have to themselves. */
function proxyCore(): number | undefined {
  return allowedCores()[0];
}

/** Number of the core that whatever loads a proxy shares with whatever the proxy asks. */
export function loadCore(): number | undefined {
  return allowedCores()[1] ?? proxyCore();
}

/** Says of an error which proxy it is about. */
export async function named<T>({ name }: { readonly name: string }, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw new Error(`${name} failed.`, { cause: error });
  }
}
