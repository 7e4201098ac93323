import { once } from "node:events";
import { request as ask, createServer, type IncomingMessage } from "node:http";
import type { Server } from "node:http";
import { connect, type AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { createAdaptorServer } from "@hono/node-server";
import { getConnInfo } from "@hono/node-server/conninfo";
import { Hono } from "hono";
import { afterEach, describe, expect, it } from "vitest";
import { allTo, closeAll, get, instance, listen, mount, signal, type Mounted } from "./kit.js";

afterEach(closeAll);

/** An application of Hono on a real server, with the gateway in front. */
async function serve({ handler }: Mounted): Promise<string> {
  const app = new Hono();
  app.use(async (c, next) => {
    const remoteAddress = getConnInfo(c).remote.address;
    const { httpVersion } = (c.env as { readonly incoming: IncomingMessage }).incoming;
    return (await handler(c.req.raw, { remoteAddress, httpVersion })) ?? next();
  });
  app.post("/app", async (c) => c.text(`app ${await c.req.text()}`));
  app.get("/app", (c) => c.text("app"));
  return listen(createAdaptorServer({ fetch: app.fetch }) as Server);
}

interface Answered {
  readonly status: number | undefined;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

async function send(
  url: string,
  method = "GET",
  body?: string,
  headers: Record<string, string> = {},
): Promise<Answered> {
  const req = ask(url, { method, headers, agent: false });
  req.end(body);
  const [res] = (await once(req, "response")) as [IncomingMessage];
  return { status: res.statusCode, headers: res.headers, body: await text(res) };
}

const echo = () =>
  instance((req, res) => {
    void text(req).then((body) => {
      const { "transfer-encoding": coding = "none", "x-forwarded-for": from } = req.headers;
      res.setHeader("set-cookie", ["a=1", "b=2"]);
      res.end(`${req.method} ${req.url} ${coding} ${from} ${body}`);
    });
  });

describe("in front of an application of Hono", () => {
  const config = async () => ({ routes: [{ match: { path: "/api/*" }, to: await echo() }] });

  it("takes what a route takes, and leaves the rest to the application, its body included", async () => {
    const url = await serve(mount(await config()));
    expect(await send(`${url}/api/x?a=%2F`)).toMatchObject({
      ...{ status: 200, body: "GET /api/x?a=%2F none 127.0.0.1 " },
      headers: { "set-cookie": ["a=1", "b=2"] },
    });
    expect(await send(`${url}/app`)).toMatchObject({ status: 200, body: "app" });
    expect(await send(`${url}/app`, "POST", "mine")).toMatchObject({ body: "app mine" });
  });

  it("sends headers of middleware that sets them afterwards", async () => {
    const { handler } = mount(await config());
    const app = new Hono();
    app.use(async (c, next) => {
      c.header("x-before", "1");
      await next();
      c.header("x-behind", "1");
    });
    app.use(async (c, next) => (await handler(c.req.raw)) ?? next());
    const { headers } = await app.request("/api/x");
    expect([headers.get("x-before"), headers.get("x-behind")]).toEqual([null, "1"]);
  });

  it.each([
    ["POST", "body", { "content-length": "4" }, "none", "body"],
    ["POST", "body", { "transfer-encoding": "chunked" }, "chunked", "body"],
    ["DELETE", undefined, {}, "none", ""],
    ["GET", "lost", { "content-length": "4" }, "none", ""],
  ])("sends %s with %s and %o on", async (method, body, headers, coding, sent) => {
    const url = await serve(mount(await config()));
    expect(await send(`${url}/api/x`, method, body, headers as never)).toMatchObject({
      body: `${method} /api/x ${coding} 127.0.0.1 ${sent}`,
    });
  });

  it("answers HEAD, 204 and 304 without a body", async () => {
    const to = await instance((req, res) => {
      if (req.method === "HEAD") res.writeHead(200, { "content-length": "5" }).end();
      else res.writeHead(Number(req.url?.slice(1))).end();
    });
    const url = await serve(mount(allTo(to)));
    expect(await send(`${url}/`, "HEAD")).toMatchObject({
      ...{ status: 200, headers: { "content-length": "5" }, body: "" },
    });
    expect(await send(`${url}/204`)).toMatchObject({ status: 204, body: "" });
    expect(await send(`${url}/304`)).toMatchObject({ status: 304, body: "" });
  });

  it("cancels the attempt when the client leaves", async () => {
    const asked = signal();
    const left = signal();
    const to = await instance((req) => {
      req.socket.on("close", left.resolve);
      asked.resolve();
    });
    const mounted = mount(allTo(to));
    const req = ask(`${await serve(mounted)}/`, { agent: false }).on("error", () => {});
    req.end();
    await asked.promise;
    req.destroy();
    await left.promise;
    expect(await mounted.nextEnd()).toMatchObject({ failure: { side: "client", cause: "left" } });
  });

  it("cancels the attempt when the client leaves in the body", async () => {
    const left = signal();
    const to = await instance((_, res) => {
      res.on("close", left.resolve);
      res.write("first");
    });
    const mounted = mount(allTo(to));
    const req = ask(`${await serve(mounted)}/`, { agent: false }).on("error", () => {});
    req.end();
    const [res] = (await once(req, "response")) as [IncomingMessage];
    await once(
      res.on("error", () => {}),
      "data",
    );
    req.destroy();
    await left.promise;
    expect(await mounted.nextEnd()).toMatchObject({ failure: { stage: "body", cause: "left" } });
  });

  it("cuts the client when the instance dies in the body", async () => {
    const to = await instance((_, res) => {
      res.write("first");
      setImmediate(() => res.destroy());
    });
    const mounted = mount(allTo(to));
    const req = ask(`${await serve(mounted)}/`, { agent: false });
    req.end();
    const [res] = (await once(req, "response")) as [IncomingMessage];
    await expect(text(res)).rejects.toMatchObject({ code: "ECONNRESET" });
    expect(await mounted.nextEnd()).toMatchObject({ failure: { side: "instance" } });
  });

  it("sends events at once", async () => {
    const to = await instance((_, res) => {
      res.writeHead(200, { "content-type": "text/event-stream" }).write("data: 1\n\n");
    });
    const req = ask(`${await serve(mount(allTo(to)))}/`, { agent: false });
    req.on("error", () => {}).end();
    const [res] = (await once(req, "response")) as [IncomingMessage];
    const [part] = (await once(
      res.on("error", () => {}),
      "data",
    )) as [Buffer];
    expect(part.toString()).toBe("data: 1\n\n");
    req.destroy();
  });

  it("answers an upload before it has come whole, and goes on serving", async () => {
    const to = await instance((req, res) => {
      if (req.url === "/big") res.writeHead(413).end("too large");
      else res.end("fine");
    });
    const url = await serve(mount(allTo(to)));
    const socket = connect(Number(new URL(url).port), "127.0.0.1");
    socket.write("POST /big HTTP/1.1\r\nHost: a\r\nContent-Length: 9000000\r\n\r\nfirst");
    const [head] = (await once(socket, "data")) as [Buffer];
    expect(head.toString()).toMatch(/^HTTP\/1.1 413 /);
    socket.destroy();
    expect(await send(`${url}/x`)).toMatchObject({ status: 200, body: "fine" });
  });

  it("leaves upgrades to the proxy of the handler", async () => {
    const server = createServer();
    server.on("upgrade", (_, socket) => {
      socket.end("HTTP/1.1 418 I'm a teapot\r\nConnection: close\r\n\r\n");
    });
    const mounted = mount(allTo(await listen(server)));
    const app = new Hono().use(async (c, next) => (await mounted.handler(c.req.raw)) ?? next());
    const front = createAdaptorServer({ fetch: app.fetch }) as Server;
    front.on("upgrade", (req, socket, head) => mounted.handler.proxy.upgrade(req, socket, head));
    const url = await listen(front);
    const key = "dGhlIHNhbXBsZSBub25jZQ==";
    const headers = {
      ...{ connection: "Upgrade", upgrade: "websocket" },
      ...{ "sec-websocket-key": key, "sec-websocket-version": "13" },
    };
    expect((await send(url, "GET", undefined, headers)).status).toBe(418);
  });
});

it("is a route handler of Next.js", async () => {
  const { handler } = mount({
    routes: [{ match: { path: "/api/orders/:id" }, to: await echo() }],
  });
  type RouteContext = { readonly params: Promise<{ readonly path: string[] }> };
  const route = async (request: Request, _: RouteContext): Promise<Response> =>
    (await handler(request)) ?? new Response("Not Found\n", { status: 404 });
  const context: RouteContext = { params: Promise.resolve({ path: ["orders", "7"] }) };
  const response = await route(get("/api/orders/7", { method: "POST", body: "x" }), context);
  expect(await response.text()).toBe("POST /api/orders/7 chunked undefined x");
  expect((await route(get("/api/else"), context)).status).toBe(404);
});

it("serves as the whole application", async () => {
  const { handler } = mount(allTo(await echo()));
  const fetch = async (request: Request): Promise<Response> =>
    (await handler(request)) ?? new Response(null, { status: 404 });
  const server = createAdaptorServer({ fetch }) as Server;
  const url = await listen(server);
  expect((server.address() as AddressInfo).port).toBeGreaterThan(0);
  expect(await send(`${url}/x`)).toMatchObject({ body: "GET /x none undefined " });
});

it("refuses framing that HTTP/1.0 does not know, and closes the connection", async () => {
  const url = new URL(
    await serve(mount({ routes: [{ match: { path: "/*" }, to: await echo() }] })),
  );
  const socket = connect(Number(url.port), url.hostname);
  socket.write(
    "POST / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n",
  );
  socket.write("0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n");
  const answer = await text(socket);
  expect(answer).toMatch(/^HTTP\/1\.1 400 /);
  expect(answer.match(/^HTTP/gm)).toHaveLength(1);
});
