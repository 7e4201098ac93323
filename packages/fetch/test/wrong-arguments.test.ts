import { createGateway } from "@signalbox/core";
import { Hono } from "hono";
import { afterEach, expect, it } from "vitest";
import { fetchHandler } from "../src/index.js";
import { allTo, answered, closeAll, get, instance, mount } from "./kit.js";

afterEach(closeAll);

const make = fetchHandler as (...args: readonly unknown[]) => unknown;

it.each<[string, readonly unknown[]]>([
  ["expected a gateway, got an array; make one with createGateway(config)", [[]]],
  [
    "expected a gateway, got an object that holds one as `gateway`; make one with createGateway(config)",
    [{ gateway: createGateway([]) }],
  ],
  ["onEnd must be a function, got 7", [createGateway([]), { onEnd: 7 }]],
])("fetchHandler says: %s", (problem, args) => {
  expect(() => make(...args)).toThrow(new TypeError(`fetchHandler: ${problem}`));
});

it.each<[string, unknown]>([
  ['got "http://shop.test/x"; pass new Request(url)', "http://shop.test/x"],
  ["got a URL; pass new Request(url)", new URL("http://shop.test/x")],
  ["got undefined", undefined],
  ["got a plain object; pass the request that it holds", { request: get("/") }],
])("a handler rejects: %s", async (problem, given) => {
  const { handler } = mount(allTo("http://127.0.0.1:9"));
  await expect(handler(given as Request)).rejects.toThrow(
    new TypeError(`fetchHandler: expected a Request, ${problem}`),
  );
});

it("a handler says what to pass of a context of Hono", async () => {
  const { handler } = mount(allTo("http://127.0.0.1:9"));
  const app = new Hono();
  app.onError((error, c) => c.text(error.message));
  app.get("/context", async (c) => (await handler(c as never)) as Response);
  app.get("/request", async (c) => (await handler(c.req as never)) as Response);
  expect(await (await app.request("/context")).text()).toBe(
    "fetchHandler: expected a Request, got a Context; of a context of Hono pass c.req.raw",
  );
  expect(await (await app.request("/request")).text()).toBe(
    "fetchHandler: expected a Request, got a HonoRequest; of a request of Hono pass c.req.raw",
  );
});

it("an address of a client that is none is sent to nobody", async () => {
  const to = await instance((req, res) => void res.end(`${req.headers["x-forwarded-for"]}`));
  const { handler } = mount(allTo(to));
  for (const [remoteAddress, sent] of [
    ["nonsense", "undefined"],
    ["1.2.3.4, 5.6.7.8", "undefined"],
    ["1.2.3.4", "1.2.3.4"],
    ["2001:db8::1", "2001:db8::1"],
  ])
    expect(await (await answered(handler(get("/"), { remoteAddress }))).text()).toBe(sent);
});
