import { describe } from "vitest";
import type { Adapter } from "./adapter.js";
import { bodies } from "./bodies.js";
import { drains } from "./drains.js";
import { failures } from "./failures.js";
import { heads } from "./heads.js";
import { hints } from "./hints.js";
import { http2Ends } from "./http2-ends.js";
import { http2 } from "./http2.js";
import { leaving } from "./leaving.js";
import { mounts } from "./mounts.js";
import { routing } from "./routing.js";
import { streams } from "./streams.js";
import { trailers } from "./trailers.js";
import { upgrades } from "./upgrades.js";

/**
 * What every adapter has to do, over real sockets. Called in a test file, it registers the cases.
 *
 * @example
 * adapterSuite({ name: "my server", takesUpgrades: false, takesMounts: false, start });
 */
export function adapterSuite(adapter: Adapter): void {
  describe(adapter.name, () => {
    for (const topic of topicsOf(adapter)) topic(adapter);
  });
}

type Topic = (adapter: Adapter) => void;

function topicsOf(adapter: Adapter): readonly Topic[] {
  const { takesHttp1 = true, takesHttp2 = false } = adapter;
  return [...(takesHttp1 ? http1TopicsOf(adapter) : []), ...(takesHttp2 ? [http2, http2Ends] : [])];
}

function http1TopicsOf(adapter: Adapter): readonly Topic[] {
  return [
    ...[routing, heads, bodies, streams, failures, leaving, drains],
    ...(adapter.takesMounts ? [mounts] : []),
    ...(adapter.takesUpgrades ? [upgrades] : []),
    ...(adapter.passesTrailers ? [trailers] : []),
    ...(adapter.passesHints ? [hints] : []),
  ];
}
