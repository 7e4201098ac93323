import { once } from "node:events";
import { request, type IncomingMessage, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { afterEach, describe, expect, it } from "vitest";
import { send, startProxy, startServer, type TestProxy, type TestServer } from "./kit.js";

const ends: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** A gateway, and what is to be done with each response before the gateway has it. */
async function startWith(
  prepare: (res: ServerResponse, path: string) => void,
  body = "ok",
): Promise<TestProxy> {
  return startTo(await startServer((_, res) => void res.end(body)), prepare);
}

async function startTo(
  instance: TestServer,
  prepare: (res: ServerResponse, path: string) => void,
): Promise<TestProxy> {
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

describe("a host that throws", () => {
  const fails = (): never => {
    throw new Error("broken host");
  };

  it.each([
    ["writeHead", "", "ECONNRESET"],
    ["writeHead", "once", "500 500 Internal Server Error\n"],
    ["write", "", "ECONNRESET"],
    ["flushHeaders", "", "ECONNRESET"],
  ] as const)("in %s %s is to blame, and not the instance", async (name, once, seen) => {
    const instance = await startServer((_, res) => {
      res.flushHeaders();
      if (name === "write") res.write("a part");
      if (name === "writeHead") res.end("all");
    });
    const gateway = await startTo(instance, (res) => {
      const usual = res[name] as () => unknown;
      const broken = (): never => {
        if (once !== "") Object.assign(res, { [name]: usual });
        return fails();
      };
      Object.assign(res, { [name]: broken });
    });
    expect(await outcome(gateway.url, "/")).toBe(seen);
    const { failure } = await gateway.ended();
    expect(failure).toMatchObject({ side: "gateway", error: { message: "broken host" } });
    expect(gateway.gateway.snapshot().services["a"]?.instances[instance.url]).toMatchObject({
      inFlight: 0,
      consecutiveFailures: 0,
    });
  });

  it("over an answer of the gateway gets none, and the client does not wait", async () => {
    const gateway = await startTo(await startServer(), (res) =>
      Object.assign(res, { writeHead: fails }),
    );
    gateway.gateway.update({ routes: [] });
    expect(await outcome(gateway.url, "/")).toBe("ECONNRESET");
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
