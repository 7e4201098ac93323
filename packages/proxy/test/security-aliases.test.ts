import { expect, it } from "vitest";
import { oneService } from "./rig.js";
import { exchange, get, securityRig } from "./security-kit.js";

const { wire, gatewayTo } = securityRig();

it.each(["Content_Length: 99", "Transfer_Encoding: chunked", "Proxy_Connection: close"])(
  "a name that lenient servers take for one of the framing or the connection does not pass: %s",
  async (line) => {
    const instance = await wire();
    const { port } = await gatewayTo(oneService([instance.url]));
    await exchange(port, get("/x", "Host: a", "Connection: close", line));
    expect(instance.received()).not.toContain(line);
  },
);
