import { Readable } from "node:stream";
import { expect, it } from "vitest";
import { gatewayPlugin } from "../src/index.js";
import { makeApp, options, startEcho } from "./kit.js";

it("forwards a stream whose framing the injected headers tell, as a client would", async () => {
  const app = makeApp();
  await app.register(gatewayPlugin, options([{ path: "/*", to: await startEcho() }]));
  for (const headers of [{ "transfer-encoding": "chunked" }, { "content-length": "2" }]) {
    const payload = Readable.from([Buffer.from("a"), Buffer.from("b")]);
    const sent = { method: "POST" as const, url: "/x", headers, payload };
    expect((await app.inject(sent)).payload).toBe("POST /x ab");
  }
});
