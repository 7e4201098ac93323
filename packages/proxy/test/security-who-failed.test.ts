import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { PassThrough, type Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import type { ClientCause, Policy } from "../src/index.js";
import { inFlight, open, until, type TestProxy } from "./kit.js";
import { oneService, rig } from "./rig.js";

const { backend, gatewayTo } = rig();

/** How far a request has come when something happens to it. */
type When = "before the head" | "in the request body" | "in the response body";

const STAGES = {
  "before the head": "head",
  "in the request body": "send",
  "in the response body": "body",
} as const;

const GET = "GET /x HTTP/1.1\r\nHost: a\r\n\r\n";
const UPLOAD = "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n";

/** Both ends of a request that is under way. */
interface UnderWay {
  readonly client: Socket & { received: () => string };
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly proxy: TestProxy;
}

/** Brings a request as far as it shall come, does something to it, and tells what became of it. */
async function after(
  when: When,
  act: (underWay: UnderWay) => unknown,
  route: object = {},
  policies: Record<string, Policy> = {},
) {
  let asked: { req: IncomingMessage; res: ServerResponse } | undefined;
  const instance = await backend((req, res) => {
    req.on("error", () => {});
    if (when === "in the request body") req.once("data", () => (asked = { req, res }));
    else asked = { req, res };
    if (when !== "in the response body") return;
    res.writeHead(200, { "content-length": "10" }).write("part");
  });
  const all = { retry: { attempts: 0 }, policies: Object.keys(policies), ...route };
  const proxy = await gatewayTo(oneService([instance.url], all), { policies });
  const client = await open(proxy.port);
  client.write(when === "in the request body" ? UPLOAD : GET);
  await until(() => asked !== undefined);
  if (when === "in the response body") await until(() => client.received().includes("part"));
  await act({ client, proxy, ...(asked as NonNullable<typeof asked>) });
  const end = await proxy.ended();
  client.end();
  asked?.req.resume();
  await until(() => client.closed);
  await until(() => instance.sockets.size === 0);
  expect(inFlight(proxy.gateway)).toBe(0);
  const [state] = Object.values(proxy.gateway.snapshot().services["s"]?.instances ?? {});
  return {
    status: end.status,
    isComplete: end.isComplete,
    failure: end.failure,
    sees: /^HTTP\/1\.1 (\d+)/.exec(client.received())?.[1] ?? "nothing",
    received: client.received(),
    isBlamed: (state?.consecutiveFailures ?? 0) > 0,
  };
}

const leave = ({ client }: UnderWay): unknown => client.destroy();
const vanish = ({ client }: UnderWay): unknown => client.resetAndDestroy();
const reset = ({ req }: UnderWay): unknown => req.socket.resetAndDestroy();
const hangUp = ({ req }: UnderWay): unknown => req.socket.destroy();
const wait = (): void => {};
const quick = { timeouts: { idleMs: 250 } };

describe("the client fails", () => {
  it.each<
    [When, how: string, typeof leave, ClientCause, status: number, sees: string, route?: object]
  >([
    ["before the head", "leaves", leave, "left", 499, "nothing"],
    ["before the head", "vanishes", vanish, "left", 499, "nothing"],
    ["in the request body", "leaves", leave, "left", 499, "nothing"],
    ["in the request body", "vanishes", vanish, "left", 499, "nothing"],
    ["in the request body", "falls silent", wait, "silent", 408, "408", quick],
    [
      "in the request body",
      "sends too much",
      ({ client }) => client.write("3\r\ndef\r\n"),
      "too-large",
      413,
      "413",
      { limits: { bodyBytes: 5 } },
    ],
    ["in the response body", "leaves", leave, "left", 200, "200"],
    ["in the response body", "vanishes", vanish, "left", 200, "200"],
  ])("%s: it %s", async (when, _, act, cause, status, sees, route) => {
    const { isBlamed, isComplete, ...end } = await after(when, act, route);
    expect(end).toMatchObject({ status, sees, failure: { side: "client", cause } });
    expect(end.failure?.stage).toBe(STAGES[when]);
    expect(isBlamed).toBe(false);
    expect(isComplete).toBe(cause === "silent" || cause === "too-large");
  });

  it("in the request body: it breaks its framing, and is told 400", async () => {
    const { sees, isBlamed, failure } = await after("in the request body", ({ client }) =>
      client.write("zz\r\nabc\r\n0\r\n\r\n"),
    );
    expect({ sees, isBlamed }).toEqual({ sees: "400", isBlamed: false });
    expect(failure).toMatchObject({ side: "client", stage: "send" });
  });
});

describe("the instance fails", () => {
  it.each<[When, how: string, typeof leave, cause: string, status: number, route?: object]>([
    ["before the head", "resets", reset, "reset", 502],
    ["before the head", "hangs up", hangUp, "closed", 502],
    ["before the head", "is silent", wait, "timeout", 504, quick],
    [
      "before the head",
      "takes longer than it may",
      wait,
      "timeout",
      504,
      { timeouts: { attemptMs: 250 } },
    ],
    [
      "before the head",
      "takes all the time there is",
      wait,
      "timeout",
      504,
      { timeouts: { requestMs: 250 } },
    ],
    [
      "before the head",
      "speaks no HTTP",
      ({ req }) => req.socket.write("SSH-2.0-x\r\n"),
      "protocol",
      502,
    ],
    ["in the request body", "resets", reset, "reset", 502],
    ["in the request body", "hangs up", hangUp, "closed", 502],
    [
      "in the request body",
      "speaks no HTTP",
      ({ req }) => req.socket.write("SSH-2.0-x\r\n"),
      "protocol",
      502,
    ],
    [
      "in the request body",
      "takes longer than it may",
      wait,
      "timeout",
      504,
      { timeouts: { attemptMs: 250 } },
    ],
    ["in the response body", "resets", reset, "reset", 200],
    ["in the response body", "hangs up", hangUp, "closed", 200],
    ["in the response body", "is silent", wait, "timeout", 200, quick],
    [
      "in the response body",
      "takes all the time there is",
      wait,
      "timeout",
      200,
      { timeouts: { requestMs: 250 } },
    ],
  ])("%s: it %s", async (when, _, act, cause, status, route) => {
    const { isBlamed, isComplete, received, ...end } = await after(when, act, route);
    expect(end).toMatchObject({
      status,
      sees: String(status),
      failure: { side: "instance", cause },
    });
    expect(end.failure?.stage).toBe(STAGES[when]);
    expect(isBlamed).toBe(true);
    // Behind the head there is no status left: the body ends before its length.
    expect(isComplete).toBe(when !== "in the response body");
    if (when === "in the response body") expect(received).toMatch(/\r\n\r\npart$/);
  });

  it("in the request body: it reads nothing of it", async () => {
    const { status, failure, isBlamed } = await after(
      "in the request body",
      ({ client, req }) => {
        req.pause();
        const part = Buffer.alloc(65_536, "x");
        for (let i = 0; i < 512; i++) {
          client.write("10000\r\n");
          client.write(part);
          client.write("\r\n");
        }
      },
      { timeouts: { idleMs: 1_500 } },
    );
    expect({ status, isBlamed }).toEqual({ status: 504, isBlamed: true });
    expect(failure).toMatchObject({ side: "instance", stage: "send", cause: "timeout" });
  });
});

describe("the gateway fails", () => {
  const fail = (): never => {
    throw new Error("a policy of the test");
  };
  /** A policy whose bodies break when they are told to. */
  const breaking = (of: "onRequest" | "onResponse") => {
    const made: PassThrough[] = [];
    const body = (source: Readable) => {
      const out = source.pipe(new PassThrough());
      made.push(out);
      return out;
    };
    const act = () => made.forEach((out) => out.destroy(new Error("broken")));
    return { act, policies: { bad: { [of]: () => ({ body }) } as Policy } };
  };
  const upload = breaking("onRequest");
  const download = breaking("onResponse");

  it.each<
    [When, how: string, typeof leave, cause: string, status: number, Record<string, Policy>?]
  >([
    ["in the request body", "breaks the body", upload.act, "policy", 500, upload.policies],
    ["in the response body", "breaks the body", download.act, "policy", 200, download.policies],
  ])("%s: it %s", async (when, _, act, cause, status, policies) => {
    const { isBlamed, ...end } = await after(when, act, {}, policies);
    expect(end).toMatchObject({
      status,
      sees: String(status),
      failure: { side: "gateway", cause },
    });
    expect(isBlamed).toBe(false);
  });

  it("before the head: a policy throws in its response step", async () => {
    const policies = { bad: { onResponse: fail } };
    const { isBlamed, ...end } = await after(
      "before the head",
      ({ res }) => res.end(),
      {},
      policies,
    );
    expect(end).toMatchObject({
      status: 500,
      sees: "500",
      failure: { side: "gateway", cause: "policy" },
    });
    expect(isBlamed).toBe(false);
  });

  it("in the response body: its time to close is over", async () => {
    const act = ({ proxy }: UnderWay): unknown => proxy.proxy.close({ graceMs: 1 });
    const { isBlamed, ...end } = await after("in the response body", act);
    expect(end).toMatchObject({ status: 200, isComplete: false, failure: { side: "gateway" } });
    expect(isBlamed).toBe(false);
  });
});
