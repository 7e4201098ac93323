import { once } from "node:events";
import { connect, constants, type Http2ServerRequest, type ServerHttp2Stream } from "node:http2";
import { expect, it } from "vitest";
import { startHttp2 } from "./http2-kit.js";
import { until } from "./kit.js";
import { openDoor } from "./leaks/http2-door.js";
import { rig, oneService } from "./rig.js";

const { gatewayTo } = rig();

it("an upload over HTTP/2 that is answered while a part of it waits unread is over with its answer", async () => {
  const streams: ServerHttp2Stream[] = [];
  const instance = await startHttp2((stream) => streams.push(stream));
  const connection = { connect: { protocol: "http2" } };
  const { proxy, ended } = await gatewayTo(oneService([instance.url], {}, connection));
  let req: Http2ServerRequest | undefined;
  const door = await openDoor({
    ...proxy,
    handle: (given, res) => {
      req = given as Http2ServerRequest;
      return proxy.handle(given, res);
    },
  });
  const session = connect(door.url);
  const upload = session.request({ ":method": "POST", ":path": "/" }, { endStream: false });
  upload.resume().write(Buffer.alloc(1_048_576));
  // The instance does not read: the upload comes to a stand.
  await until(() => req?.isPaused() === true && req.stream.readableLength > 0);
  streams[0]?.close(constants.NGHTTP2_INTERNAL_ERROR);
  await once(upload, "close");
  expect(await ended()).toMatchObject({ status: 502, isComplete: true });
  session.destroy();
  await door.close();
  await instance.close();
});
