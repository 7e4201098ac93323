import { once } from "node:events";
import { request, type IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import { createGateway, type ConfigInput, type GatewayOptions } from "@signalbox/core";
import { afterEach, describe, expect, it, vi } from "vitest";
import {
  createProxy,
  type HandleOptions,
  type ProxyOptions,
  type ServerRequest,
} from "../src/index.js";
import { startServer, type TestServer } from "./kit.js";

const ends: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** A host that reads the body in a way of its own before its proxy gets the request. */
async function startHost(
  config: ConfigInput,
  read: (req: ServerRequest) => Promise<unknown> | unknown,
  options: HandleOptions & ProxyOptions & GatewayOptions = {},
): Promise<string> {
  const { policies = {} } = options;
  const proxy = createProxy(createGateway(config, options), { policies });
  const host = await startServer((req, res) => {
    void Promise.resolve(read(req)).then(() => {
      const error = (thrown: Error): void => {
        res.statusCode = 500;
        res.end(`host: ${thrown.message}`);
      };
      proxy.handle(req, res, options.error === undefined ? options : { ...options, error });
    });
  });
  ends.push(host.close, () => proxy.close({ graceMs: 10 }));
  return host.url;
}

async function startEcho(): Promise<TestServer> {
  const echo = await startServer((req, res) => {
    void text(req).then((body) =>
      res.end(`${req.headers["content-length"]} ${req.headers["x-forwarded-for"]} ${body}`),
    );
  });
  ends.push(echo.close);
  return echo;
}

async function post(
  url: string,
  body: string | Buffer,
  headers: Record<string, string | number> = {},
): Promise<{ status: number; body: string }> {
  const req = request(url, { method: "POST", headers, agent: false });
  req.end(body);
  const [res] = (await once(req, "response")) as [IncomingMessage];
  return { status: res.statusCode as number, body: await text(res) };
}

type Parsed = { body?: unknown; rawBody?: unknown };

/** Reads a body and keeps what `keep` makes of it, as body parsers do. */
function parsing(keep: (body: string) => Parsed) {
  return async (req: ServerRequest): Promise<void> => {
    Object.assign(req, keep(await text(req)));
  };
}

const counted = (body: string, type: string) => ({
  "content-length": Buffer.byteLength(body),
  "content-type": type,
});

describe("a body that was read before", () => {
  it.each<[string, string, string, (body: string) => Parsed]>([
    ["its bytes", "any", "application/x-own", (body) => ({ body: Buffer.from(body) })],
    [
      "the bytes beside",
      '{"a" : 1}',
      "application/json",
      (body) => ({ body: JSON.parse(body), rawBody: Buffer.from(body) }),
    ],
    [
      "the text beside",
      '{"a" : 1}',
      "application/json",
      (body) => ({ body: JSON.parse(body), rawBody: body }),
    ],
    ["its text", "grüße", "text/plain", (body) => ({ body })],
    [
      "its JSON",
      '{"a":[1,2.5,"é"]}',
      "application/json; charset=utf-8",
      (body) => ({ body: JSON.parse(body) }),
    ],
    [
      "a form",
      "a=1&b=x+y",
      "application/x-www-form-urlencoded",
      (body) => ({ body: Object.fromEntries(new URLSearchParams(body)) }),
    ],
  ])("is sent as it came from %s", async (_what, body, type, keep) => {
    const echo = await startEcho();
    const url = await startHost([{ path: "/*", to: echo.url }], parsing(keep));
    const { status, body: answer } = await post(url, body, counted(body, type));
    expect({ status, answer }).toEqual({
      status: 200,
      answer: `${Buffer.byteLength(body)} 127.0.0.1 ${body}`,
    });
  });

  it("is sent as it came where it came in chunks, and where it was empty", async () => {
    const echo = await startEcho();
    const keep = parsing((body) => ({ body: Buffer.from(body) }));
    const url = await startHost([{ path: "/*", to: echo.url }], keep);
    const chunked = { "transfer-encoding": "chunked" };
    expect(await post(url, "abc", chunked)).toMatchObject({ body: "undefined 127.0.0.1 abc" });
    expect(await post(url, "", chunked)).toMatchObject({ body: "0 127.0.0.1 " });
  });

  const HOW =
    "mount the gateway before what reads bodies, or keep the bytes: as req.rawBody, or handler(request, { rawBody }) of fetchHandler";
  const BEGIN =
    "the body of this request was read before the gateway got it, and cannot be sent on as it came";

  it.each<[string, string, string, Record<string, string>, (body: string) => Parsed]>([
    [
      "JSON with blanks",
      "what was kept of it makes 7 bytes, and the client sent 9",
      '{"a" : 1}',
      { "content-type": "application/json" },
      (body) => ({ body: JSON.parse(body) }),
    ],
    [
      "numbers that no double holds",
      "what it was parsed into says not enough of it",
      "[12345678901234567890]",
      { "content-type": "application/json" },
      (body) => ({ body: JSON.parse(body) }),
    ],
    [
      "a form of more than texts",
      "what it was parsed into says not enough of it",
      "a[]=1",
      { "content-type": "application/x-www-form-urlencoded" },
      () => ({ body: { a: ["1"] } }),
    ],
    [
      "nothing kept",
      "what it was parsed into says not enough of it",
      "abc",
      { "content-type": "application/x-own" },
      () => ({}),
    ],
    [
      "text of another charset",
      "what it was parsed into says not enough of it",
      "abc",
      { "content-type": "text/plain; charset=latin1" },
      (body) => ({ body }),
    ],
    [
      "a body that came packed",
      "it came packed",
      "abc",
      { "content-encoding": "gzip" },
      (body) => ({ body }),
    ],
  ])(
    "is a 500, and a warning that says how to mount: %s",
    async (_what, why, body, headers, keep) => {
      const echo = await startEcho();
      const warned = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
      ends.push(async () => warned.mockRestore());
      const url = await startHost([{ path: "/*", to: echo.url }], parsing(keep));
      const sent = { ...headers, "content-length": Buffer.byteLength(body) };
      for (let times = 0; times < 2; times++)
        expect(await post(url, body, sent)).toEqual({
          status: 500,
          body: "500 Internal Server Error\n",
        });
      expect(warned.mock.calls).toEqual([
        [`${BEGIN}: ${why}; ${HOW}`, { type: "SignalboxWarning", code: "BODY_ALREADY_READ" }],
      ]);
    },
  );

  it("is refused while somebody else still reads it", async () => {
    const url = await startHost([{ path: "/*", to: "http://127.0.0.1:9" }], (req) =>
      once(req, "data"),
    );
    const answer = await new Promise<number>((resolve) => {
      const req = request(url, { method: "POST", headers: { "content-length": 10 }, agent: false });
      req.on("response", (res) => resolve(res.statusCode as number)).on("error", () => {});
      req.write("abc");
      ends.push(async () => void req.destroy());
    });
    expect(answer).toBe(500);
  });
});

describe("a host that takes errors of the program", () => {
  const error = (): void => {};

  it("gets a body that cannot be sent", async () => {
    const url = await startHost(
      [{ path: "/*", to: "http://127.0.0.1:9" }],
      parsing(() => ({})),
      { error },
    );
    const { status, body } = await post(url, "abc");
    expect(status).toBe(500);
    expect(body).toMatch(/^host: the body of this request was read before the gateway got it/);
  });

  it("gets what a random source of its own throws, and nothing of instances that fail", async () => {
    const random = (purpose: string): number => {
      if (purpose === "split") throw new Error("my dice broke");
      return 0;
    };
    const config: ConfigInput = {
      services: {
        a: {
          instances: [
            { url: "http://127.0.0.1:9", version: "v1" },
            { url: "http://127.0.0.1:10", version: "v2" },
          ],
        },
      },
      routes: [
        { match: { path: "/split" }, to: { service: "a", split: { v1: 1, v2: 1 } } },
        { match: { path: "/v1" }, to: { service: "a", version: "v1" } },
      ],
    };
    const env = { now: () => 1_000, random, randomId: () => "id" };
    const url = await startHost(config, () => {}, { error, env });
    expect(await post(`${url}/split`, "")).toEqual({ status: 500, body: "host: my dice broke" });
    expect(await post(`${url}/v1`, "")).toMatchObject({ status: 502 });
  });

  it("gets what a policy throws", async () => {
    const url = await startHost(
      [{ path: "/*", to: "http://127.0.0.1:9", policies: ["odd"] }],
      () => {},
      {
        error,
        policies: {
          odd: {
            onRequest: () => {
              throw new Error("my policy broke");
            },
          },
        },
      },
    );
    expect(await post(url, "")).toEqual({ status: 500, body: "host: my policy broke" });
  });
});

describe("what a host knows of a request", () => {
  it("is seen by conditions on facts", async () => {
    const routes = [{ match: { path: "/*", facts: { tenant: "t1" } }, respond: { status: 204 } }];
    const known = await startHost(routes, () => {}, { facts: { tenant: "t1" } });
    const other = await startHost(routes, () => {}, { facts: { tenant: "t2" } });
    expect((await post(known, "")).status).toBe(204);
    expect((await post(other, "")).status).toBe(404);
  });

  it("says how many addresses on the way are trusted", async () => {
    const echo = await startEcho();
    const url = await startHost([{ path: "/*", to: echo.url }], () => {}, { trustedHops: 1 });
    const headers = { "x-forwarded-for": "1.2.3.4" };
    expect((await post(url, "", headers)).body).toContain("1.2.3.4, 127.0.0.1");
  });
});
