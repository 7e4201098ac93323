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
