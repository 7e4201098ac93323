import { Agent, request } from "node:http";
import { once } from "node:events";
import { buffer } from "node:stream/consumers";
import { HEADERS, UPLOAD_HEADERS } from "./routes.ts";

/** What came back. */
export interface Answer {
  readonly status: number;
  readonly type: string | undefined;
  readonly body: Buffer;
}

/** What is asked for. */
export interface Requests {
  readonly targets: readonly string[];
  /** Posted to each of the targets. Default: they are asked for with GET. */
  readonly body?: Buffer | undefined;
}

/** Asks for the targets, some at a time on connections that are kept, and hands over each answer. */
export async function requestEach(
  port: number,
  { targets, body }: Requests,
  concurrency: number,
  visit: (answer: Answer, target: string) => void,
): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: concurrency });
  const rest = targets.values();
  const client = async (): Promise<void> => {
    for (const target of rest) visit(await send(port, target, agent, body), target);
  };
  try {
    await Promise.all(Array.from({ length: concurrency }, client));
  } finally {
    agent.destroy();
  }
}

/** One request with the head that all benchmarks use. */
export async function send(
  port: number,
  path: string,
  agent: Agent,
  body?: Buffer,
  localAddress?: string,
): Promise<Answer> {
  const method = body === undefined ? "GET" : "POST";
  const headers =
    body === undefined
      ? [...HEADERS]
      : [...HEADERS, ...UPLOAD_HEADERS, "Content-Length", String(body.length)];
  const sent = request({
    ...{ host: "127.0.0.1", port, localAddress, method, path, agent, headers },
  });
  sent.setTimeout(10_000, () => sent.destroy(new Error(`${path} was not answered in time.`)));
  sent.end(body);
  const [response] = await once(sent, "response");
  return {
    status: response.statusCode,
    type: response.headers["content-type"],
    body: await buffer(response),
  };
}
