import { once } from "node:events";
import { request } from "node:http";
import { Transform, type Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { describe, expect, it } from "vitest";
import type { MirrorEnd, ProxyOptions } from "../src/index.js";
import { startHttp2 } from "./http2-kit.js";
import { deadUrl, inFlight, open, send, until } from "./kit.js";
import { rig } from "./rig.js";

const { backend, gatewayTo } = rig();

/** Takes a body, and makes none of it. */
const nothingOf = () => new Transform({ transform: (_part, _encoding, done) => done() });

/** A main service and a shadow of it, with all that was told of copies. */
async function shadowed(
  main: string,
  shadow: string,
  mirror: object = {},
  options: ProxyOptions = {},
  route: object = {},
  service: object = {},
) {
  const told: MirrorEnd[] = [];
  const config = {
    services: { main: { instances: [main] }, shadow: { instances: [shadow], ...service } },
    routes: [
      {
        id: "all",
        match: { path: "/*" },
        to: "main",
        requestHeaders: { set: { "x-route": "all" } },
        mirror: [{ service: "shadow", ...mirror }],
        ...route,
      },
    ],
  };
  const proxy = await gatewayTo(config, { ...options, onMirror: (end) => void told.push(end) });
  return { ...proxy, told };
}

describe("a copy", () => {
  it("has the method, the headers and the body of the request, and is not waited for", async () => {
    const seen: string[] = [];
    let answer = (): void => {};
    const shadow = await backend(async (req, res) => {
      seen.push(`${req.method} ${req.url} ${req.headers["x-route"]} ${await text(req)}`);
      answer = () => void res.end("shadow");
    });
    const main = await backend(async (req, res) => res.end(`main ${await text(req)}`));
    const { url, told, proxy, gateway } = await shadowed(main.url, shadow.url);
    const reply = await send(url, "/a?b=1", { method: "POST", body: "data" });
    expect(reply).toMatchObject({ status: 200, body: "main data" });
    await until(() => seen.length === 1);
    expect(seen).toEqual(["POST /a?b=1 all data"]);
    expect(proxy.counts).toMatchObject({ mirrors: 1 });
    expect(told).toEqual([]);
    answer();
    await until(() => told.length === 1);
    expect(told[0]).toMatchObject({ status: 200, outcome: { kind: "response", status: 200 } });
    expect(proxy.counts).toMatchObject({ mirrors: 0 });
    expect(inFlight(gateway)).toBe(0);
  });

  it("of a chunked body is sent when the body has come whole", async () => {
    const seen: string[] = [];
    const shadow = await backend(async (req, res) => {
      seen.push(`${req.headers["content-length"]} ${await text(req)}`);
      res.end();
    });
    const main = await backend((req, res) => void req.pipe(res));
    const { url, told } = await shadowed(main.url, shadow.url);
    const req = request(url, { method: "PUT", agent: false });
    req.write("one");
    const [res] = (await once(req, "response")) as [import("node:http").IncomingMessage];
    await once(res, "data");
    expect(shadow.sockets.size).toBe(0);
    req.end(" two");
    await text(res);
    await until(() => told.length === 1);
    expect(seen).toEqual(["7 one two"]);
  });

  it("of a body that is larger than what is kept is left out", async () => {
    const main = await backend(async (req, res) => res.end(String((await text(req)).length)));
    const shadow = await backend((_, res) => res.end());
    const { url, told } = await shadowed(main.url, shadow.url);
    const body = "x".repeat(65_537);
    expect((await send(url, "/", { method: "POST", body })).body).toBe("65537");
    await until(() => told.length === 1);
    expect(told[0]).toMatchObject({ dropped: "too-large", durationMs: 0 });
    expect(shadow.sockets.size).toBe(0);
  });

  it("is left out as too large where nothing of bodies is kept", async () => {
    const main = await backend(async (req, res) => res.end(await text(req)));
    const { url, told } = await shadowed(
      main.url,
      main.url,
      {},
      {},
      { limits: { replayBytes: 0 } },
    );
    await send(url, "/", { method: "POST", body: "data" });
    await until(() => told.length === 1);
    expect(told[0]).toMatchObject({ dropped: "too-large" });
  });

  it("announces nothing of a body of which a policy left nothing", async () => {
    const seen: unknown[] = [];
    const shadow = await startHttp2((stream, headers) => {
      seen.push(headers["content-length"]);
      stream.respond();
      stream.end();
    });
    const main = await backend(async (req, res) => res.end(await text(req)));
    const policies = {
      emptied: { onRequest: () => ({ body: (body: Readable) => body.pipe(nothingOf()) }) },
    };
    const { url, told, close } = await shadowed(
      main.url,
      shadow.url,
      {},
      { policies },
      {
        policies: ["emptied"],
      },
      { connect: { protocol: "http2" } },
    );
    expect(await send(url, "/", { method: "POST", body: "data" })).toMatchObject({ body: "" });
    await until(() => told.length === 1);
    expect(told[0]).toMatchObject({ status: 200 });
    expect(seen).toEqual([undefined]);
    await close();
    await shadow.close();
  });

  it("is left out when as many are under way as may be", async () => {
    const main = await backend((_, res) => res.end("main"));
    const shadow = await backend(() => {});
    const { url, told } = await shadowed(main.url, shadow.url, {}, { maxMirrors: 1 });
    await send(url, "/1");
    await until(() => shadow.sockets.size === 1);
    await send(url, "/2");
    await until(() => told.length === 1);
    expect(told[0]).toMatchObject({ dropped: "limit", view: { url: "/2" } });
  });

  it("is left out when the client leaves before its body has come", async () => {
    const main = await backend((req) => void req.resume());
    const shadow = await backend((_, res) => res.end());
    const { port, told } = await shadowed(main.url, shadow.url);
    const client = await open(port);
    client.write("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf");
    await until(() => main.sockets.size === 1);
    client.destroy();
    await until(() => told.length === 1);
    expect(told[0]).toMatchObject({ dropped: "incomplete" });
    expect(shadow.sockets.size).toBe(0);
  });

  it("goes on when the client leaves", async () => {
    const main = await backend(() => {});
    let answer: (() => void) | undefined;
    const shadow = await backend((_, res) => void (answer = () => res.end()));
    const { port, told } = await shadowed(main.url, shadow.url);
    const client = await open(port);
    client.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    await until(() => answer !== undefined);
    client.destroy();
    await until(() => main.sockets.size === 0);
    answer?.();
    await until(() => told.length === 1);
    expect(told[0]).toMatchObject({ outcome: { kind: "response", status: 200 } });
  });

  it("has a time of its own, and what fails is told and counts against its instance alone", async () => {
    const main = await backend((_, res) => res.end("main"));
    const silent = await backend(() => {});
    const slow = await shadowed(main.url, silent.url, { timeoutMs: 20 });
    expect(await send(slow.url, "/")).toMatchObject({ status: 200, body: "main" });
    await until(() => slow.told.length === 1);
    expect(slow.told[0]?.outcome).toEqual({ kind: "failure", stage: "head", cause: "timeout" });
    const { services } = slow.gateway.snapshot();
    expect(services["shadow"]?.instances[silent.url]?.consecutiveFailures).toBe(1);
    expect(services["main"]?.instances[main.url]?.consecutiveFailures).toBe(0);

    const dead = await shadowed(main.url, await deadUrl());
    expect(await send(dead.url, "/")).toMatchObject({ status: 200, body: "main" });
    await until(() => dead.told.length === 1);
    expect(dead.told[0]?.outcome).toEqual({ kind: "failure", stage: "connect", cause: "refused" });
    expect(dead.ends).toHaveLength(1);
  });

  it("is made of the share of requests that is drawn", async () => {
    const main = await backend((_, res) => res.end("main"));
    const shadow = await backend((_, res) => res.end());
    const { url, ends } = await shadowed(main.url, shadow.url, { ratio: 0 });
    await send(url, "/");
    await until(() => ends.length === 1);
    expect(shadow.sockets.size).toBe(0);
  });

  it("is cut when the proxy closes and its time is up", async () => {
    const main = await backend((_, res) => res.end("main"));
    const shadow = await backend(() => {});
    const { url, told, proxy, gateway } = await shadowed(main.url, shadow.url);
    await send(url, "/");
    await until(() => shadow.sockets.size === 1);
    await proxy.close({ graceMs: 10 });
    expect(told).toMatchObject([{ outcome: { kind: "cancelled" } }]);
    expect(proxy.counts).toEqual({ requests: 0, upgrades: 0, mirrors: 0, waiting: 0, pools: 0 });
    expect(inFlight(gateway)).toBe(0);
  });

  it("whose hook throws harms nobody", async () => {
    const main = await backend((_, res) => res.end("main"));
    const config = {
      services: { s: { instances: [main.url] } },
      routes: [{ match: { path: "/*" }, to: "s", mirror: [{ service: "s" }, { service: "s" }] }],
    };
    let told = 0;
    const onMirror = (): never => {
      told++;
      throw new Error("no");
    };
    const { url } = await gatewayTo(config, { onMirror });
    expect(await send(url, "/")).toMatchObject({ body: "main" });
    await until(() => told === 2);
    expect(await send(url, "/")).toMatchObject({ body: "main" });
  });
});

describe("a comparison", () => {
  it("says in what the two answers differ", async () => {
    const main = await backend((_, res) => {
      res.writeHead(200, { "x-build": "1", "x-same": "a", "x-lost": "b" }).end();
    });
    const shadow = await backend((_, res) => {
      res.writeHead(500, { "x-build": "2", "x-same": "a" }).end();
    });
    const compare = { headers: ["X-Build", "x-same", "x-lost"] };
    const { url, told } = await shadowed(main.url, shadow.url, { compare });
    await send(url, "/");
    await until(() => told.length === 1);
    expect(told[0]?.differences).toEqual([
      { what: "status", main: "200", mirror: "500" },
      { what: "x-build", main: "1", mirror: "2" },
      { what: "x-lost", main: "b", mirror: undefined },
    ]);
  });

  it("waits for the answer that is later", async () => {
    let answer: (() => void) | undefined;
    const main = await backend((_, res) => void (answer = () => res.end()));
    const shadow = await backend((_, res) => res.end());
    const { url, told, proxy } = await shadowed(main.url, shadow.url, { compare: {} });
    const reply = send(url, "/");
    await until(() => answer !== undefined && proxy.counts.mirrors === 0);
    expect(told).toEqual([]);
    answer?.();
    await reply;
    await until(() => told.length === 1);
    expect(told[0]).toMatchObject({ status: 200, differences: [] });
  });

  it("is not made when one of the two has no answer", async () => {
    const main = await backend((_, res) => res.end());
    const { url, told } = await shadowed(main.url, await deadUrl(), { compare: {} });
    await send(url, "/");
    await until(() => told.length === 1);
    expect(told[0]).not.toHaveProperty("differences");
    const broken = await shadowed(await deadUrl(), main.url, { compare: {} });
    expect(await send(broken.url, "/")).toMatchObject({ status: 502 });
    await until(() => broken.told.length === 1);
    expect(broken.told[0]).toMatchObject({ status: 200 });
    expect(broken.told[0]).not.toHaveProperty("differences");
  });
});
