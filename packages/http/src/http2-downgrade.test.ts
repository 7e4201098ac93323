import { once } from "node:events";
import { connect as connectHttp2, createServer } from "node:http2";
import { connect, createServer as createTcp, type AddressInfo, type Server } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { attachGateway } from "./attach.js";
import { createGateway } from "./index.js";

type Field = readonly [name: string, value: string];

const toClose: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of toClose.splice(0).toReversed()) await close();
});

async function portOf(server: Server): Promise<number> {
  await once(server.listen(0, "127.0.0.1"), "listening");
  return (server.address() as AddressInfo).port;
}

/** An instance that keeps the bytes it gets, and answers what looks like the end of a request. */
async function startInstance() {
  let received = "";
  const server = createTcp((socket) => {
    toClose.push(() => socket.destroy());
    socket
      .on("error", () => {})
      .on("data", (bytes: Buffer) => {
        received += bytes.toString("latin1");
        if (/\r\n\r\n$/.test(received))
          socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
      });
  });
  toClose.push(() => new Promise((resolve) => server.close(resolve)));
  return { port: await portOf(server), received: () => received };
}

const frame = (type: number, flags: number, payload: Buffer): Buffer => {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head[8] = type === SETTINGS ? 0 : 1;
  return Buffer.concat([head, payload]);
};

const [DATA, HEADERS, RESET, SETTINGS, GOAWAY] = [0, 1, 3, 4, 7] as const;
const [END_STREAM, END_HEADERS] = [1, 4] as const;

/** Fields as literals without indexing, byte by byte as they are given. */
const block = (fields: readonly Field[]): Buffer =>
  Buffer.concat(
    fields.map(([name, value]) =>
      Buffer.concat([
        Buffer.from([0, name.length]),
        Buffer.from(name, "latin1"),
        Buffer.from([value.length]),
        Buffer.from(value, "latin1"),
      ]),
    ),
  );

interface Stream {
  readonly fields: readonly Field[];
  /** Bodies of the frames behind the head. Default: none, and the head ends the stream. */
  readonly data?: readonly string[];
  readonly trailers?: readonly Field[];
}

function bytesOf({ fields, data, trailers }: Stream): Buffer {
  const head = frame(HEADERS, END_HEADERS | (data === undefined ? END_STREAM : 0), block(fields));
  const bodies = (data ?? []).map((text, at) => {
    const isLast = at === (data?.length ?? 0) - 1 && trailers === undefined;
    return frame(DATA, isLast ? END_STREAM : 0, Buffer.from(text, "latin1"));
  });
  const tail =
    trailers === undefined ? [] : [frame(HEADERS, END_HEADERS | END_STREAM, block(trailers))];
  const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  return Buffer.concat([preface, frame(SETTINGS, 0, Buffer.alloc(0)), head, ...bodies, ...tail]);
}

/** Types of the frames of the one stream in bytes that came back, and of the end of the connection. */
function typesIn(bytes: Buffer): number[] {
  const types: number[] = [];
  for (let at = 0; at + 9 <= bytes.length; at += 9 + bytes.readUIntBE(at, 3))
    types.push(bytes[at + 3] as number);
  return types;
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 1));
}

/** Sends one stream through a gateway, and waits for its end. What the instance got of it. */
async function sent(stream: Stream): Promise<string> {
  const instance = await startInstance();
  const server = createServer({ settings: { maxConcurrentStreams: 100 } });
  server.on("session", (session) => void session.on("error", () => {}));
  const gateway = createGateway([{ path: "/*", to: `http://127.0.0.1:${instance.port}` }]);
  const mounted = attachGateway(server, gateway, { strict: true });
  toClose.push(
    () => new Promise<void>((resolve) => void server.close(() => resolve())),
    () => mounted.close({ graceMs: 1 }),
  );
  const port = await portOf(server);
  const client = connect(port, "127.0.0.1");
  toClose.push(() => client.destroy());
  let back = Buffer.alloc(0);
  client.on("error", () => {}).on("data", (bytes: Buffer) => (back = Buffer.concat([back, bytes])));
  client.write(bytesOf(stream));
  const isOver = (): boolean =>
    typesIn(back).some((type) => [HEADERS, RESET, GOAWAY].includes(type as never));
  await until(() => isOver() || client.destroyed);
  await until(() => mounted.proxy.counts.requests === 0);
  // By the time that another request is through, nothing of the first is on its way any more.
  const other = connectHttp2(`http://127.0.0.1:${port}`).on("error", () => {});
  toClose.push(() => other.destroy());
  const last = other.request({ ":path": "/last" });
  await once(last, "response");
  last.resume();
  return instance.received().split("GET /last", 1)[0] as string;
}

