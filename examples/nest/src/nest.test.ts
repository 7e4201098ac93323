import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { GatewayShutdown } from "./gateway.js";
import { startApp, type RunningApp } from "./app.js";
import { startService, type Service } from "./service.js";

describe("a gateway in front of Nest", () => {
  let service: Service;
  let running: RunningApp;

  before(async () => {
    service = await startService();
    running = await startApp(service.url);
  });

  after(async () => {
    await running.app.close();
    await service.close();
  });

  const post = (path: string, body: string): Promise<Response> =>
    fetch(running.url + path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body,
    });

  it("takes what a route takes, with the body as it came", async () => {
    const answer = await post("/orders", '{ "a" : 1 }');
    assert.equal(await answer.text(), 'service POST /orders { "a" : 1 }');
  });

  it("leaves controllers, injection and parsed bodies as they were", async () => {
    assert.deepEqual(await (await fetch(`${running.url}/greetings`)).json(), ["hello nest"]);
    const answer = await post("/greetings", '{"name":"ann"}');
    assert.deepEqual([answer.status, await answer.json()], [201, { greeting: "hello ann" }]);
    assert.equal((await fetch(`${running.url}/nowhere`)).status, 404);
  });

  it("closes the gateway when a signal ends the application", async () => {
    const { app } = await startApp(service.url);
    app.enableShutdownHooks(["SIGHUP"]);
    const shutdown = app.get(GatewayShutdown);
    const { middleware } = shutdown;
    assert(middleware !== undefined);
    const closed = new Promise<void>((resolve) => {
      shutdown.middleware = Object.assign(middleware.bind(undefined), middleware, {
        close: async () => {
          await middleware.close();
          resolve();
        },
      });
    });
    // Nest sends the signal again when all is closed.
    const again = new Promise<unknown>((resolve) => {
      process.once("SIGHUP", () => process.once("SIGHUP", resolve));
    });
    process.emit("SIGHUP", "SIGHUP");
    await closed;
    await again;
  });

  it("answers a service that is gone", async () => {
    await service.close();
    assert.equal((await fetch(`${running.url}/orders/7`)).status, 502);
  });
});
