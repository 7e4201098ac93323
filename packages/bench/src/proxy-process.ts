import type { Backend } from "./backend.ts";
import { answerParent } from "./child.ts";
import { nodeProxies, type NodeProxyName } from "./proxy-subjects.ts";

// One proxy in a process of its own, which stays warm between its rounds.

/** What the process is asked, once. */
export interface ListenQuestion {
  readonly subject: NodeProxyName;
  readonly backend: Backend;
}

/** The port that the proxy listens at. */
export interface ListenAnswer {
  readonly port: number;
}

answerParent<ListenQuestion, ListenAnswer>(async ({ subject, backend }) => {
  const module = await nodeProxies[subject]();
  return { port: await module.subject.listen(backend) };
});
