import { Agent, request } from "node:http";
import { once } from "node:events";
import { buffer } from "node:stream/consumers";
import { HEADERS } from "./routes.ts";

/** What came back. */
export interface Answer {
  readonly status: number;
  readonly type: string | undefined;
  readonly body: Buffer;
}

/** Asks for the targets, some at a time on connections that are kept, and hands over each answer. */
export async function requestEach(
  port: number,
  targets: readonly string[],
  concurrency: number,
  visit: (answer: Answer, target: string) => void,
): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: concurrency });
  const rest = targets.values();
  const client = async (): Promise<void> => {
    for (const target of rest) visit(await get(port, target, agent), target);
  };
  try {
    await Promise.all(Array.from({ length: concurrency }, client));
  } finally {
    agent.destroy();
  }
}

async function get(port: number, path: string, agent: Agent): Promise<Answer> {
  const sent = request({ host: "127.0.0.1", port, path, agent, headers: [...HEADERS] });
  sent.setTimeout(10_000, () => sent.destroy(new Error(`${path} was not answered in time.`)));
  sent.end();
  const [response] = await once(sent, "response");
  return {
    status: response.statusCode,
    type: response.headers["content-type"],
    body: await buffer(response),
  };
}
