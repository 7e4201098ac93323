import type { Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { open, startProxy, until, type TestProxy, type TestServer } from "./kit.js";
import {
  chatConfig,
  frame,
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

interface Phase {
  readonly name: string;
  /** What the instance has sent. */
  readonly bytes: string | Buffer;
  /** What of it the client gets before somebody leaves. */
  readonly seen: string;
  /** Status in the report when the client leaves, and when the instance does. */
  readonly status: { readonly client: number; readonly instance: number };
}

const half = frame("x".repeat(100), "instance").subarray(0, 20);
const phases: readonly Phase[] = [
  { name: "before the answer", bytes: "", seen: "", status: { client: 499, instance: 502 } },
  {
    name: "in the middle of the head of the answer",
    bytes: SWITCH.slice(0, 40),
    seen: "",
    status: { client: 499, instance: 502 },
  },
  {
    name: "in the middle of a refusal",
    bytes: "HTTP/1.1 403 Forbidden\r\nContent-Length: 9\r\n\r\nhalf",
    seen: "\r\n\r\nhalf",
    status: { client: 403, instance: 403 },
  },
  {
    name: "after the 101",
    bytes: SWITCH,
    seen: "\r\n\r\n",
    status: { client: 101, instance: 101 },
  },
  {
    name: "in the middle of a frame",
    bytes: Buffer.concat([Buffer.from(SWITCH), half]),
    seen: half.toString("latin1"),
    status: { client: 101, instance: 101 },
  },
];

const ways = {
  "ends its side": (socket: Socket) => socket.end(),
  closes: (socket: Socket) => socket.destroy(),
  resets: (socket: Socket) => socket.resetAndDestroy(),
};
type Way = keyof typeof ways;

const table = phases.flatMap((phase) =>
  (["client", "instance"] as const).flatMap((who) =>
    (Object.keys(ways) as Way[]).map((way) => ({ ...phase, phase, who, way })),
  ),
);

describe("nothing is left behind, and it is told once", () => {
  it.each(table)("$name the $who $way", async ({ phase, who, way }) => {
    let instance: RawSocket | undefined;
    const server = track(
      await rawInstance((socket) => {
        instance = socket;
        if (phase.bytes.length > 0) socket.write(phase.bytes);
      }),
    );
    const proxy = track(await startProxy(chatConfig(server.url)));
    const client = await open(proxy.port);
    client.write(upgradeRequest());
    await until(() => instance !== undefined && client.received().endsWith(phase.seen));
    ways[way](who === "client" ? client : (instance as RawSocket));
    expect(await proxy.ended()).toMatchObject({ status: phase.status[who], attempts: 1 });
    await untilNothingIsLeft(proxy, server);
    expect(proxy.ends).toHaveLength(1);
    if (way === "resets" && phase.status[who] === 101)
      expect(proxy.ends[0]).toMatchObject({ isComplete: false, failure: { side: who } });
    if (phase.status[who] === 403) expect(proxy.ends[0]).toMatchObject({ isComplete: false });
    if (phase.status[who] === 502) expect(client.received()).toMatch(/^HTTP\/1.1 502 /);
    // A client that leaves is nobody's fault.
    const { consecutiveFailures } = proxy.gateway.snapshot().services["chat"]?.instances[
      server.url
    ] as { consecutiveFailures: number };
    const isBlamed = who === "instance" && phase.status.instance !== 101;
    expect(consecutiveFailures).toBe(isBlamed ? 1 : 0);
  });
});

it.each(["client", "instance"] as const)(
  "a %s that ends its side and then says nothing more, nor leaves, is cut",
  async (who) => {
    let instance: RawSocket | undefined;
    const server = track(
      await rawInstance((socket) => {
        socket.removeAllListeners("end");
        instance = socket;
        socket.write(SWITCH);
      }),
    );
    const proxy = track(await startProxy(chatConfig(server.url)));
    const client = await open(proxy.port);
    client.write(upgradeRequest());
    await until(() => client.received().endsWith("\r\n\r\n"));
    // The other one keeps its side open, whatever comes.
    const other = who === "client" ? (instance as RawSocket) : client;
    other.allowHalfOpen = true;
    (who === "client" ? client : (instance as RawSocket)).end();
    await proxy.ended();
    other.destroy();
    await untilNothingIsLeft(proxy, server);
    expect(proxy.ends).toMatchObject([{ status: 101, attempts: 1 }]);
  },
);
