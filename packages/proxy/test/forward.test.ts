import { once } from "node:events";
import { request, type IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import { systemEnv, type ConfigInput } from "@signalbox/core";
import { afterEach, describe, expect, it } from "vitest";
import {
  deadUrl,
  inFlight,
  open,
  send,
  startProxy,
  startServer,
  until,
  type TestProxy,
  type TestServer,
} from "./kit.js";

const open_: (TestServer | TestProxy)[] = [];
const track = <T extends TestServer>(server: T): T => {
  open_.push(server);
  return server;
};
const backend = async (...args: Parameters<typeof startServer>) =>
  track(await startServer(...args));
const gatewayTo = async (...args: Parameters<typeof startProxy>) =>
  track(await startProxy(...args));

afterEach(async () => {
  await Promise.all(open_.splice(0).map((server) => server.close()));
});

const service = (urls: readonly string[], more: object = {}) => ({
  services: { s: { instances: urls, balancer: "round-robin" as const, ...more } },
  routes: [{ id: "all", match: { path: "/*" }, to: "s" }],
});

describe("forwarding", () => {
  it("passes method, path, query, headers and body on, and the answer back", async () => {
    const instance = await backend(async (req, res) => {
      const body = await text(req);
      res.writeHead(
        201,
        [
          ["x-one", "1"],
          ["set-cookie", "a=1"],
          ["set-cookie", "b=2"],
          ["connection", "x-one"],
        ].flat(),
      );
      res.end(
        JSON.stringify({
          method: req.method,
          url: req.url,
          host: req.headers.host,
          xff: req.headers["x-forwarded-for"],
          body,
        }),
      );
    });
    const { url, ended, gateway } = await gatewayTo(service([instance.url]));
    const reply = await send(url, "/a%2Fb/../c?q=1&q=%20", {
      method: "POST",
      headers: { host: "shop.test" },
      body: "hello",
    });
    expect(reply.status).toBe(201);
    expect(JSON.parse(reply.body)).toEqual({
      method: "POST",
      url: "/c?q=1&q=%20",
      host: "shop.test",
      xff: "127.0.0.1",
      body: "hello",
    });
    expect(reply.headers["set-cookie"]).toEqual(["a=1", "b=2"]);
    expect(reply.headers["x-one"]).toBeUndefined();
    expect(await ended()).toMatchObject({ status: 201, isComplete: true, attempts: 1 });
    expect(inFlight(gateway)).toBe(0);
  });

  it("streams a chunked upload and a chunked answer as they come", async () => {
    const instance = await backend((req, res) => req.pipe(res));
    const { url } = await gatewayTo(service([instance.url]));
    const req = request(`${url}/echo`, { method: "PUT", agent: false });
    req.write("first");
    const [res] = (await once(req, "response")) as [IncomingMessage];
    const [first] = (await once(res, "data")) as [Buffer];
    expect(first.toString()).toBe("first");
    req.end("second");
    expect(await text(res)).toBe("second");
  });

  it("sends the head of a slow answer before its body", async () => {
    let finish = (): void => {};
    const instance = await backend((_, res) => {
      res.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders();
      finish = () => res.end("data: 1\n\n");
    });
    const { url } = await gatewayTo(service([instance.url]));
    const req = request(`${url}/events`, { agent: false }).end();
    const [res] = (await once(req, "response")) as [IncomingMessage];
    finish();
    expect(await text(res)).toBe("data: 1\n\n");
  });

  it.each([
    ["HEAD", 200, "5"],
    ["GET", 204, undefined],
    ["GET", 304, undefined],
  ])("gives %s with %i no body and keeps the connection", async (method, status, length) => {
    const instance = await backend((_, res) => {
      res.writeHead(status, status === 200 ? { "content-length": "5" } : {}).end();
    });
    const { port } = await gatewayTo(service([instance.url]));
    const client = await open(port);
    const line = `${method} / HTTP/1.1\r\nHost: a\r\n\r\n`;
    client.write(line);
    await until(() => client.received().includes("\r\n\r\n"));
    client.write(line);
    await until(() => client.received().split("HTTP/1.1").length === 3);
    if (length !== undefined)
      expect(client.received().toLowerCase()).toContain(`content-length: ${length}`);
    client.destroy();
  });

  it("answers what the gateway decides itself without an instance", async () => {
    const { url, ends } = await gatewayTo([
      { id: "health", path: "/healthz", respond: { status: 200, body: "ok" } },
      { id: "old", path: { prefix: "/old" }, redirect: { path: { replacePrefix: "/new" } } },
    ]);
    expect(await send(url, "/healthz")).toMatchObject({ status: 200, body: "ok" });
    expect(await send(url, "/old/a", { headers: { host: "shop.test" } })).toMatchObject({
      status: 302,
      headers: { location: "http://shop.test/new/a" },
    });
    expect(await send(url, "/else")).toMatchObject({ status: 404 });
    expect(await send(url, "/a%00")).toMatchObject({ status: 400 });
    expect(ends.map(({ decision, status }) => [decision.kind, status])).toEqual([
      ["respond", 200],
      ["redirect", 302],
      ["reject", 400],
    ]);
  });

  it("is refused when its route names a policy that nobody knows", async () => {
    const seen: string[] = [];
    const upstream = await backend((req, res) => {
      seen.push(req.url as string);
      res.end("ok");
    });
    const gateway = await gatewayTo({
      routes: [
        { match: { path: "/open" }, to: upstream.url },
        { match: { path: "/*" }, to: upstream.url, policies: ["auth"] },
      ],
    });
    expect(await send(gateway.url, "/closed")).toMatchObject({ status: 500 });
    expect(await send(gateway.url, "/open")).toMatchObject({ status: 200 });
    expect(seen).toEqual(["/open"]);
    expect(gateway.ends[0]?.decision).toMatchObject({ detail: 'no policy is called "auth"' });
  });
});

describe("failures", () => {
  it("tries another instance when a connection is refused, for a POST with its body too", async () => {
    const instance = await backend(async (req, res) => res.end(await text(req)));
    const { url, ended, gateway } = await gatewayTo(service([await deadUrl(), instance.url]));
    expect(await send(url, "/", { method: "POST", body: "precious" })).toMatchObject({
      status: 200,
      body: "precious",
    });
    expect(await ended()).toMatchObject({ status: 200, attempts: 2, decision: { attempt: 2 } });
    expect(inFlight(gateway)).toBe(0);
  });

  it("answers 502 when no instance takes a connection", async () => {
    const { url, ended } = await gatewayTo(service([await deadUrl()]));
    expect(await send(url, "/")).toMatchObject({ status: 502 });
    expect(await ended()).toMatchObject({
      status: 502,
      failure: { side: "instance", cause: "refused" },
    });
  });

  it("repeats a GET whose idle connection had died, and sends a POST once", async () => {
    const seen: string[] = [];
    const instance = await backend((req, res) => {
      seen.push(`${req.method} ${req.url}`);
      if (req.url === "/die") req.socket.destroy();
      else res.end("ok");
    });
    const { url } = await gatewayTo(service([instance.url]));
    await send(url, "/warm");
    expect(await send(url, "/die", { method: "POST", body: "x" })).toMatchObject({ status: 502 });
    await send(url, "/warm");
    expect(await send(url, "/die")).toMatchObject({ status: 502 });
    expect(seen).toEqual(["GET /warm", "POST /die", "GET /warm", "GET /die", "GET /die"]);
  });

  it("cuts the answer when the instance is lost in the middle of it", async () => {
    const instance = await backend((req, res) => {
      res.writeHead(200, { "content-length": "100" });
      res.write("half", () => req.socket.destroy());
    });
    const { url, ended } = await gatewayTo(service([instance.url]));
    await expect(send(url, "/")).rejects.toThrow("aborted");
    expect(await ended()).toMatchObject({
      status: 200,
      isComplete: false,
      failure: { side: "instance" },
      failed: [{ outcome: { stage: "body" }, next: "response-started" }],
    });
  });

  it("ejects an instance after five failures in a row and leaves it alone", async () => {
    const bad = await backend((_, res) => res.writeHead(503).end());
    const good = await backend((_, res) => res.end("good"));
    const { url, gateway } = await gatewayTo(service([bad.url, good.url]));
    for (let i = 0; i < 10; i++) await send(url, "/");
    const statuses = [];
    for (let i = 0; i < 4; i++) statuses.push((await send(url, "/")).status);
    expect(statuses).toEqual([200, 200, 200, 200]);
    expect(gateway.snapshot().services["s"]?.instances[bad.url]?.ejectedForMs).toBeGreaterThan(0);
  });

  it("retries a status that the route lists, and delivers the last answer when tries are used up", async () => {
    let calls = 0;
    const instance = await backend((_, res) =>
      res.writeHead(++calls === 2 ? 200 : 503).end(`call ${calls}`),
    );
    const config = service([instance.url], { outlier: false });
    const retry = { attempts: 1, statuses: [503], backoff: { baseMs: 0, maxMs: 0 } };
    const { url } = await gatewayTo({
      ...config,
      routes: config.routes.map((route) => ({ ...route, retry })),
    });
    expect(await send(url, "/")).toMatchObject({ status: 200, body: "call 2" });
    expect(await send(url, "/")).toMatchObject({ status: 503, body: "call 4" });
  });
});

describe("a retry after a pause", () => {
  it("asks for another instance when the one that was chosen has left meanwhile", async () => {
    const instance = await backend((_, res) => res.end("other"));
    const dead = await deadUrl();
    const doomed = await deadUrl();
    const config = (urls: string[]) => ({
      ...service(urls),
      routes: [
        {
          id: "all",
          match: { path: "/*" },
          to: "s",
          retry: { attempts: 3, backoff: { baseMs: 40, maxMs: 40 } },
        },
      ],
    });
    // The pause is drawn: this one is nearly as long as it may be.
    const env = { ...systemEnv(), random: () => 0.99 };
    const { url, gateway, ended } = await gatewayTo(config([dead, doomed, instance.url]), { env });
    let paused = (): void => {};
    const pause = new Promise<void>((resolve) => (paused = resolve));
    const retry = gateway.retry.bind(gateway);
    gateway.retry = (...args) => {
      paused();
      return retry(...args);
    };
    const reply = send(url, "/");
    await pause;
    gateway.update(config([dead, instance.url]));
    expect(await reply).toMatchObject({ status: 200, body: "other" });
    expect(await ended()).toMatchObject({
      attempts: 2,
      failed: [{ decision: { instance: { id: dead } }, next: "retry" }],
    });
  });
});

describe("limits of time", () => {
  const slow = (timeouts: object, url: string) => {
    const config = service([url], { outlier: false });
    return { ...config, routes: [{ id: "all", match: { path: "/*" }, to: "s", timeouts }] };
  };

  it.each([{ attemptMs: 20 }, { requestMs: 20 }])(
    "answers 504 when %o passes before the head",
    async (timeouts) => {
      const instance = await backend(() => {});
      const { url, ended, gateway } = await gatewayTo(slow(timeouts, instance.url));
      expect(await send(url, "/")).toMatchObject({ status: 504 });
      expect(await ended()).toMatchObject({ failure: { cause: "timeout" } });
      expect(inFlight(gateway)).toBe(0);
      await until(() => instance.sockets.size === 0);
    },
  );

  it.each([{ attemptMs: 20 }, { requestMs: 20 }])(
    "cuts the answer when %o passes after the head",
    async (timeouts) => {
      const instance = await backend(
        (_, res) => void res.writeHead(200, { "content-length": "9" }).write("part"),
      );
      const { url, ended } = await gatewayTo(slow(timeouts, instance.url));
      await expect(send(url, "/")).rejects.toThrow("aborted");
      expect(await ended()).toMatchObject({ status: 200, isComplete: false });
    },
  );

  it("answers 408 when the client stops sending its body", async () => {
    const instance = await backend((req) => void req.resume());
    const { port, ended, gateway } = await gatewayTo(slow({ idleMs: 20 }, instance.url));
    const client = await open(port);
    client.write("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc");
    await once(client, "close");
    expect(client.received()).toMatch(/^HTTP\/1.1 408 /);
    expect(await ended()).toMatchObject({ status: 408 });
    expect(gateway.snapshot().services["s"]?.instances[instance.url]?.consecutiveFailures).toBe(0);
  });
});

describe("a request that waits for a connection", () => {
  it("blames no instance when its time passes in the queue", async () => {
    const instance = await backend(() => {});
    const config = service([instance.url], { connect: { connections: 1, queue: 9 } });
    const { url, gateway, proxy } = await gatewayTo({
      ...config,
      routes: [
        { id: "held", match: { path: "/held" }, to: "s" },
        { id: "all", match: { path: "/*" }, to: "s", timeouts: { requestMs: 20 } },
      ],
    });
    const held = send(url, "/held");
    await until(() => inFlight(gateway) === 1);
    const replies = await Promise.all([send(url, "/1"), send(url, "/2")]);
    expect(replies.map(({ status }) => status)).toEqual([504, 504]);
    expect(gateway.snapshot().services["s"]?.instances[instance.url]).toMatchObject({
      inFlight: 1,
      consecutiveFailures: 0,
    });
    await proxy.close({ graceMs: 10 });
    expect((await held).status).toBe(503);
  });
});

describe("a client that leaves", () => {
  it.each(["before the head", "in the middle of the answer"])(
    "%s cancels the request at the instance and counts against nobody",
    async (when) => {
      let reached = (): void => {};
      const arrived = new Promise<void>((resolve) => (reached = resolve));
      const instance = await backend((_, res) => {
        if (when !== "before the head") res.writeHead(200).write("part");
        reached();
      });
      const { port, ended, gateway } = await gatewayTo(service([instance.url]));
      const client = await open(port);
      client.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
      await arrived;
      if (when !== "before the head") await until(() => client.received().includes("part"));
      client.destroy();
      await until(() => instance.sockets.size === 0);
      expect(await ended()).toMatchObject({
        status: when === "before the head" ? 499 : 200,
        isComplete: false,
      });
      expect(gateway.snapshot().services["s"]?.instances[instance.url]).toMatchObject({
        inFlight: 0,
        consecutiveFailures: 0,
      });
    },
  );

  it("while it uploads makes no whole request of a part", async () => {
    const done: boolean[] = [];
    const instance = await backend((req) => {
      req.on("error", () => {});
      req.on("close", () => done.push(req.complete));
      req.resume();
    });
    const { port } = await gatewayTo(service([instance.url]));
    const client = await open(port);
    client.write("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
    await until(() => instance.sockets.size === 1);
    client.destroy();
    await until(() => done.length === 1);
    expect(done).toEqual([false]);
  });
});

describe("the pool", () => {
  it("makes requests wait when all connections are busy, and refuses what does not fit in the queue", async () => {
    const answers: (() => void)[] = [];
    const instance = await backend((_, res) => answers.push(() => res.end("ok")));
    const { url } = await gatewayTo(
      service([instance.url], { connect: { connections: 1, queue: 1 } }),
    );
    const first = send(url, "/1");
    await until(() => answers.length === 1);
    const second = send(url, "/2");
    const third = send(url, "/3");
    // Which of the two waits is for the network to say: one waits, the other is refused at once.
    const refused = await Promise.race([second, third]);
    expect(refused).toMatchObject({ status: 503, headers: { "retry-after": "1" } });
    answers[0]?.();
    expect((await first).status).toBe(200);
    await until(() => answers.length === 2);
    answers[1]?.();
    expect([(await second).status, (await third).status].sort()).toEqual([200, 503]);
    expect(instance.sockets.size).toBe(1);
  });

  it("takes a client that leaves out of the queue", async () => {
    const answers: (() => void)[] = [];
    const instance = await backend((_, res) => answers.push(() => res.end("ok")));
    const { url, port, ended, gateway } = await gatewayTo(
      service([instance.url], { connect: { connections: 1, queue: 1 } }),
    );
    const first = send(url, "/1");
    await until(() => answers.length === 1);
    const client = await open(port);
    client.write("GET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
    await until(() => inFlight(gateway) === 2);
    client.destroy();
    expect(await ended()).toMatchObject({ status: 499 });
    answers[0]?.();
    expect((await first).status).toBe(200);
    expect(answers).toHaveLength(1);
    expect(inFlight(gateway)).toBe(0);
  });

  it("closes the connections of an instance that left once its last request is over", async () => {
    let finish = (): void => {};
    const going = await backend((_, res) => (finish = () => res.end("last")));
    const staying = await backend((_, res) => res.end("stays"));
    const { url, gateway } = await gatewayTo(service([going.url]));
    const last = send(url, "/");
    await until(() => going.sockets.size === 1 && inFlight(gateway) === 1);
    await until(() => finish.toString().includes("last"));
    gateway.update(service([staying.url]));
    expect(await send(url, "/")).toMatchObject({ body: "stays" });
    finish();
    expect(await last).toMatchObject({ status: 200, body: "last" });
    await until(() => going.sockets.size === 0);
  });

  it("connects anew in another way once that is configured, and lets what is under way end", async () => {
    let finish = (): void => {};
    const asked: string[] = [];
    const instance = await backend((req, res) => {
      asked.push(req.url as string);
      if (req.url === "/slow") finish = () => res.end("slow");
      else res.end("quick");
    });
    const by = (connections: number): ConfigInput => ({
      services: { s: { instances: [instance.url], connect: { connections } } },
      routes: [{ match: {}, to: "s" }],
    });
    const { url, gateway } = await gatewayTo(by(1));
    const slow = send(url, "/slow");
    await until(() => asked.length === 1);
    const waiting = send(url, "/waits");
    await until(() => inFlight(gateway) === 2);
    gateway.update(by(2));
    // Beside the one connection that the first two may have.
    expect(await send(url, "/now")).toMatchObject({ status: 200, body: "quick" });
    expect(asked).toEqual(["/slow", "/now"]);
    finish();
    expect((await slow).body).toBe("slow");
    expect((await waiting).body).toBe("quick");
    await until(() => instance.sockets.size === 1);
    expect(inFlight(gateway)).toBe(0);
  });
});

describe("hints and leave to go on", () => {
  it.each([
    "</a.css>; rel=preload; as=style, </b.js>; rel=preload; as=script",
    '</a.png>; rel=preload; imagesizes="50vw, 10px"',
  ])("passes %s on or leaves it out, and the answer comes", async (link) => {
    const instance = await backend((_, res) => {
      res.socket?.write(`HTTP/1.1 103 Early Hints\r\nLink: ${link}\r\n\r\n`);
      res.end("page");
    });
    const { url, ended } = await gatewayTo(service([instance.url]));
    expect(await send(url, "/")).toMatchObject({ status: 200, body: "page" });
    expect((await ended()).failure).toBeUndefined();
  });

  it("sends an empty chunked body again", async () => {
    let calls = 0;
    const instance = await backend((req, res) => {
      req.resume().on("end", () => res.writeHead(++calls === 1 ? 503 : 200).end());
    });
    const config = service([instance.url], { outlier: false });
    const retry = { attempts: 1, statuses: [503], backoff: { baseMs: 0, maxMs: 0 } };
    const { port } = await gatewayTo({
      ...config,
      routes: [{ id: "all", match: { path: "/*" }, to: "s", retry }],
    });
    const client = await open(port);
    client.write("PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
    await until(() => client.received().includes("\r\n\r\n"));
    expect(client.received()).toMatch(/^HTTP\/1.1 200 /);
    expect(calls).toBe(2);
    client.destroy();
  });
});

describe("close", () => {
  it("ends the connections of instances that moved, too, and blames nobody", async () => {
    const old = await backend(() => {});
    const moved = await backend((_, res) => res.end("new"));
    const at = (url: string) => ({
      services: { s: { instances: [{ id: "one", url }] } },
      routes: [{ match: { path: "/*" }, to: "s" }],
    });
    const { url, gateway, proxy, ended } = await gatewayTo(at(old.url));
    const cut = send(url, "/");
    await until(() => old.sockets.size === 1 && inFlight(gateway) === 1);
    gateway.update(at(moved.url));
    expect(await send(url, "/")).toMatchObject({ body: "new" });
    await proxy.close({ graceMs: 20 });
    expect((await cut).status).toBe(503);
    await ended(2);
    expect(proxy.counts).toEqual({ requests: 0, upgrades: 0, mirrors: 0, waiting: 0, pools: 0 });
    expect(gateway.snapshot().services["s"]?.instances["one"]).toMatchObject({
      inFlight: 0,
      consecutiveFailures: 0,
    });
    await until(() => old.sockets.size === 0);
  });

  it("may wait for ever", async () => {
    let finish = (): void => {};
    const instance = await backend((_, res) => (finish = () => res.end("late")));
    const { url, gateway, proxy } = await gatewayTo(service([instance.url]));
    const reply = send(url, "/");
    await until(() => instance.sockets.size === 1 && inFlight(gateway) === 1);
    await until(() => finish.toString().includes("late"));
    const closed = proxy.close({ graceMs: Infinity });
    setTimeout(() => finish(), 50);
    expect((await reply).body).toBe("late");
    await closed;
  });

  it("does not wait for a thrown-away answer that never ends", async () => {
    const endless = await backend((_, res) => void res.writeHead(503).write("never ends"));
    const good = await backend((_, res) => res.end("good"));
    const config = service([endless.url, good.url], { outlier: false });
    const retry = { attempts: 1, statuses: [503], backoff: { baseMs: 0, maxMs: 0 } };
    const { url, proxy } = await gatewayTo({
      ...config,
      routes: [{ id: "all", match: { path: "/*" }, to: "s", retry, timeouts: { idleMs: 0 } }],
    });
    expect(await send(url, "/")).toMatchObject({ status: 200, body: "good" });
    await proxy.close({ graceMs: 20 });
    await until(() => endless.sockets.size === 0);
  });

  it("may be asked for twice, and both end together", async () => {
    let finish = (): void => {};
    const instance = await backend((_, res) => (finish = () => res.end("done")));
    const { url, proxy, gateway } = await gatewayTo(service([instance.url]));
    const running = send(url, "/");
    await until(() => inFlight(gateway) === 1 && finish.toString().includes("done"));
    const closed = Promise.all([proxy.close(), proxy.close()]);
    finish();
    expect(await running).toMatchObject({ status: 200, headers: { connection: "close" } });
    await closed;
  });

  it("lets requests under way end, refuses new ones, and leaves nothing open", async () => {
    const before = process
      .getActiveResourcesInfo()
      .filter((kind) => kind === "TCPSocketWrap" || kind === "Timeout").length;
    let finish = (): void => {};
    const instance = await backend((_, res) => (finish = () => res.end("done")));
    const { url, proxy, gateway, close } = await gatewayTo(service([instance.url]));
    const running = send(url, "/");
    await until(() => inFlight(gateway) === 1 && finish.toString().includes("done"));
    const closed = proxy.close();
    expect(await send(url, "/")).toMatchObject({ status: 503, headers: { connection: "close" } });
    finish();
    expect(await running).toMatchObject({ status: 200, body: "done" });
    await closed;
    expect(proxy.counts).toEqual({ requests: 0, upgrades: 0, mirrors: 0, waiting: 0, pools: 0 });
    await until(() => instance.sockets.size === 0);
    await close();
    await instance.close();
    await until(
      () =>
        process
          .getActiveResourcesInfo()
          .filter((kind) => kind === "TCPSocketWrap" || kind === "Timeout").length <=
        before + 1,
    );
  });

  it("cuts what is not over in time", async () => {
    const instance = await backend((_, res) => void res.writeHead(200).write("never ends"));
    const { url, proxy, ended } = await gatewayTo(service([instance.url]));
    const running = send(url, "/");
    await until(() => instance.sockets.size === 1);
    const failed = expect(running).rejects.toThrow("aborted");
    await proxy.close({ graceMs: 10 });
    await failed;
    expect(await ended()).toMatchObject({ isComplete: false });
  });
});

describe("large bodies", () => {
  it("stream through in both directions with flat memory", async () => {
    const gibibyte = 2 ** 30;
    const chunk = Buffer.alloc(1 << 18, "x");
    const instance = await backend((req, res) => {
      let got = 0;
      req.on("data", (bytes: Buffer) => (got += bytes.length));
      req.on("end", () => {
        res.writeHead(200, { "x-got": String(got), "content-length": String(gibibyte) });
        let left = gibibyte;
        const write = (): void => {
          while (left > 0) {
            left -= chunk.length;
            if (!res.write(chunk)) return void res.once("drain", write);
          }
          res.end();
        };
        write();
      });
    });
    const { url } = await gatewayTo(service([instance.url]));
    const before = process.memoryUsage.rss();
    let peak = before;
    const req = request(`${url}/big`, {
      method: "PUT",
      agent: false,
      headers: { "content-length": String(gibibyte) },
    });
    for (let left = gibibyte; left > 0; left -= chunk.length) {
      if (!req.write(chunk)) await once(req, "drain");
      peak = Math.max(peak, process.memoryUsage.rss());
    }
    req.end();
    const [res] = (await once(req, "response")) as [IncomingMessage];
    let received = 0;
    for await (const bytes of res) {
      received += (bytes as Buffer).length;
      peak = Math.max(peak, process.memoryUsage.rss());
    }
    expect([res.headers["x-got"], received]).toEqual([String(gibibyte), gibibyte]);
    // Client, gateway and instance share this process: each may hold a few buffers, none a body.
    expect(peak - before).toBeLessThan(256 * 2 ** 20);
  }, 60_000);
});
