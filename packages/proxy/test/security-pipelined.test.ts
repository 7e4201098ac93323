import { describe, expect, it } from "vitest";
import { send, until } from "./kit.js";
import { oneService } from "./rig.js";
import { exchange, get, securityRig, statusesIn } from "./security-kit.js";

const { wire, gatewayTo } = securityRig();

// RFC 9112 section 9.6: behind an answer with `Connection: close` no further request is processed.
describe("a request behind one that was refused and closed is not served", () => {
  it.each([
    ["two Hosts", get("/x", "Host: a", "Host: b")],
    [
      "a transfer coding in HTTP/1.0",
      "POST /x HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    ],
    ["an escaped NUL", get("/a%00", "Host: a")],
  ])("%s", async (_, first) => {
    const instance = await wire();
    const { port, url, proxy } = await gatewayTo(oneService([instance.url]));
    // A connection that stands already takes the next request at once.
    await send(url, "/before");
    const next = "POST /after HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n";
    expect(statusesIn(await exchange(port, first + next))).toEqual([400]);
    await until(() => proxy.counts.requests === 0);
    await send(url, "/last");
    expect(instance.received()).not.toContain("/after");
  });
});
