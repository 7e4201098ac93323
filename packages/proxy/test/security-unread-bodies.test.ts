import { describe, expect, it } from "vitest";
import type { Policy } from "../src/index.js";
import { deadUrl, open, send, until } from "./kit.js";
import { get, securityRig, statusesIn } from "./security-kit.js";

const { wire, gatewayTo } = securityRig();

const HIDDEN = get("/hidden", "Host: a");
const NEXT = get("/next", "Host: a", "Connection: close");
const deny: Policy = { onRequest: () => ({ answer: { status: 401 } }) };

/** A gateway that answers most of its paths itself, and has an instance behind the others. */
async function gateway() {
  const instance = await wire();
  const proxy = await gatewayTo(
    {
      services: {
        s: { instances: [instance.url], outlier: false },
        dead: { instances: [await deadUrl()], outlier: false },
        none: { instances: [] },
      },
      unmatchedMethod: "405",
      routes: [
        { match: { path: "/fixed" }, respond: { status: 200, body: "fixed" } },
        { match: { path: "/moved" }, redirect: { path: { replace: "/next" } } },
        { match: { path: "/denied" }, to: "s", policies: ["deny"] },
        { match: { path: "/unknown" }, to: "s", policies: ["nobody"] },
        { match: { path: "/small" }, to: "s", limits: { bodyBytes: 1 } },
        { match: { path: "/dead" }, to: "dead", retry: { attempts: 0 } },
        { match: { path: "/none" }, to: "none" },
        { match: { path: "/read", method: "GET" }, to: "s" },
        { match: { path: "/next" }, to: "s" },
        { match: { path: "/hidden" }, to: "s" },
      ],
    },
    { policies: { deny } },
  );
  return { instance, proxy };
}

/** Sends a head; its body comes behind the answer, and a request behind that. */
async function answered(target: string, framing: string, body: string) {
  const { instance, proxy } = await gateway();
  const client = await open(proxy.port);
  client.write(`POST ${target} HTTP/1.1\r\nHost: a\r\n${framing}\r\n\r\n`);
  await until(() => client.received().includes("\r\n\r\n") || client.closed);
  const isClosing = /\r\nconnection: close\r\n/i.test(client.received());
  if (!client.destroyed) client.write(body + NEXT);
  await until(() => client.closed);
  await until(() => proxy.proxy.counts.requests === 0);
  return { instance, isClosing, statuses: statusesIn(client.received()) };
}

const answers = [
  ["a fixed answer", "/fixed", 200],
  ["a redirect", "/moved", 302],
  ["nothing", "/nowhere", 404],
  ["the answer of a policy", "/denied", 401],
  ["the answer to an unknown policy", "/unknown", 500],
  ["the answer to a body that is too large", "/small", 413],
  ["the answer to another method", "/read", 405],
  ["the answer for a service without instances", "/none", 503],
] as const;

describe("a body that nobody read behind an answer of the gateway is never taken for a request", () => {
  it.each(answers)("%s: a small one is read to its end", async (_, target, status) => {
    const framing = `Content-Length: ${HIDDEN.length}`;
    const { instance, statuses, isClosing } = await answered(target, framing, HIDDEN);
    expect(isClosing).toBe(false);
    expect(statuses).toEqual([status, 200]);
    expect(instance.head()[0]).toBe("GET /next HTTP/1.1");
    expect(instance.received()).not.toContain("/hidden");
  });

  it.each(answers)("%s: a large one ends the connection", async (_, target, status) => {
    const { instance, statuses, isClosing } = await answered(
      target,
      "Content-Length: 65537",
      HIDDEN,
    );
    expect(isClosing).toBe(true);
    expect(statuses).toEqual([status]);
    expect(instance.connections()).toBe(0);
  });

  it.each(answers.filter(([, target]) => target !== "/small"))(
    "%s: one without a length ends the connection",
    async (_, target, status) => {
      const { instance, statuses, isClosing } = await answered(
        target,
        "Transfer-Encoding: chunked",
        `${HIDDEN.length.toString(16)}\r\n${HIDDEN}\r\n0\r\n\r\n`,
      );
      expect(isClosing).toBe(true);
      expect(statuses).toEqual([status]);
      expect(instance.connections()).toBe(0);
    },
  );

  it.each([
    ["a small one", `Content-Length: ${HIDDEN.length}`, HIDDEN],
    ["a large one", "Content-Length: 65537", HIDDEN],
    ["one without a length", "Transfer-Encoding: chunked", `5\r\nhello\r\n0\r\n\r\n${HIDDEN}`],
  ])("a request that cannot be routed is closed behind: %s", async (_, framing, body) => {
    const { instance, statuses, isClosing } = await answered("/a%00", framing, body);
    expect(isClosing).toBe(true);
    expect(statuses).toEqual([400]);
    expect(instance.connections()).toBe(0);
  });

  it.each([
    ["a small one", `Content-Length: ${HIDDEN.length}`, HIDDEN],
    ["a large one", "Content-Length: 65537", HIDDEN],
    [
      "one without a length",
      "Transfer-Encoding: chunked",
      `${HIDDEN.length.toString(16)}\r\n${HIDDEN}\r\n0\r\n\r\n`,
    ],
  ])("an instance that takes no connection: %s", async (_, framing, body) => {
    const { instance, statuses } = await answered("/dead", framing, body);
    expect(statuses[0]).toBe(502);
    expect([[502], [502, 200]]).toContainEqual(statuses);
    expect(instance.received()).not.toContain("/hidden");
  });
});

describe("an instance that answers before the upload is over", () => {
  it.each([
    ["counted", "Content-Length: 1000", "some", HIDDEN],
    ["chunked", "Transfer-Encoding: chunked", "4\r\nsome\r\n", `0\r\n\r\n${HIDDEN}`],
  ])("is heard at once, and both connections end: %s", async (_, framing, begun, rest) => {
    const instance = await wire("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno");
    const { port, url, ended } = await gatewayTo([{ path: "/*", to: instance.url }]);
    const client = await open(port);
    client.write(`POST /up HTTP/1.1\r\nHost: a\r\n${framing}\r\n\r\n${begun}`);
    await until(() => client.received().endsWith("\r\n\r\nno"));
    expect(client.received()).toMatch(/^HTTP\/1.1 403 [^]*\r\nconnection: close\r\n/i);
    if (!client.destroyed) client.write(rest);
    await until(() => client.closed);
    expect(statusesIn(client.received())).toEqual([403]);
    expect(await ended()).toMatchObject({ status: 403, isComplete: true });
    await until(() => instance.sockets.size === 0);
    // The next request goes over a new connection: the old one still waits for the upload.
    expect(await send(url, "/next")).toMatchObject({ status: 403 });
    expect(instance.connections()).toBe(2);
    expect(instance.received()).not.toContain("/hidden");
  });
});
