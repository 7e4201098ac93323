import { expect, it } from "vitest";
import { gatewayPlugin } from "../src/index.js";
import { ask, makeApp, options, start, upgrade } from "./kit.js";

it("come at once: a promise goes to the error handler, and its rejection does not end the process", async () => {
  const app = makeApp();
  app.setErrorHandler((error: Error, _request, reply) => reply.code(500).send(error.message));
  const facts = async () => {
    throw new Error("no user");
  };
  const routes = [{ path: "/*", respond: { status: 204 } }];
  await app.register(gatewayPlugin, options(routes, { facts: facts as never }));
  const url = await start(app);
  const body = "facts must be an object, got a Promise; wait for it in a hook";
  expect(await ask(url)).toMatchObject({ status: 500, body });
  expect(await upgrade(url)).toEqual({ status: 500, body });
});
