import { fork } from "node:child_process";
import { once } from "node:events";
import type { LoadOrder } from "./load-process.js";
import type { Clients, LoadReport } from "./load.js";

const SCRIPT = new URL("load-process.ts", import.meta.url);

/** Starts clients in a process of their own, so that the gateway has a core for itself where there are two. */
export function startClients(url: string, perSecond: number, method: "GET" | "POST"): Clients {
  // A report holds maps.
  const child = fork(SCRIPT, [url, String(perSecond), method], { serialization: "advanced" });
  const ended = once(child, "exit").then(([code]): never => {
    throw new Error(`The clients ended with ${String(code)}.`);
  });
  ended.catch(() => {});
  const ask = async (order: LoadOrder): Promise<unknown> => {
    child.send(order);
    const [answer] = (await Promise.race([once(child, "message"), ended])) as [unknown];
    return answer;
  };
  return {
    more: async (count) => void (await ask({ more: count })),
    stop: async () => (await ask("stop")) as LoadReport,
  };
}
