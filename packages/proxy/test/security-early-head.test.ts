import { expect, it } from "vitest";
import { open, until } from "./kit.js";
import { oneService } from "./rig.js";
import { securityRig } from "./security-kit.js";

const { wire, gatewayTo } = securityRig();

it.each(["Content-Length: 5", "Transfer-Encoding: chunked"])(
  "an instance may refuse an upload of which no byte has come: %s",
  async (framing) => {
    const instance = await wire("HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno");
    const { port } = await gatewayTo(oneService([instance.url], { timeouts: { idleMs: 1_000 } }));
    const client = await open(port);
    client.write(`POST /x HTTP/1.1\r\nHost: a\r\n${framing}\r\n\r\n`);
    await until(() => client.received() !== "");
    expect(client.received()).toMatch(/^HTTP\/1\.1 401 /);
    expect(instance.received()).toMatch(/^POST \/x /);
    client.destroy();
  },
);

it("an upload whose body is late goes elsewhere where no second connection can be made", async () => {
  const first = await wire();
  const second = await wire();
  const { port, ended } = await gatewayTo(
    oneService([first.url, second.url], {}, { balancer: "first-eligible", outlier: false }),
  );
  const client = await open(port);
  client.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await until(() => client.received().endsWith("ok"));
  first.refuse();
  client.write("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n");
  await until(() => second.received().startsWith("POST /x "));
  client.write("hello");
  expect(await ended(2)).toMatchObject({
    status: 200,
    attempts: 2,
    failed: [{ outcome: { stage: "connect", cause: "refused" } }],
  });
  client.destroy();
});
