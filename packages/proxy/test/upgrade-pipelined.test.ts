import { once } from "node:events";
import { afterEach, describe, expect, it } from "vitest";
import {
  inFlight,
  open,
  startProxy,
  startServer,
  until,
  type TestProxy,
  type TestServer,
} from "./kit.js";
import {
  chatServer,
  SWITCH,
  untilNothingIsLeft,
  upgradeRequest,
  rawInstance,
} from "./upgrade-kit.js";

// Node hands over an upgrade while the requests before it on the same connection have no response yet.

const running: (TestServer | TestProxy)[] = [];
const track = <T extends TestServer>(server: T): T => {
  running.push(server);
  return server;
};

afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.close()));
});

const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`;
const other = (path: string): string =>
  upgradeRequest(path).replace("Upgrade: websocket", "Upgrade: foo");

async function started() {
  const answers: (() => void)[] = [];
  const slow = track(await startServer((_req, res) => void answers.push(() => res.end("slow"))));
  const chat = track(await chatServer());
  const proxy = track(
    await startProxy([
      { path: "/own", respond: { status: 200, body: "own" } },
      { path: "/slow", to: slow.url },
      { path: "/chat/*", to: chat.url },
    ]),
  );
  return { answers, slow, chat, proxy };
}

describe("an upgrade behind a request that has no response yet", () => {
  it.each([
    ["a websocket behind an answer of the gateway", get("/own") + upgradeRequest("/own"), "own"],
    ["a websocket behind a refusal", get("/a%00") + upgradeRequest(), "Bad Request"],
    ["a websocket that no route takes", get("/own") + upgradeRequest("/none"), "own"],
    ["another protocol", get("/own") + other("/own"), "own"],
  ])("is refused: %s", async (_, bytes, said) => {
    const { proxy, chat } = await started();
    const client = await open(proxy.port);
    client.write(bytes);
    await once(client, "close");
    expect(client.received().match(/HTTP\/1.1 /g)).toHaveLength(1);
    expect(client.received()).toContain(said);
    await untilNothingIsLeft(proxy, chat);
  });

  it("is refused when that has come whole, and no tunnel opens", async () => {
    const { proxy, chat, slow, answers } = await started();
    const client = await open(proxy.port);
    client.write(get("/slow") + get("/slow") + upgradeRequest());
    await until(() => answers.length === 2);
    for (const answer of answers) answer();
    await once(client, "close");
    expect(client.received().match(/HTTP\/1.1 200 OK[^]*?slow/g)).toHaveLength(2);
    expect(client.received()).not.toContain("101");
    expect(chat.messages).toEqual([]);
    await until(() => inFlight(proxy.gateway) === 0);
    expect(slow.sockets.size).toBeGreaterThan(0);
    expect(proxy.proxy.counts).toMatchObject({ requests: 0, upgrades: 0 });
  });

  it("leaves nothing behind when the client goes, also of what waits for its turn", async () => {
    const { proxy, answers } = await started();
    const client = await open(proxy.port);
    client.write(get("/slow") + get("/slow") + upgradeRequest());
    await until(() => answers.length === 2);
    client.resetAndDestroy();
    await until(() => proxy.proxy.counts.requests === 0);
    expect(proxy.ends.map(({ status }) => status)).toEqual([499, 499]);
    expect(inFlight(proxy.gateway)).toBe(0);
  });

  it("gets a large response before it whole", async () => {
    const text = "x".repeat(5_000_000);
    const large = track(await startServer((_req, res) => res.end(text)));
    const proxy = track(await startProxy([{ path: "/*", to: large.url }]));
    const client = await open(proxy.port);
    client.write(get("/large") + upgradeRequest());
    await once(client, "close");
    expect(client.received().length).toBeGreaterThan(text.length);
  });
});

it("another protocol is ignored, and the connection goes on with the body and the next request", async () => {
  const instance = track(
    await startServer((req, res) => {
      let body = "";
      req.on("data", (part: Buffer) => (body += part.toString()));
      req.on("end", () => res.end(`[${String(req.headers.upgrade)} ${body}]`));
    }),
  );
  const proxy = track(await startProxy([{ path: "/*", to: instance.url }]));
  const client = await open(proxy.port);
  const offer =
    "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n";
  client.write(`POST /a HTTP/1.1\r\nHost: a\r\n${offer}Content-Length: 9\r\n\r\nimport`);
  client.write("ant");
  await until(() => client.received().includes("[undefined important]"));
  client.write("POST /b HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nnext");
  await until(() => client.received().includes("[undefined next]"));
});

it("early bytes and an end at once leave no tunnel behind", async () => {
  const instance = track(
    await rawInstance((socket) => {
      socket.write(SWITCH);
      socket.on("end", () => socket.end());
    }),
  );
  const proxy = track(
    await startProxy([{ path: "/chat/*", to: instance.url }], { maxUpgrades: 1 }),
  );
  for (let time = 0; time < 3; time++) {
    const client = await open(proxy.port);
    client.end(`${upgradeRequest()}x`);
    await once(client, "close");
    await until(() => proxy.proxy.counts.upgrades === 0);
  }
  expect(proxy.ends).toHaveLength(3);
});
