import { text } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import { createGateway } from "@signalbox/core";
import { afterEach, describe, expect, it } from "vitest";
import { fetchHandler } from "../src/fetch-handler.js";
import { allTo, answered, closeAll, get, instance, mount } from "./kit.js";

afterEach(closeAll);

const echo = () =>
  instance((req, res) => {
    void text(req).then((body) => {
      const { host, "content-length": length, "transfer-encoding": coding } = req.headers;
      res.end(JSON.stringify({ at: `${req.method} ${host}${req.url}`, length, coding, body }));
    });
  });

describe("what a route takes", () => {
  it("is forwarded with its path, query and host", async () => {
    const { handler, nextEnd } = mount(allTo(await echo()));
    const response = await answered(handler(get("/orders/7?color=red")));
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ at: "GET shop.test/orders/7?color=red", body: "" });
    expect(await nextEnd()).toMatchObject({ status: 200, isComplete: true, attempts: 1 });
  });

  it("keeps the Host that the client named, where the URL has another", async () => {
    const { handler } = mount(allTo(await echo()));
    const request = new Request("http://localhost:3000/x", { headers: { host: "shop.test" } });
    expect(await (await answered(handler(request))).json()).toMatchObject({
      at: "GET shop.test/x",
    });
  });

  it.each<[what: string, body: RequestInit["body"], sent: string]>([
    ["text", "hello", "hello"],
    ["bytes", new Uint8Array([104, 105]), "hi"],
    ["a form", new URLSearchParams({ a: "1" }), "a=1"],
    ["a blob", new Blob(["blob"]), "blob"],
    ["a stream", new Blob(["stream"]).stream(), "stream"],
  ])("has a body of %s", async (_, body, sent) => {
    const { handler } = mount(allTo(await echo()));
    const init = { method: "POST", body, duplex: "half" } as RequestInit;
    expect(await (await answered(handler(get("/", init)))).json()).toEqual({
      ...{ at: "POST shop.test/", coding: "chunked", body: sent },
    });
  });

  it("keeps the length that the client announced", async () => {
    const { handler } = mount(allTo(await echo()));
    const init = { method: "PUT", body: "hello", headers: { "content-length": "5" } };
    expect(await (await answered(handler(get("/", init)))).json()).toMatchObject({
      ...{ length: "5", body: "hello" },
    });
  });

  it("is sent without a body where there is none, though nothing says so", async () => {
    const { handler } = mount(allTo(await echo()));
    const body = new ReadableStream({ start: (controller) => controller.close() });
    const init = { method: "DELETE", body, duplex: "half" } as RequestInit;
    expect(await (await answered(handler(get("/", init)))).json()).toEqual({
      ...{ at: "DELETE shop.test/", body: "" },
    });
  });

  it("sends no fields of the connection on, and answers a client that expects leave", async () => {
    const seen: string[] = [];
    const url = await instance((req, res) => {
      seen.push(...Object.keys(req.headers));
      req.resume().on("end", () => res.end());
    });
    const { handler } = mount(allTo(url));
    const headers = {
      ...{ connection: "keep-alive, x-hop", "x-hop": "1", te: "trailers", trailer: "x-sum" },
      ...{ expect: "100-continue", "x-own": "1", upgrade: "h2c" },
    };
    const response = await answered(handler(get("/", { method: "POST", body: "x", headers })));
    expect(response.status).toBe(200);
    expect(seen).toContain("x-own");
    for (const name of ["x-hop", "te", "trailer", "expect", "upgrade"])
      expect(seen).not.toContain(name);
  });

  it("rejects facts that are a promise, whose rejection is nobody else's", async () => {
    const handler = fetchHandler(createGateway([{ path: "/*", respond: { status: 204 } }]));
    const context = { facts: Promise.reject(new Error("later")) } as never;
    await expect(handler(new Request("http://a/"), context)).rejects.toThrow(
      "facts must be an object, got a Promise; wait for it before the gateway is asked",
    );
    await handler.close();
  });

  it("tells the instance of the client's address, and routes by facts", async () => {
    const url = await instance((req, res) => res.end(req.headers["x-forwarded-for"]));
    const { handler } = mount({
      routes: [{ match: { path: "/*", facts: { tenant: "acme" } }, to: url }],
    });
    expect(await handler(get("/"))).toBeUndefined();
    const context = { remoteAddress: "10.1.2.3", facts: { tenant: "acme" } };
    expect(await (await answered(handler(get("/"), context))).text()).toBe("10.1.2.3");
  });
});

