import type { ClientHttp2Session } from "node:http2";
import { Readable } from "node:stream";
import { expect, it } from "vitest";
import { Http2Request } from "./http2-request.js";
import type { AttemptHandler } from "./slot.js";

/** A stream on which all that comes is made by hand. */
class HandMadeStream extends Readable {
  readonly rstCode = 0;
  override _read(): void {}
  setTimeout(): void {}
  close(): void {}
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

// Node tells of a head in a later tick than of what came right behind it, when both are read in one piece over TLS.
it("keeps a body back until its head has come", async () => {
  const seen: string[] = [];
  const handler: AttemptHandler = {
    onRequestStart() {},
    onRequestSent() {},
    onResponseStart: (_, status) => void seen.push(`head ${status}`),
    onResponseData: (_, chunk) => void seen.push(chunk.toString()),
    onResponseEnd: () => void seen.push("end"),
    onResponseError: (_, error) => void seen.push(error.message),
  };
  const stream = new HandMadeStream();
  const request = { method: "GET", path: "/", headers: [], body: null, idleMs: 0 };
  const session = { request: () => stream } as unknown as ClientHttp2Session;
  new Http2Request({ ...request, extras: undefined }, handler, () => {}).begin(session, {});
  stream.push("body");
  stream.push(null);
  await turn();
  stream.emit("response", { ":status": 200 });
  await turn();
  await turn();
  expect(seen).toEqual(["head 200", "body", "end"]);
});
