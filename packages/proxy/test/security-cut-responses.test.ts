import type { Socket } from "node:net";
import { describe, expect, it } from "vitest";
import { inFlight, open, until } from "./kit.js";
import { oneService } from "./rig.js";
import { exchange, get, securityRig, statusesIn } from "./security-kit.js";

const { wire, gatewayTo } = securityRig();

/** Lines with which a request is sent over a connection of the pool, or over one of its own. */
const ways = [
  { over: "a connection of the pool", lines: ["Host: a"] },
  { over: "a connection of its own", lines: ["Host: a", "TE: trailers", "Connection: TE"] },
];

const OK = "HTTP/1.1 200 OK\r\n";
const COUNTED = `${OK}Content-Length: 10\r\n\r\n`;
const CHUNKED = `${OK}Transfer-Encoding: chunked\r\n\r\n`;

/** Whether a response is incomplete by its own framing. */
function isCut(received: string): boolean {
  const end = received.indexOf("\r\n\r\n");
  if (end === -1) return true;
  const head = received.slice(0, end);
  const body = received.slice(end + 4);
  const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1];
  if (length !== undefined) return body.length < Number(length);
  expect(head).toMatch(/\r\ntransfer-encoding: chunked/i);
  return !/(^|\r\n)0\r\n\r\n$/.test(body);
}

const write =
  (bytes: string) =>
  (socket: Socket): void =>
    void socket.write(bytes, "latin1");
const end = (socket: Socket): void => void socket.end();
const reset = (socket: Socket): void => void socket.resetAndDestroy();

describe.each(ways)("over $over", ({ lines }) => {
  it.each<[what: string, bytes: string, then: (socket: Socket) => void]>([
    ["counted and closed", `${COUNTED}part`, end],
    ["counted and reset", `${COUNTED}part`, reset],
    ["counted and closed before its first byte", COUNTED, end],
    ["chunked and closed between chunks", `${CHUNKED}4\r\npart\r\n`, end],
    ["chunked and reset", `${CHUNKED}4\r\npart\r\n`, reset],
    ["chunked and closed within a chunk", `${CHUNKED}9\r\npart`, end],
    ["chunked and closed within its end", `${CHUNKED}4\r\npart\r\n0\r\n`, end],
    [
      "chunked and goes on with a size that is none",
      `${CHUNKED}4\r\npart\r\n`,
      write("5z\r\nhello\r\n0\r\n\r\n"),
    ],
    [
      "chunked and goes on with a size below 0",
      `${CHUNKED}4\r\npart\r\n`,
      write("-1\r\nhello\r\n0\r\n\r\n"),
    ],
    ["chunked and longer than a size", `${CHUNKED}4\r\npart`, write("s\r\n0\r\n\r\n")],
    ["without a length and reset", `${OK}\r\npart`, reset],
    ["of HTTP/1.0, counted and closed", "HTTP/1.0 200 OK\r\nContent-Length: 10\r\n\r\npart", end],
  ])("an answer is cut for the client as for the gateway: %s", async (_, bytes, then) => {
    let socket: Socket | undefined;
    const instance = await wire((asked) => {
      asked.write(bytes);
      socket = asked;
    });
    const { port, ended, gateway } = await gatewayTo(oneService([instance.url]));
    const client = await open(port);
    client.write(get("/x", ...lines));
    await until(() => client.received().includes("\r\n\r\n"));
    then(socket as Socket);
    await until(() => client.closed);
    expect(statusesIn(client.received())).toEqual([200]);
    expect(isCut(client.received())).toBe(true);
    expect(await ended()).toMatchObject({ isComplete: false, failure: { side: "instance" } });
    expect(inFlight(gateway)).toBe(0);
    await until(() => instance.sockets.size === 0);
  });

  it.each([
    ["a size that is none", `${CHUNKED}5z\r\nhello\r\n0\r\n\r\n`],
    ["no size", `${CHUNKED}\r\nhello\r\n0\r\n\r\n`],
    ["a size beyond all numbers", `${CHUNKED}10000000000000005\r\nhello\r\n0\r\n\r\n`],
    ["a chunk that is longer than its size", `${CHUNKED}4\r\nhello\r\n0\r\n\r\n`],
    ["a line feed alone behind a size", `${CHUNKED}5\nhello\r\n0\r\n\r\n`],
    ["an extension with a line feed", `${CHUNKED}5;\nxx\r\nhello\r\n0\r\n\r\n`],
  ])("a broken chunk in one breath with its head is a 502 or a cut: %s", async (_, bytes) => {
    const instance = await wire(bytes);
    const retry = { retry: { attempts: 0 } };
    const { port, ended } = await gatewayTo(oneService([instance.url], retry));
    const received = await exchange(port, get("/x", ...lines, "Connection: close"));
    const { status, isComplete, failure } = await ended();
    expect(failure).toMatchObject({ side: "instance" });
    if (status === 502) expect(received).toMatch(/^HTTP\/1\.1 502 [^]*Bad Gateway\n$/);
    else expect({ isCut: isCut(received), isComplete }).toEqual({ isCut: true, isComplete: false });
    await until(() => instance.sockets.size === 0);
  });

  it("an answer that is not cut is whole: closing ends a body without a length", async () => {
    const instance = await wire((socket) => socket.end(`${OK}\r\nwhole`));
    const { port, ended } = await gatewayTo(oneService([instance.url]));
    const received = await exchange(port, get("/x", ...lines, "Connection: close"));
    expect(received).toMatch(/whole\r\n0\r\n\r\n$/);
    expect(await ended()).toMatchObject({ status: 200, isComplete: true });
  });
});
