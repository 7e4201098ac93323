import { once } from "node:events";
import {
  createServer,
  request,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type RequestListener,
  type Server,
} from "node:http";
import { connect, type AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { afterEach } from "vitest";
import { WebSocketServer } from "ws";

// What the tests of one adapter alone need, beside the suite.

const ends: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** Runs behind the test; the last that was told is the first to run. */
export function atEnd(end: () => Promise<unknown>): void {
  ends.push(end);
}

/** A server on a free port of loopback, closed behind the test. */
export async function listen(listener?: RequestListener): Promise<{ url: string; server: Server }> {
  const server = createServer(listener);
  await once(server.listen(0, "127.0.0.1"), "listening");
  atEnd(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

/** An instance that says what it was asked. */
export async function startEcho(): Promise<string> {
  const { url } = await listen((req, res) => {
    void text(req).then((body) => {
      res.setHeader("x-seen", JSON.stringify(req.headers));
      res.end(`${req.method} ${req.url} ${body}`);
    });
  });
  return url;
}

/** Answers upgrades of a server with a status. */
export function refuse(server: Server, status: number): void {
  server.on("upgrade", (_req, socket) =>
    socket.end(`HTTP/1.1 ${status} No\r\ncontent-length: 0\r\n\r\n`),
  );
}

/** An instance that answers upgrades with a status. */
export async function startRefusing(status: number): Promise<string> {
  const { url, server } = await listen();
  refuse(server, status);
  return url;
}

/** An instance whose websockets say what they were opened with, and then what they are told. */
export async function startChat(): Promise<string> {
  const { url, server } = await listen();
  new WebSocketServer({ server }).on("connection", (socket, req) => {
    socket.send(`${req.url} ${String(req.headers["x-forwarded-for"])}`);
    socket.on("message", (told: Buffer) => socket.send(told.toString()));
  });
  return url;
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** What a client asks. */
interface Question {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

export async function ask(
  url: string,
  { method = "GET", headers = {}, body }: Question = {},
): Promise<Answer> {
  const req = request(url, { method, headers, agent: false });
  req.end(body);
  const [res] = (await once(req, "response")) as [IncomingMessage];
  return { status: res.statusCode as number, headers: res.headers, body: await text(res) };
}

/** What a client gets that asks for another protocol and is answered with something else. */
export async function upgrade(
  url: string,
  more: Readonly<Record<string, string>> = {},
): Promise<{ status: number; body: string }> {
  const headers = {
    ...{ connection: "Upgrade", upgrade: "websocket" },
    ...{ "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==", "sec-websocket-version": "13" },
    ...more,
  };
  const { status, body } = await ask(url, { headers });
  return { status, body };
}

const UPGRADE = [
  ...["connection: Upgrade", "upgrade: websocket"],
  ...["sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==", "sec-websocket-version: 13"],
];

/** The status that a target gets which no usual client would send as it stands. */
export async function statusOf(
  url: string,
  target: string,
  kind: "request" | "upgrade" = "request",
): Promise<number> {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  const headers = kind === "upgrade" ? UPGRADE : [];
  socket.write([`GET ${target} HTTP/1.1`, "host: h", ...headers, "", ""].join("\r\n"), "latin1");
  const [first] = (await once(socket, "data")) as [Buffer];
  socket.destroy();
  return Number(first.toString("latin1").slice(9, 12));
}

/** Forms of `/admin/x` that a host which matches paths as they came does not see as such. */
export const OTHER_FORMS: readonly string[] = [
  ...["//admin/x", "/./admin/x", "/y/../admin/x", "/y/%2e%2e/admin/x", "/%61dmin/x"],
  ...["http://h//admin/x", "http://h/%61dmin/x", "/.//admin/x?a=1", "/%2e/admin/x"],
];

/** What the instance was asked with. */
export function seenBy({ headers }: Pick<Answer, "headers">): IncomingHttpHeaders {
  return JSON.parse(headers["x-seen"] as string) as IncomingHttpHeaders;
}
