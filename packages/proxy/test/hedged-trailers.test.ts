import { expect, it } from "vitest";
import { open, until } from "./kit.js";
import { oneService } from "./rig.js";
import { OK, securityRig, type WireAnswer } from "./security-kit.js";

const { wire, gatewayTo } = securityRig();

/** Says nothing to the first request that has come whole, and answers the next one. */
function silentFirst(): WireAnswer {
  let whole = 0;
  return (socket, head) => {
    // Trailers end like a head.
    if (!head.startsWith("PUT ") && ++whole > 1) socket.write(OK, "latin1");
  };
}

it("a hedged request says of trailers what the first one said, and sends them", async () => {
  const answer = silentFirst();
  const instances = [await wire(answer), await wire(answer)] as const;
  const urls = instances.map(({ url }) => url);
  const { port } = await gatewayTo(oneService(urls, { hedge: { delayMs: 100 } }));
  const client = await open(port);
  client.write(
    "PUT / HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nConnection: close, TE\r\nTrailer: X-Sum\r\n" +
      "Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nX-Sum: 7\r\n\r\n",
  );
  await until(() => client.closed);
  expect(client.received()).toMatch(/^HTTP\/1\.1 200 /);
  for (const { values, received } of instances) {
    expect([values("te"), values("trailer")]).toEqual([["trailers"], ["X-Sum"]]);
    expect(received()).toMatch(/\r\n0\r\nx-sum: 7\r\n\r\n$/);
  }
});
