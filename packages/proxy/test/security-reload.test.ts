import { Agent, request, type IncomingMessage } from "node:http";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { GatewayConfigError } from "@signalbox/core";
import { expect, it } from "vitest";
import { inFlight, until } from "./kit.js";
import { oneService, rig } from "./rig.js";

const { backend, gatewayTo } = rig();

it("of 2,000 requests across 50 updates, bad ones among them, none fails", async () => {
  const instances = await Promise.all(
    [0, 1, 2].map((name) => backend((_, res) => void setImmediate(() => res.end(String(name))))),
  );
  const urls = instances.map(({ url }) => url);
  const configOf = (round: number) =>
    oneService(
      urls.filter((_, at) => at !== round % 3),
      { id: `round ${round}` },
    );
  const { url, gateway, ends } = await gatewayTo(configOf(0));
  const agent = new Agent({ keepAlive: true, maxSockets: 20 });
  const results: string[] = [];
  const ask = async (): Promise<void> => {
    const req = request(url, { agent }).end();
    const [res] = (await once(req, "response")) as [IncomingMessage];
    results.push(`${res.statusCode} ${await text(res)}`);
  };
  let asked = 0;
  const worker = async (): Promise<void> => {
    while (asked < 2_000) {
      if (asked++ % 40 === 0) {
        gateway.update(configOf(asked));
        expect(() => gateway.update({ routes: [{ to: "nobody" }] })).toThrow(GatewayConfigError);
      }
      await ask();
    }
  };
  await Promise.all(Array.from({ length: 20 }, worker));
  agent.destroy();
  await until(() => ends.length === 2_000);
  expect(new Set(results)).toEqual(new Set(["200 0", "200 1", "200 2"]));
  expect(results).toHaveLength(2_000);
  expect(ends.every(({ isComplete, failure }) => isComplete && failure === undefined)).toBe(true);
  expect(inFlight(gateway)).toBe(0);
});

it("a request that has begun ends as it was decided, whatever is updated meanwhile", async () => {
  let finish = (): void => {};
  const old = await backend((_, res) => {
    res.write("old ");
    finish = () => res.end("to its end");
  });
  const fresh = await backend((_, res) => res.end("new"));
  const { url, gateway } = await gatewayTo(
    oneService([old.url], { responseHeaders: { set: { "x-plan": "old" } } }),
  );
  const req = request(url, { agent: false }).end();
  const [res] = (await once(req, "response")) as [IncomingMessage];
  gateway.update(oneService([fresh.url]));
  finish();
  expect(await text(res)).toBe("old to its end");
  expect(res.headers["x-plan"]).toBe("old");
});
