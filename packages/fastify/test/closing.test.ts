import { once } from "node:events";
import { describe, expect, it } from "vitest";
import WebSocket from "ws";
import { createGateway, gatewayPlugin } from "../src/index.js";
import { ask, listen, makeApp, start, startChat } from "./kit.js";

describe("an application that closes", () => {
  it("does so before Fastify gives up, whatever is open, at the defaults of the plugin", async () => {
    const asked = Promise.withResolvers<void>();
    const { url: silent } = await listen(() => asked.resolve());
    const app = makeApp({ pluginTimeout: 3_200 });
    const gateway = createGateway([
      { path: "/chat", to: await startChat() },
      { path: "/*", to: silent },
    ]);
    await app.register(gatewayPlugin, { gateway });
    const url = await start(app);
    const socket = new WebSocket(`${url.replace("http", "ws")}/chat`);
    const closed = once(socket, "close");
    await once(socket, "message");
    const answer = ask(url);
    await asked.promise;
    await app.close();
    expect((await answer).status).toBe(503);
    expect((await closed)[0]).toBe(1001);
  });
});

describe("the grace", () => {
  const gateway = createGateway([]);

  it("that does not fit into the pluginTimeout is refused", async () => {
    await expect(makeApp().register(gatewayPlugin, { gateway, graceMs: 7_001 })).rejects.toThrow(
      new TypeError(
        "gatewayPlugin: graceMs is 7001, but app.close() gives up after the pluginTimeout of 10000; " +
          "make the application with fastify({ pluginTimeout: 10001 }), or set graceMs to 7000 at most",
      ),
    );
  });

  it.each([
    [undefined, 7_000],
    [33_000, 30_000],
    [1_000, 0],
    [0, 3_600_000],
  ])("with a pluginTimeout of %s may be %s", async (pluginTimeout, graceMs) => {
    const app = makeApp(pluginTimeout === undefined ? {} : { pluginTimeout });
    await app.register(gatewayPlugin, { gateway, graceMs });
    await app.ready();
  });
});
