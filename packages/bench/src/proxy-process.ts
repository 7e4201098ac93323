import { setTimeout as delay } from "node:timers/promises";
import type { Backend } from "./backend.ts";
import { answerParent } from "./child.ts";
import { nodeProxies, type NodeProxyName } from "./proxy-subjects.ts";

// One proxy in a process of its own, which stays warm between its rounds.

/** What the process is asked. `listen` comes first, once. */
export type ProxyQuestion =
  | { readonly kind: "listen"; readonly subject: NodeProxyName; readonly backend: Backend }
  | { readonly kind: "collect" };

/** The port that the proxy listens at. */
export interface ProxyAnswer {
  readonly port: number;
}

/** Collections until nothing more is freed: what one of them finalises, the next one frees. */
const COLLECTIONS = 4;

answerParent<ProxyQuestion, ProxyAnswer>(answerer());

function answerer(): (question: ProxyQuestion) => Promise<ProxyAnswer> {
  let port = 0;
  return async (question) => {
    if (question.kind === "listen") {
      const { subject } = await nodeProxies[question.subject]();
      port = await subject.listen(question.backend);
    } else {
      await collect();
    }
    return { port };
  };
}

async function collect(): Promise<void> {
  const { gc } = globalThis;
  if (gc === undefined) throw new Error("Needs --expose-gc.");
  for (let i = 0; i < COLLECTIONS; i++) {
    gc();
    // Pages go back to the system behind the collection.
    await delay(50);
  }
}
