import type { RunningBackend } from "./backend.ts";
import { echoTargets, largeTargets, smallTargets, uploadTargets } from "./proxy-targets.ts";
import { named, type RunningProxy } from "./running-proxy.ts";
import { expectedAnswers, verifyAnswers, verifyEchoes } from "./verify.ts";

/** The kinds of traffic that proxies are loaded with. */
export const trafficNames = ["small", "large", "uploads"] as const;

export type TrafficName = (typeof trafficNames)[number];

/** One kind of traffic. */
export interface Traffic {
  readonly name: TrafficName;
  /** Asked for in turn. */
  readonly targets: readonly string[];
  /** Is posted to each of them. Default: they are asked for with GET. */
  readonly content?: { readonly body: Buffer; readonly file: string };
  readonly connections: number;
  /** Requests while writes are counted, for each of 1 MiB. */
  readonly tracedEach: number;
}

/** All kinds of traffic, in the order of the table. */
export function allTraffic({ content, contentFile }: RunningBackend): Traffic[] {
  return [
    { name: "small", targets: smallTargets(), connections: 64, tracedEach: 20 },
    { name: "large", targets: largeTargets(), connections: 16, tracedEach: 1 },
    {
      ...{ name: "uploads", targets: uploadTargets(), connections: 16, tracedEach: 1 },
      content: { body: content, file: contentFile },
    },
  ];
}

/** Fails unless each proxy does right with each target: the answer is that of the backend, and no byte of a body is lost. */
export async function verifyTraffic(
  proxies: readonly RunningProxy[],
  { nginx }: RunningBackend,
  { targets, content }: Traffic,
): Promise<void> {
  const requests = { targets, body: content?.body };
  const expected = await expectedAnswers(nginx.ports[0] as number, requests);
  for (const proxy of proxies) {
    await named(proxy, verifyAnswers(proxy.port, requests, expected));
    if (content !== undefined)
      await named(proxy, verifyEchoes(proxy.port, echoTargets(), content.body));
  }
}
