import { once } from "node:events";
import { afterEach, describe, expect, it } from "vitest";
import type { ProxyOptions } from "../src/index.js";
import { open, startProxy, until, type TestProxy, type TestServer } from "./kit.js";
import {
  chatConfig,
  chatServer,
  chatWithin,
  frame,
  openTunnel,
  openWebSocket,
  rawInstance,
  SWITCH,
  untilNothingIsLeft,
  upgradeRequest,
  type RawSocket,
} from "./upgrade-kit.js";

const running: (TestServer | TestProxy)[] = [];
const track = <T extends TestServer>(server: T): T => {
  running.push(server);
  return server;
};

afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.close()));
});

/** A raw tunnel through a proxy of its own. */
async function rawTunnel(idleMs = 60_000, options: ProxyOptions = {}) {
  let instance: RawSocket | undefined;
  const server = track(
    await rawInstance((socket) => {
      instance = socket;
      socket.write(SWITCH);
    }),
  );
  const proxy = track(await startProxy(chatWithin(server.url, { idleMs }), options));
  return { server, proxy, ...(await openTunnel(proxy, () => instance)) };
}

const tail = (socket: RawSocket): string => socket.received().split("\r\n\r\n").at(-1) as string;

const BYE_TO_CLIENT = "\x88\x02\x03\xe9";

/** What an instance got, with a Close frame at its end unmasked. */
function unmasked(received: string): string {
  const frameAt = received.lastIndexOf("\x88\x82");
  const bytes = Buffer.from(received.slice(frameAt), "latin1");
  const [, , a, b, , , high, low] = [...bytes] as [number, ...number[]];
  const code = (((high as number) ^ (a as number)) << 8) | ((low as number) ^ (b as number));
  return `${received.slice(0, frameAt)}bye ${code}${bytes.length === 8 ? "" : " and more"}`;
}

