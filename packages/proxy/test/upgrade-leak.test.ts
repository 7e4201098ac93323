import type { Socket } from "node:net";
import { expect, it } from "vitest";
import { open, startProxy, until, type TestProxy, type TestServer } from "./kit.js";
import {
  chatConfig,
  frame,
  rawInstance,
  SWITCH,
  untilNothingIsLeft,
  upgradeRequest,
} from "./upgrade-kit.js";

const COUNT = 1_000;
const AT_A_TIME = 50;

/** One upgrade from a client's side, by what it gets before it acts, and how it leaves then. */
interface Kind {
  readonly path: string;
  readonly seen: string;
  readonly act: (client: Socket) => void;
}

const wait = (): void => {};
const echo = frame("hello", "client");
const kinds: Readonly<Record<string, Kind>> = {
  "open, speak and end": {
    path: "/chat/echo",
    seen: "\r\n\r\n",
    act: (client) => client.end(echo),
  },
  "open, and the client resets": {
    path: "/chat/echo",
    seen: "\r\n\r\n",
    act: (client) => client.resetAndDestroy(),
  },
  "open, and the instance closes": { path: "/chat/close", seen: "\r\n\r\n", act: wait },
  "open, and the instance resets": { path: "/chat/reset", seen: "", act: wait },
  "refused by the instance": { path: "/chat/refuse", seen: "", act: wait },
  "refused by the gateway": { path: "/gone", seen: "", act: wait },
  "answered with a wrong 101": { path: "/chat/wrong", seen: "", act: wait },
  "reset before the answer": { path: "/chat/kill", seen: "", act: wait },
  "left by the client before the answer": {
    path: "/chat/silent",
    seen: "",
    act: (client) => client.destroy(),
  },
};

function behave(socket: Socket, path: string): void {
  if (path === "/chat/kill") socket.resetAndDestroy();
  else if (path === "/chat/refuse")
    socket.end("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno");
  else if (path === "/chat/wrong") socket.write(SWITCH.replace("Accept: ", "Accept: x"));
  else if (path !== "/chat/silent") socket.write(SWITCH);
  if (path === "/chat/close") socket.end();
  if (path === "/chat/reset") setImmediate(() => socket.resetAndDestroy());
}

async function once(proxy: TestProxy, { path, seen, act }: Kind): Promise<void> {
  const client = await open(proxy.port);
  client.on("end", () => client.end());
  client.write(upgradeRequest(path));
  await until(() => client.destroyed || client.received().endsWith(seen));
  act(client);
  await until(() => client.destroyed);
}

function resources(): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of process.getActiveResourcesInfo()) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

const held = (): number => {
  const { TCPSocketWrap = 0, Timeout = 0 } = resources();
  return TCPSocketWrap + Timeout;
};

it.each(Object.entries(kinds))(
  "a thousand upgrades leave nothing behind: %s",
  async (_, kind) => {
    const running: TestServer[] = [];
    const server = await rawInstance((socket, req) => behave(socket, req.url as string));
    running.push(server);
    const { services, routes } = chatConfig(server.url);
    // Instances that fail a thousand times are not to be left out.
    const chat = { ...services.chat, outlier: false as const };
    const proxy = await startProxy({ services: { chat }, routes });
    running.push(proxy);
    await once(proxy, kind);
    await untilNothingIsLeft(proxy, server);
    const before = held();
    for (let done = 0; done < COUNT; done += AT_A_TIME)
      await Promise.all(Array.from({ length: AT_A_TIME }, () => once(proxy, kind)));
    await untilNothingIsLeft(proxy, server);
    expect(proxy.ends).toHaveLength(COUNT + 1);
    await until(() => held() <= before);
    await Promise.all(running.map((one) => one.close()));
  },
  60_000,
);