describe("what comes back", () => {
  it("has every cookie in a line of its own, and packed bodies as they are", async () => {
    const packed = gzipSync("hello");
    const url = await instance((_, res) => {
      res.setHeader("Set-Cookie", ["a=1; Path=/", "b=2"]);
      res.writeHead(200, { "content-encoding": "gzip", connection: "close" }).end(packed);
    });
    const { handler } = mount(allTo(url));
    const response = await answered(handler(get("/")));
    expect(response.headers.getSetCookie()).toEqual(["a=1; Path=/", "b=2"]);
    expect(response.headers.get("content-encoding")).toBe("gzip");
    expect(response.headers.has("connection")).toBe(false);
    expect(Buffer.from(await response.arrayBuffer())).toEqual(packed);
  });

  it.each([
    ["HEAD", 200],
    ["GET", 204],
    ["GET", 205],
    ["GET", 304],
  ])("has no body: %s with %i", async (method, status) => {
    const url = await instance((_, res) => {
      res.writeHead(status, status === 200 ? { "content-length": "5" } : { etag: '"1"' }).end();
    });
    const { handler, nextEnd } = mount(allTo(url));
    const response = await answered(handler(get("/", { method })));
    expect(response).toMatchObject({ status, body: null });
    if (method === "HEAD") expect(response.headers.get("content-length")).toBe("5");
    expect(await nextEnd()).toMatchObject({ status, isComplete: true });
  });

  it("is a 502 where a Response cannot say it", async () => {
    const url = await instance((_, res) => res.writeHead(799).end("odd"));
    const { handler, nextEnd } = mount(allTo(url));
    const response = await answered(handler(get("/")));
    expect(response.status).toBe(502);
    expect(await response.text()).toBe("502 Bad Gateway\n");
    expect(await nextEnd()).toMatchObject({ status: 502 });
  });
});

describe("what the gateway answers itself", () => {
  it("is a redirect, a fixed response or a refusal", async () => {
    const { handler } = mount({
      unmatchedMethod: "405",
      routes: [
        { match: { path: "/old" }, redirect: { status: 308, path: { replace: "/new" } } },
        { match: { path: "/health" }, respond: { status: 200, body: "ok" } },
        { match: { path: "/get", method: "GET" }, respond: { status: 200 } },
      ],
    });
    const redirect = await answered(handler(get("/old")));
    expect(redirect.status).toBe(308);
    expect(redirect.headers.get("location")).toBe("http://shop.test/new");
    expect(await (await answered(handler(get("/health")))).text()).toBe("ok");
    const refused = await answered(handler(get("/get", { method: "DELETE" })));
    expect(refused.status).toBe(405);
    expect(refused.headers.get("allow")).toBe("GET");
    expect(await refused.text()).toBe("405 Method Not Allowed\n");
  });

  it("is nothing for what no route takes, and leaves its body alone", async () => {
    const { handler } = mount({
      routes: [{ match: { path: "/api/*" }, respond: { status: 200 } }],
    });
    const request = get("/other", { method: "POST", body: "mine" });
    expect(await handler(request)).toBeUndefined();
    expect(await request.text()).toBe("mine");
  });

  it("is 501 for a websocket, which a Request cannot become, where a route takes it", async () => {
    const { handler, nextEnd } = mount({
      routes: [{ match: { path: "/chat" }, to: "http://127.0.0.1:9" }],
    });
    const headers = { connection: "Upgrade", upgrade: "websocket", accept: "application/json" };
    const response = await answered(handler(get("/chat", { headers })));
    expect(response.status).toBe(501);
    expect(await response.json()).toEqual({ status: 501, title: "Not Implemented" });
    expect(await nextEnd()).toMatchObject({
      ...{ status: 501, attempts: 0, decision: { detail: "a Request cannot be upgraded" } },
    });
    expect(await handler(get("/other", { headers }))).toBeUndefined();
  });

  it("is 500 for a body that somebody has read, unless the bytes are handed over", async () => {
    const { handler, nextEnd } = mount(allTo(await echo()));
    const read = async (): Promise<Request> => {
      const request = get("/", { method: "POST", body: "hello" });
      await request.text();
      return request;
    };
    const response = await answered(handler(await read()));
    expect(response.status).toBe(500);
    expect(await response.text()).toBe("500 Internal Server Error\n");
    expect(await nextEnd()).toMatchObject({
      failure: { side: "gateway", error: { code: "BODY_ALREADY_READ" } },
    });
    const rawBody = new TextEncoder().encode("hello");
    expect(await (await answered(handler(await read(), { rawBody }))).json()).toMatchObject({
      body: "hello",
    });
  });

  it("runs policies, which may answer, change bodies and let requests pass", async () => {
    const config = {
      policies: ["guard"],
      routes: [{ match: { path: "/x" }, to: await echo(), policies: ["shout"] }],
    };
    const { handler } = mount(config, {
      policies: {
        guard: {
          onRequest: async ({ view }) =>
            view.url === "/secret" ? { answer: { status: 401, body: "who?" } } : undefined,
        },
        shout: { onResponse: () => ({ headers: { set: { "x-loud": "1" } } }) },
      },
    });
    const loud = await answered(handler(get("/x", { method: "POST", body: "hi" })));
    expect(loud.headers.get("x-loud")).toBe("1");
    expect(await loud.json()).toMatchObject({ body: "hi" });
    const refused = await answered(handler(get("/secret")));
    expect([refused.status, await refused.text()]).toEqual([401, "who?"]);
    const other = get("/other", { method: "POST", body: "mine" });
    expect(await handler(other)).toBeUndefined();
    expect(await other.text()).toBe("mine");
  });
});

it("refuses options that are malformed", () => {
  expect(() => fetchHandler(createGateway([]), { maxMirrors: -1 })).toThrow(
    "createProxy: maxMirrors must be a whole number >= 0, got -1",
  );
});
