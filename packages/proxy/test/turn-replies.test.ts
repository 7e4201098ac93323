import { once } from "node:events";
import { request, type IncomingMessage, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { afterEach, describe, expect, it } from "vitest";
import { send, startProxy, startServer, type TestProxy } from "./kit.js";

const ends: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** A gateway, and what is to be done with each response before the gateway has it. */
async function startWith(
  prepare: (res: ServerResponse, path: string) => void,
  body = "ok",
): Promise<TestProxy> {
  const instance = await startServer((_, res) => void res.end(body));
  const gateway = await startProxy({
    services: { a: { instances: [instance.url] } },
    routes: [{ id: "all", match: { path: "/*" }, to: "a" }],
  });
  gateway.server.prependListener("request", (req, res) => prepare(res, req.url as string));
  ends.push(instance.close, gateway.close);
  return gateway;
}

async function outcome(url: string, path: string): Promise<string> {
  return send(url, path).then(
    ({ status, body }) => `${status} ${body}`,
    (error: NodeJS.ErrnoException) => error.code as string,
  );
}

describe("a host whose `end` throws", () => {
  const broken = (res: ServerResponse, path: string): void => {
    if (path !== "/broken") return;
    res.end = () => {
      throw new Error("broken end");
    };
  };

  it("cuts that one reply, and the others of the turn go out", async () => {
    const gateway = await startWith(broken);
    const paths = ["/one", "/broken", "/two", "/broken", "/three"];
    const outcomes = await Promise.all(paths.map((path) => outcome(gateway.url, path)));
    expect(outcomes).toEqual(["200 ok", "ECONNRESET", "200 ok", "ECONNRESET", "200 ok"]);
  });

  it("is said to have failed", async () => {
    const gateway = await startWith(broken);
    await outcome(gateway.url, "/broken");
    const { failure, isComplete } = await gateway.ended();
    expect(isComplete).toBe(false);
    expect(failure).toMatchObject({ side: "gateway", error: { message: "broken end" } });
  });
});

it.each(["HEAD", "GET"])("a reply to %s without a body goes out in one write", async (method) => {
  const writes: number[] = [];
  const gateway = await startWith((res) => {
    const socket = res.req.socket;
    const { _write, _writev } = socket;
    socket._write = (...args) => {
      writes.push(1);
      Reflect.apply(_write, socket, args);
    };
    socket._writev = (...args) => {
      writes.push(args[0].length);
      if (_writev !== undefined) Reflect.apply(_writev, socket, args);
    };
  }, "");
  const req = request(gateway.url, { method, agent: false }).end();
  const [res] = (await once(req, "response")) as [IncomingMessage];
  expect([res.statusCode, await text(res)]).toEqual([200, ""]);
  expect(writes).toEqual([1]);
});
