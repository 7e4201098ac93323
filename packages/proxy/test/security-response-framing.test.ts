import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { open, send, until } from "./kit.js";
import { oneService } from "./rig.js";
import { exchange, get, OK, securityRig, statusesIn, type WireAnswer } from "./security-kit.js";

const { wire, gatewayTo } = securityRig();

const to = async (answer: string | WireAnswer) => {
  const instance = await wire(answer);
  return { instance, ...(await gatewayTo(oneService([instance.url]))) };
};

/** Answers the first request of all with bytes, and those behind it as usual. */
function first(bytes: string): WireAnswer {
  let count = 0;
  return (socket) => void socket.write(++count === 1 ? bytes : OK, "latin1");
}

/** Two requests on one connection of the client, and all that came back. */
async function twice(port: number, head: string): Promise<string> {
  const client = await open(port);
  client.write(head);
  await until(() => client.received().includes("\r\n\r\n"));
  client.write(get("/second", "Host: a", "Connection: close"));
  await until(() => client.closed);
  return client.received();
}

describe("an answer that has no body gets none, and poisons nothing", () => {
  const surplus = "HTTP/1.1 200 Poison\r\nContent-Length: 6\r\n\r\npoison";

  it.each([
    ["204 with a length", "GET", "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", undefined],
    ["204 with a body", "GET", "HTTP/1.1 204 No Content\r\n\r\nhello", undefined],
    ["204 with another answer", "GET", `HTTP/1.1 204 No Content\r\n\r\n${surplus}`, undefined],
    [
      "204 in chunks",
      "GET",
      "HTTP/1.1 204 No\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      undefined,
    ],
    ["304 with a length", "GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", "5"],
    ["304 with a body", "GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\nhello", "5"],
    ["HEAD with a length", "HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "5"],
    ["HEAD with a body", "HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "5"],
    [
      "HEAD with another answer",
      "HEAD",
      `HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n${surplus}`,
      "5",
    ],
  ])("%s", async (_, method, answer, length) => {
    const { instance, port } = await to(first(answer));
    const received = await twice(port, get("/first", "Host: a").replace("GET", method));
    const [head = "", ...rest] = received.split("\r\n\r\n");
    expect(statusesIn(received)).toEqual([Number(answer.slice(9, 12)), 200]);
    expect(/content-length: (\d+)/i.exec(head)?.[1]).toBe(length);
    expect(head).not.toMatch(/transfer-encoding/i);
    expect(rest.join()).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(received).not.toMatch(/poison|hello/);
    expect(instance.received()).toContain("GET /second");
  });
});

describe("a client over HTTP/1.0", () => {
  const asked = (port: number) => exchange(port, "GET /x HTTP/1.0\r\nHost: a\r\n\r\n");

  it("gets a chunked answer as one that ends with the connection", async () => {
    const answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
    const { port } = await to(answer);
    const received = await asked(port);
    expect(received).not.toMatch(/transfer-encoding/i);
    expect(received).toMatch(/\r\nconnection: close\r\n/i);
    expect(received).toMatch(/\r\n\r\nhello$/);
  });

  it("gets no interim answers", async () => {
    const { port } = await to(`HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n${OK}`);
    const received = await asked(port);
    expect(statusesIn(received)).toEqual([200]);
    expect(received).toMatch(/\r\n\r\nok$/);
  });
});

describe("interim answers", () => {
  it("reach a client over HTTP/1.1 in their order, before the answer", async () => {
    const hints = [1, 2, 3].map(
      (n) => `HTTP/1.1 103 Early Hints\r\nLink: </${n}>; rel=preload\r\n\r\n`,
    );
    const { port } = await to(hints.join("") + OK);
    const received = await exchange(port, get("/x", "Host: a", "Connection: close"));
    expect(statusesIn(received)).toEqual([103, 103, 103, 200]);
    expect([...received.matchAll(/link: <\/(\d)>/gi)].map(([, n]) => n)).toEqual(["1", "2", "3"]);
  });

  it("up to fifty do not end the exchange, also those that nobody knows", async () => {
    const { port } = await to(
      "HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 199 X\r\n\r\n".repeat(25) + OK,
    );
    const received = await exchange(port, get("/x", "Host: a", "Connection: close"));
    expect(statusesIn(received).at(-1)).toBe(200);
    expect(received).toMatch(/\r\n\r\nok$/);
  });
});

describe("an encoded body", () => {
  it("reaches the client as it is, however small it makes how much", async () => {
    const bomb = gzipSync(Buffer.alloc(10 * 1024 * 1024));
    expect(bomb.length).toBeLessThan(20_000);
    const { port } = await to((socket) => {
      socket.write(
        `HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: ${bomb.length}\r\n\r\n`,
      );
      socket.write(bomb);
    });
    const received = await exchange(port, get("/x", "Host: a", "Connection: close"));
    expect(received).toMatch(/\r\ncontent-encoding: gzip\r\n/i);
    expect(received.slice(received.indexOf("\r\n\r\n") + 4)).toBe(bomb.toString("latin1"));
  });

  it("may say that it was encoded a thousand times: nobody unpacks it", async () => {
    const encodings = Array<string>(1_000).fill("gzip").join(", ");
    const { url } = await to(
      `HTTP/1.1 200 OK\r\nContent-Encoding: ${encodings}\r\nContent-Length: 2\r\n\r\nno`,
    );
    const { headers, body } = await send(url, "/");
    expect({ encodings: headers["content-encoding"], body }).toEqual({ encodings, body: "no" });
  });

  it("may be a part", async () => {
    const part =
      "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-1/9\r\nContent-Length: 2\r\n\r\nab";
    const { url, instance } = await to(part);
    const reply = await send(url, "/", { headers: { range: "bytes=0-1" } });
    expect(reply).toMatchObject({
      status: 206,
      body: "ab",
      headers: { "content-range": "bytes 0-1/9" },
    });
    expect(instance.values("range")).toEqual(["bytes=0-1"]);
  });
});

it("requests that are alike are not made one, even at the same time", async () => {
  const waiting: (() => void)[] = [];
  const { url } = await to((socket) => void waiting.push(() => socket.write(OK)));
  const replies = Promise.all(Array.from({ length: 5 }, () => send(url, "/same")));
  await until(() => waiting.length === 5);
  for (const answer of waiting) answer();
  expect((await replies).map(({ body }) => body)).toEqual(Array(5).fill("ok"));
});

it.each([200, 412])("a policy that makes %i of a 304 announces no body", async (status) => {
  const instance = await wire("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n");
  const { port } = await gatewayTo(oneService([instance.url], { policies: ["changed"] }), {
    policies: { changed: { onResponse: () => ({ status }) } },
  });
  const received = await twice(port, get("/first", "Host: a"));
  expect(statusesIn(received)).toEqual([status, status]);
  expect(received).not.toMatch(/content-length/i);
  expect(received).toMatch(/\r\n\r\n0\r\n\r\nHTTP/);
});