const base: readonly Field[] = [
  [":method", "POST"],
  [":scheme", "http"],
  [":path", "/x"],
  [":authority", "a.test"],
];
const without = (name: string): Field[] => base.filter(([given]) => given !== name);
const withField = (name: string, value: string): Field[] => [...without(name), [name, value]];

const HIDDEN = "GET /hidden HTTP/1.1\r\nHost: a\r\n\r\n";

describe("a malformed request over HTTP/2 never reaches an instance", () => {
  it.each<[what: string, stream: Stream]>([
    ["a length without a body", { fields: [...base, ["content-length", "5"]] }],
    [
      "a length that is longer than the body",
      { fields: [...base, ["content-length", "50"]], data: ["hello"] },
    ],
    [
      "a length that is shorter than the body",
      { fields: [...base, ["content-length", "5"]], data: [`hello${HIDDEN}`] },
    ],
    ["a length of 0 beside a body", { fields: [...base, ["content-length", "0"]], data: [HIDDEN] }],
    [
      "two lengths",
      { fields: [...base, ["content-length", "5"], ["content-length", "6"]], data: ["hello!"] },
    ],
    ["a length that is none", { fields: [...base, ["content-length", "5x"]], data: ["hello"] }],
    ["a length with a sign", { fields: [...base, ["content-length", "+5"]], data: ["hello"] }],
    ["a transfer coding", { fields: [...base, ["transfer-encoding", "chunked"]], data: ["hello"] }],
    ["a field of the connection", { fields: [...base, ["connection", "x-a"]] }],
    ["an upgrade", { fields: [...base, ["upgrade", "websocket"]] }],
    ["a keep-alive", { fields: [...base, ["keep-alive", "timeout=5"]] }],
    ["a proxy-connection", { fields: [...base, ["proxy-connection", "close"]] }],
    ["no method", { fields: without(":method") }],
    ["no path", { fields: without(":path") }],
    ["an empty path", { fields: withField(":path", "") }],
    [
      "a request line in its method",
      { fields: withField(":method", "GET /hidden HTTP/1.1\r\nX-A:") },
    ],
    ["a space in its method", { fields: withField(":method", "GET /hidden") }],
    [
      "a request line in its path",
      { fields: withField(":path", "/x HTTP/1.1\r\nHost: b\r\n\r\nGET /hidden") },
    ],
    ["a NUL in its path", { fields: withField(":path", "/x\0") }],
    ["a line break in its authority", { fields: withField(":authority", "a\r\nX-A: 1") }],
    ["a path that does not begin with a slash", { fields: withField(":path", "x") }],
    ["an unknown pseudo-field", { fields: [...base, [":hidden", "1"]] }],
    ["a second path", { fields: [...base, [":path", "/y"]] }],
    [
      "a pseudo-field behind the others",
      { fields: [...without(":path"), ["x-a", "1"], [":path", "/x"]] },
    ],
    ["an authority and a Host that differ", { fields: [...base, ["host", "b.test"]] }],
    ["two Hosts", { fields: [...without(":authority"), ["host", "a.test"], ["host", "b.test"]] }],
    ["a name in capitals", { fields: [...base, ["X-A", "1"]] }],
  ])("%s", async (_, stream) => {
    expect(await sent(stream)).toBe("");
  });
});

describe("what Node takes out of a request over HTTP/2 is out of what is sent", () => {
  it.each<[what: string, field: Field]>([
    ["a line break in a value", ["x-a", "1\r\nX-B: 2"]],
    ["a line feed in a value", ["x-a", "1\nX-B: 2"]],
    ["a carriage return in a value", ["x-a", "1\rX-B: 2"]],
    ["a NUL in a value", ["x-a", "1\0"]],
    ["a space in a name", ["x-a b", "1"]],
    ["a colon in a name", ["x-a: 1\r\nx-b", "2"]],
  ])("%s", async (_, field) => {
    const received = await sent({ fields: [[":method", "GET"], ...without(":method"), field] });
    expect(received).toMatch(/^GET \/x HTTP\/1\.1\r\nhost: a\.test\r\n/);
    expect(received).not.toMatch(/x-a|x-b/i);
    expect(received.match(/\r\n\r\n/g)).toHaveLength(1);
  });
});

it("trailers over HTTP/2 never become fields of the request", async () => {
  const trailers: Field[] = [
    ["x-sum", "7"],
    ["authorization", "Bearer evil"],
    ["content-length", "5"],
    ["host", "evil.test"],
    ["x-forwarded-for", "6.6.6.6"],
  ];
  const received = await sent({
    fields: [...base, ["trailer", "x-sum, authorization"]],
    data: ["hello"],
    trailers,
  });
  expect(received).toContain("hello");
  expect(received).not.toMatch(/evil|content-length|6\.6\.6\.6/i);
});
