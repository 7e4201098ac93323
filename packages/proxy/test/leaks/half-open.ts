import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import type { HostileInstance } from "../hostile/hostile-instance.js";
import type { Plan, Result } from "../hostile/plan.js";
import { connectTo, firstBytes, isClosed, statusOf, SWITCH, upgradeHead } from "./by-hand.js";
import { LIMIT_MS } from "./leak-kind.js";
import type { LeakWorld } from "./leak-world.js";

/** An instance that opens tunnels, and leaves it to others to end them. */
export interface TunnelInstance extends HostileInstance {
  /** Its ends of the tunnels, by the path that was asked for. */
  readonly tunnels: ReadonlyMap<string, Socket>;
}

export async function startTunnelInstance(): Promise<TunnelInstance> {
  const tunnels = new Map<string, Socket>();
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.once("data", (head: Buffer) => {
      const path = head.toString("latin1").split(" ", 2)[1] ?? "";
      tunnels.set(path, socket);
      socket.on("close", () => tunnels.delete(path));
      socket.write(SWITCH);
    });
    socket.on("close", () => sockets.delete(socket));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    sockets,
    tunnels,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Opens a tunnel of which one side ends, half of the time the client, and the other does not care. */
export async function endOneSide(
  { server, tunnelInstance }: LeakWorld,
  plan: Plan,
): Promise<Result> {
  const client = await connectTo(server);
  client.write(upgradeHead(plan.path));
  const status = statusOf(await firstBytes(client));
  const instance = tunnelInstance.tunnels.get(plan.path);
  if (status !== 101 || instance === undefined) {
    client.destroy();
    return { plan, verdict: "wrong", status, why: "no tunnel" };
  }
  const [ending, staying] = Number(plan.id) % 2 === 0 ? [client, instance] : [instance, client];
  ending.resume().end();
  const isCut = await isClosed(ending, LIMIT_MS);
  const hasSeen = staying.readableEnded;
  staying.destroy();
  await isClosed(staying, LIMIT_MS);
  if (!hasSeen) return { plan, verdict: "wrong", status, why: "the end was not passed on" };
  return { plan, verdict: isCut ? "cut" : "hung", status, why: "" };
}

/** Holds a tunnel open. Returns what ends it. */
export async function holdTunnel({ server }: LeakWorld, path: string): Promise<() => void> {
  const client = await connectTo(server);
  client.write(upgradeHead(path));
  await firstBytes(client);
  return () => client.destroy();
}