describe("when the proxy closes", () => {
  it("websockets go on during the grace, and it waits for them no longer than they last", async () => {
    const chat = track(await chatServer());
    const proxy = track(await startProxy(chatConfig(chat.url)));
    const client = await openWebSocket(proxy.port);
    const closed = proxy.proxy.close({ graceMs: 600_000 });
    client.send("still here");
    const [data] = (await once(client, "message")) as [Buffer];
    expect(data.toString()).toBe("echo still here");
    client.close(1000);
    await closed;
    expect(await proxy.ended()).toMatchObject({ status: 101, isComplete: true });
    await untilNothingIsLeft(proxy, chat);
    expect(chat.codes).toEqual([1000]);
  });

  it("both sides are told 1001 when the grace is over", async () => {
    const chat = track(await chatServer());
    const proxy = track(await startProxy(chatConfig(chat.url)));
    const clients = [await openWebSocket(proxy.port), await openWebSocket(proxy.port)];
    const codes = clients.map(async (client) => (await once(client, "close")) as [number]);
    await proxy.proxy.close({ graceMs: 1 });
    expect((await Promise.all(codes)).map(([code]) => code)).toEqual([1001, 1001]);
    await untilNothingIsLeft(proxy, chat);
    expect(chat.codes).toEqual([1001, 1001]);
    expect(proxy.ends).toMatchObject([
      { status: 101, isComplete: true },
      { status: 101, isComplete: true },
    ]);
  });

  it("no message is torn, whatever is under way", async () => {
    const chat = track(await chatServer());
    const proxy = track(await startProxy(chatConfig(chat.url)));
    const problems: unknown[] = [];
    const codes: number[] = [];
    let answered = 0;
    const sizes = [0, 1, 125, 126, 1_000, 65_535, 65_536, 300_000];
    await Promise.all(
      Array.from({ length: 24 }, async (_, n) => {
        const client = await openWebSocket(proxy.port);
        const talk = (round: number): void => {
          if (client.readyState === client.OPEN)
            client.send(Buffer.alloc(sizes[(n + round) % sizes.length] as number), () => {});
        };
        client.on("error", (error) => problems.push(error));
        client.on("close", (code) => codes.push(code));
        client.on("message", () => talk(++answered));
        for (let round = 0; round < 4; round++) talk(round);
      }),
    );
    await until(() => answered > 200);
    await proxy.proxy.close({ graceMs: 1 });
    await untilNothingIsLeft(proxy, chat);
    await until(() => codes.length === 24);
    expect(problems).toEqual([]);
    expect(new Set([...codes, ...chat.codes])).toEqual(new Set([1001]));
  });

  it("a frame that an instance has begun is finished first, and nothing follows the goodbye", async () => {
    const { proxy, client, instance, server } = await rawTunnel();
    const whole = frame("x".repeat(200), "instance");
    instance.write(whole.subarray(0, 50));
    await until(() => tail(client).length === 50);
    const closed = proxy.proxy.close({ graceMs: 1 });
    await until(() => instance.received() !== "");
    expect(tail(client).length).toBe(50);
    instance.write(Buffer.concat([whole.subarray(50), frame("more", "instance")]));
    await until(() => tail(client).length > whole.length);
    expect(tail(client)).toBe(whole.toString("latin1") + BYE_TO_CLIENT);
    expect(unmasked(instance.received())).toBe("bye 1001");
    await closed;
    expect(tail(client)).toBe(whole.toString("latin1") + BYE_TO_CLIENT);
    await untilNothingIsLeft(proxy, server);
  });

  it("a frame that a client has begun is finished first", async () => {
    const { proxy, client, instance, server } = await rawTunnel();
    const whole = frame("x".repeat(200), "client");
    client.write(whole.subarray(0, 3));
    await until(() => instance.received().length === 3);
    const closed = proxy.proxy.close({ graceMs: 1 });
    await until(() => tail(client) === BYE_TO_CLIENT);
    expect(instance.received().length).toBe(3);
    client.write(Buffer.concat([whole.subarray(3), frame("more", "client")]));
    await until(() => instance.received().length > whole.length);
    expect(unmasked(instance.received())).toBe(`${whole.toString("latin1")}bye 1001`);
    await closed;
    await untilNothingIsLeft(proxy, server);
  });

  it("a frame that is never finished is cut without a goodbye", async () => {
    const { proxy, client, instance, server } = await rawTunnel();
    const half = frame("x".repeat(200), "instance").subarray(0, 50);
    instance.write(half);
    await until(() => tail(client).length === 50);
    await proxy.proxy.close({ graceMs: 1 });
    await until(() => client.destroyed);
    expect(tail(client)).toBe(half.toString("latin1"));
    expect(await proxy.ended()).toMatchObject({ status: 101, isComplete: false });
    await untilNothingIsLeft(proxy, server);
  });

  it("a side that has said goodbye by itself is not told a second time on its behalf", async () => {
    const { proxy, client, instance, server } = await rawTunnel();
    const own = Buffer.from([0x88, 0x02, 0x03, 0xe8]);
    instance.write(own);
    await until(() => tail(client).length === own.length);
    await proxy.proxy.close({ graceMs: 1 });
    await until(() => client.destroyed);
    expect(tail(client)).toBe(own.toString("latin1"));
    await untilNothingIsLeft(proxy, server);
  });

  it("an upgrade that still waits for its answer is told 503", async () => {
    const server = track(await rawInstance(() => {}));
    const proxy = track(await startProxy(chatConfig(server.url)));
    const client = await open(proxy.port);
    client.write(upgradeRequest());
    await until(() => server.sockets.size === 1);
    await Promise.all([proxy.proxy.close({ graceMs: 1 }), once(client, "close")]);
    expect(client.received()).toMatch(/^HTTP\/1.1 503 /);
    expect(client.received()).toMatch(/\r\nretry-after: 1\r\n/i);
    await untilNothingIsLeft(proxy, server);
    expect(proxy.ends).toMatchObject([{ status: 503, attempts: 1, failed: [] }]);
  });

  it("a new websocket is told 503 during the grace", async () => {
    const chat = track(await chatServer());
    const proxy = track(await startProxy(chatConfig(chat.url)));
    const first = await openWebSocket(proxy.port);
    const closed = proxy.proxy.close({ graceMs: 600_000 });
    const second = await open(proxy.port);
    second.write(upgradeRequest());
    await once(second, "close");
    expect(second.received()).toMatch(/^HTTP\/1.1 503 /);
    first.close();
    await closed;
  });
});

