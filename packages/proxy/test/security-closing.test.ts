import { expect, it } from "vitest";
import { open, until } from "./kit.js";
import { oneService, rig } from "./rig.js";

const { backend, gatewayTo } = rig();

it.each([
  ["before the head", "GET /x HTTP/1.1\r\nHost: a\r\n\r\n"],
  [
    "in the request body",
    "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
  ],
  // The client of this one gets its cut; only the cause is wrong.
])("a request that is not over when the time to close is, is told so: %s", async (_, head) => {
  let isAsked = false;
  const instance = await backend((req) => {
    isAsked = true;
    req.on("error", () => {}).resume();
  });
  const { port, proxy, ended } = await gatewayTo(oneService([instance.url]));
  const client = await open(port);
  client.write(head);
  await until(() => isAsked);
  await proxy.close({ graceMs: 1 });
  expect(await ended()).toMatchObject({
    status: 503,
    failure: { side: "gateway", cause: "closing" },
  });
  expect(client.received()).toMatch(/^HTTP\/1\.1 503 /);
});
