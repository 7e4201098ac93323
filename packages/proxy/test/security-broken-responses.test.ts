import { describe, expect, it } from "vitest";
import { inFlight, until } from "./kit.js";
import { oneService } from "./rig.js";
import { exchange, get, securityRig, statusesIn, type WireAnswer } from "./security-kit.js";

const { wire, gatewayTo } = securityRig();

/** Lines with which a request is sent over a connection of the pool, or over one of its own. */
const ways = [
  { over: "a connection of the pool", lines: ["Host: a", "Connection: close"] },
  { over: "a connection of its own", lines: ["Host: a", "TE: trailers", "Connection: close, TE"] },
];

const once = { retry: { attempts: 0 } };
const OK = "HTTP/1.1 200 OK\r\n";

/** What the client gets for one answer of an instance, after which nothing may be left. */
async function answered(answer: string | WireAnswer, lines: readonly string[]) {
  const instance = await wire(answer);
  const proxy = await gatewayTo(oneService([instance.url], once, { outlier: false }));
  const received = await exchange(proxy.port, get("/x", ...lines));
  const end = await proxy.ended();
  expect(inFlight(proxy.gateway)).toBe(0);
  expect(proxy.proxy.counts.requests).toBe(0);
  return { instance, received, end };
}

/** Answers with bytes and closes. */
const closing =
  (bytes: string): WireAnswer =>
  (socket) =>
    void socket.end(bytes, "latin1");

describe.each(ways)("over $over", ({ lines }) => {
  describe("an answer that is none is a 502, and its connection is given up", () => {
    it.each<[what: string, answer: string | WireAnswer]>([
      ["garbage", "\x00\x01\xfe garbage\r\n\r\n"],
      ["an answer of another protocol", "SSH-2.0-OpenSSH_9.6\r\n"],
      ["a body without a head", "<html>hello</html>\r\n\r\n"],
      ["a status that is no number", "HTTP/1.1 abc Because\r\n\r\n"],
      ["a status of two digits", "HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n"],
      ["a status of four digits", "HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n"],
      ["another version", "HTTP/9.9 200 OK\r\nContent-Length: 0\r\n\r\n"],
      ["nothing", (socket) => socket.end()],
      ["a reset", (socket) => socket.resetAndDestroy()],
      ["half a status line", closing("HTTP/1.1 20")],
      ["half a head", closing(`${OK}Content-Len`)],
      ["a head without its end", closing(`${OK}Content-Length: 2\r\n`)],
      ["two lengths", `${OK}Content-Length: 2\r\nContent-Length: 3\r\n\r\nabc`],
      ["a list of lengths", `${OK}Content-Length: 2, 3\r\n\r\nabc`],
      ["a length with a letter", `${OK}Content-Length: 5x\r\n\r\nhello`],
      ["a length with a sign", `${OK}Content-Length: +5\r\n\r\nhello`],
      ["a length below 0", `${OK}Content-Length: -5\r\n\r\nhello`],
      ["a length beyond all numbers", `${OK}Content-Length: 18446744073709551621\r\n\r\nhello`],
      ["a space before a colon", `${OK}X-A : 1\r\nContent-Length: 0\r\n\r\n`],
      ["a field without a name", `${OK}: 1\r\nContent-Length: 0\r\n\r\n`],
      ["a line without a colon", `${OK}X-A\r\nContent-Length: 0\r\n\r\n`],
      ["a NUL in a field", `${OK}X-A: a\x00b\r\nContent-Length: 0\r\n\r\n`],
      ["a head of 1 MiB", `${OK}X-A: ${"a".repeat(1_048_576)}\r\n\r\n`],
      ["a head without an end", `${OK}${"X-A: aaaaaaaaaa\r\n".repeat(6_000)}`],
      [
        "a switch of protocols that nobody asked for",
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\npoison",
      ],
      ["a switch to nothing", "HTTP/1.1 101 Switching Protocols\r\n\r\npoison"],
      ["60 interim answers", "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n".repeat(60)],
    ])("%s", async (_, answer) => {
      const { instance, received, end } = await answered(answer, lines);
      expect(statusesIn(received).at(-1)).toBe(502);
      expect(received).not.toContain("poison");
      expect(end).toMatchObject({ status: 502, failure: { side: "instance" } });
      await until(() => instance.sockets.size === 0);
    });
  });

  it.each<[what: string, field: string]>([
    ["a line that goes on", "X-A: a\r\n b"],
    ["a line feed alone", "X-A: a\nX-B: b"],
    ["a carriage return alone", "X-A: a\rX-B: b"],
  ])("a field with %s is a 502, or arrives as one that is well formed", async (_, field) => {
    const { received, end } = await answered(`${OK}${field}\r\nContent-Length: 2\r\n\r\nok`, lines);
    const [head = ""] = received.split("\r\n\r\n", 1);
    expect([200, 502]).toContain(end.status);
    expect(head.replaceAll("\r\n", "")).not.toMatch(/[\r\n\0]/);
    for (const line of head.split("\r\n").slice(1)) expect(line).toMatch(/^[A-Za-z-]+: /);
  });

  it("a length beside a transfer coding is a 502, or the coding holds and the length is gone", async () => {
    const { received, end } = await answered(
      `${OK}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`,
      lines,
    );
    if (end.status === 502) expect(statusesIn(received)).toEqual([502]);
    else {
      expect(received).toMatch(/\r\ntransfer-encoding: chunked\r\n/i);
      expect(received).not.toMatch(/content-length/i);
      expect(received).toMatch(/\r\n\r\n5\r\nhello\r\n0\r\n\r\n$/);
    }
  });

  it.each<[what: string, answer: WireAnswer]>([
    ["nothing", (socket) => socket.end()],
    ["a reset", (socket) => socket.resetAndDestroy()],
    ["half a head", closing(`${OK}Content-Len`)],
    ["garbage", closing("garbage\r\n\r\n")],
  ])("a POST that is answered with %s is not sent again", async (_, answer) => {
    const first = await wire(answer);
    const second = await wire(answer);
    const { port, ended } = await gatewayTo(
      oneService([first.url, second.url], {}, { outlier: false }),
    );
    const head = get("/x", ...lines, "Content-Length: 0").replace("GET", "POST");
    expect(statusesIn(await exchange(port, head))).toEqual([502]);
    expect(await ended()).toMatchObject({ attempts: 1 });
    expect(first.connections() + second.connections()).toBe(1);
  });
});
