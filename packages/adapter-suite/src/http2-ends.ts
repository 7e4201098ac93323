import { once } from "node:events";
import { constants } from "node:http2";
import { describe, expect, it } from "vitest";
import type { Adapter } from "./adapter.js";
import { answerOf } from "./http2-client.js";
import { deadUrl, inFlight, stageOf, until } from "./world.js";

/** Clients that speak HTTP/2: failures, leaving, the end. */
export function http2Ends(adapter: Adapter): void {
  const stage = stageOf(adapter);

  describe("over HTTP/2", () => {
    it("an instance that is not there is 502, a missing one 503", async () => {
      const { url } = await stage.start({
        services: { dead: { instances: [await deadUrl()] }, none: { instances: [] } },
        routes: [
          { match: { path: "/dead" }, to: "dead" },
          { match: { path: "/none" }, to: "none" },
        ],
      });
      const session = await stage.http2(url);
      const statusOf = async (path: string) =>
        (await answerOf(session.request({ ":path": path }))).status;
      expect([await statusOf("/dead"), await statusOf("/none")]).toEqual([502, 503]);
    });

    it("a cut in the midst of a body resets the stream", async () => {
      const instance = await stage.instance((_req, res) => {
        res.write("some", () => res.destroy());
      });
      const { url, gateway } = await stage.start([{ path: "/*", to: instance }]);
      const got = await answerOf((await stage.http2(url)).request());
      expect(got.status).toBe(200);
      expect(got.code).not.toBe(constants.NGHTTP2_NO_ERROR);
      await until(() => inFlight(gateway) === 0);
    });

    it.each(["the head", "the body", "the end of its upload"])(
      "a client that resets its stream before %s ends the request at the instance",
      async (moment) => {
        const asked = Promise.withResolvers<void>();
        const left = Promise.withResolvers<void>();
        const instance = await stage.instance((req, res) => {
          req.on("error", () => {});
          res.on("close", left.resolve);
          if (moment === "the body") res.flushHeaders();
          if (moment === "the end of its upload") req.once("data", () => asked.resolve());
          else asked.resolve();
        });
        const { url, gateway } = await stage.start([
          { path: "/tick", respond: { status: 200, body: "tick" } },
          { path: "/*", to: instance },
        ]);
        const session = await stage.http2(url);
        const isUpload = moment === "the end of its upload";
        const stream = session.request({ ":method": isUpload ? "POST" : "GET" });
        stream.on("error", () => {});
        if (isUpload) stream.write("some");
        await asked.promise;
        if (moment === "the body") await once(stream, "response");
        expect(inFlight(gateway)).toBe(1);
        stream.close(constants.NGHTTP2_CANCEL);
        await left.promise;
        await until(() => inFlight(gateway) === 0);
        expect(String((await answerOf(session.request({ ":path": "/tick" }))).body)).toBe("tick");
      },
    );

    it("a client that drops its connection ends all its requests", async () => {
      let asked = 0;
      let left = 0;
      const instance = await stage.instance((_req, res) => {
        asked++;
        res.on("close", () => left++);
      });
      const { url, gateway } = await stage.start([{ path: "/*", to: instance }]);
      const session = await stage.http2(url);
      const streams = [1, 2, 3].map(() => session.request().on("error", () => {}));
      await until(() => asked === streams.length);
      session.destroy();
      await until(() => left === streams.length && inFlight(gateway) === 0);
    });

    it("a drain tells clients to go, and lets what is under way end", async () => {
      const asked = Promise.withResolvers<() => void>();
      const instance = await stage.instance((_req, res) => asked.resolve(() => res.end("late")));
      const { url, drain } = await stage.start([{ path: "/*", to: instance }]);
      const session = await stage.http2(url);
      const answer = answerOf(session.request());
      const answerNow = await asked.promise;
      const told = once(session, "goaway");
      const drained = drain(10_000);
      await told;
      answerNow();
      expect(await answer).toMatchObject({ status: 200, body: Buffer.from("late"), code: 0 });
      await drained;
      await until(() => session.destroyed);
    });
  });

  if (adapter.passesTrailers)
    it("trailers of a response pass over HTTP/2", async () => {
      const instance = await stage.instance((_req, res) => {
        res.writeHead(200, { trailer: "x-sum" });
        res.write("hello");
        res.addTrailers({ "x-sum": "7" });
        res.end();
      });
      const { url } = await stage.start([{ path: "/*", to: instance }]);
      const { trailers } = await answerOf((await stage.http2(url)).request());
      expect(Object.entries(trailers)).toEqual([["x-sum", "7"]]);
    });

  if (adapter.passesHints)
    it("early hints pass over HTTP/2", async () => {
      const more = Promise.withResolvers<() => void>();
      const instance = await stage.instance((_req, res) => {
        res.writeEarlyHints({ link: "</a.css>; rel=preload" });
        more.resolve(() => res.end("page"));
      });
      const { url } = await stage.start([{ path: "/*", to: instance }]);
      const stream = (await stage.http2(url)).request();
      const [hint] = (await once(stream, "headers")) as [Record<string, unknown>];
      expect([hint[":status"], hint["link"]]).toEqual([103, "</a.css>; rel=preload"]);
      (await more.promise)();
      expect(String((await answerOf(stream)).body)).toBe("page");
    });
}