it("an instance that leaves the configuration keeps its tunnels", async () => {
  const chat = track(await chatServer());
  const proxy = track(await startProxy(chatConfig(chat.url)));
  const client = await openWebSocket(proxy.port);
  const changes: string[] = [];
  proxy.gateway.onChange(({ kind }) => changes.push(kind));
  proxy.gateway.update(chatConfig("http://127.0.0.1:1"));
  client.send("still here");
  const [data] = (await once(client, "message")) as [Buffer];
  expect(data.toString()).toBe("echo still here");
  client.close();
  await proxy.ended();
  expect(changes).toEqual(["joined", "left", "drained"]);
  await untilNothingIsLeft(proxy, chat);
});

describe("silence", () => {
  it("ends a tunnel when it lasts longer than idleMs", async () => {
    const { proxy, client, server } = await rawTunnel(50);
    await until(() => client.destroyed);
    expect(await proxy.ended()).toMatchObject({
      status: 101,
      isComplete: false,
      failure: { cause: "timeout" },
    });
    await untilNothingIsLeft(proxy, server);
  });

  it.each(["client", "instance"] as const)("is none while the %s alone speaks", async (from) => {
    const idleMs = 400;
    const { proxy, server, ...sides } = await rawTunnel(idleMs);
    const startedAt = performance.now();
    const speaker = sides[from];
    await until(() => {
      speaker.write(frame("on and on", from));
      return proxy.ends.length > 0 || performance.now() - startedAt > 3 * idleMs;
    });
    expect(proxy.ends).toEqual([]);
    await until(() => proxy.ends.length === 1);
    await untilNothingIsLeft(proxy, server);
  });

  it("is also that of a client that does not read", async () => {
    const { proxy, client, instance, server } = await rawTunnel(200);
    client.pause();
    const pour = (): void => {
      while (!instance.destroyed && instance.write(Buffer.alloc(65_536)));
    };
    instance.on("drain", pour);
    pour();
    expect(await proxy.ended()).toMatchObject({ failure: { cause: "timeout" } });
    client.destroy();
    await untilNothingIsLeft(proxy, server);
  });
});

describe("a side that does not read holds the other back", () => {
  it.each<["client" | "instance", "client" | "instance"]>([
    ["instance", "client"],
    ["client", "instance"],
  ])("from %s to %s, and nothing is lost", async (from, to) => {
    const total = 192 * 1_048_576;
    const { proxy, server, ...sides } = await rawTunnel();
    const [sender, receiver] = [sides[from], sides[to]];
    // What is received is counted, not kept.
    receiver.removeAllListeners("data").pause();
    let sent = 0;
    let received = 0;
    const chunk = Buffer.alloc(1_048_576, 1);
    const pour = (): void => {
      while (sent < total) {
        sent += chunk.length;
        if (!sender.write(chunk)) return;
      }
      sender.end();
    };
    sender.on("drain", pour);
    pour();
    let looks = 0;
    let before = -1;
    await until(() => {
      looks = sent === before ? looks + 1 : 0;
      before = sent;
      return looks > 100;
    });
    // Buffers of the kernel hold some megabytes on each of the four ends.
    expect(sent).toBeLessThan(total / 2);
    receiver.on("data", (bytes: Buffer) => (received += bytes.length)).resume();
    await until(() => received >= total);
    expect(received).toBe(total);
    sides.client.end();
    sides.instance.end();
    await untilNothingIsLeft(proxy, server);
  });
});
