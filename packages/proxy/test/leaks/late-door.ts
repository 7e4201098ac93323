import { EventEmitter, once } from "node:events";
import { createServer } from "node:http";
import type { Socket } from "node:net";
import type { Proxy } from "@signalbox/proxy";
import { listenTracked } from "../hostile/gateway-server.js";
import type { Plan, Result } from "../hostile/plan.js";
import { connectTo, headOf, upgradeHead } from "./by-hand.js";
import type { LeakWorld } from "./leak-world.js";

/** A server that lets its proxy have a request when it is told to, as middleware that takes its time does. */
export interface LateDoor {
  readonly port: number;
  readonly sockets: ReadonlySet<Socket>;
  /** Tells by its path that a request came, with what gives it to the proxy. */
  readonly came: EventEmitter;
  close(): Promise<void>;
}

export async function openLateDoor(proxy: Proxy): Promise<LateDoor> {
  const came = new EventEmitter().setMaxListeners(0);
  const server = createServer((req, res) => {
    const gone = once(req.socket, "close");
    came.emit(req.url as string, async () => {
      await gone;
      proxy.handle(req, res);
    });
  });
  // Nobody reads it meanwhile, and nobody sees that the client has left.
  server.on("upgrade", (req, socket: Socket, head) => {
    socket.on("error", () => {});
    came.emit(req.url as string, () => proxy.upgrade(req, socket, head));
  });
  const { port, sockets } = await listenTracked(server);
  return {
    port,
    sockets,
    came,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Asks and leaves, every second time for a websocket, and only then the gateway gets the request. */
export async function leaveBefore({ late }: LeakWorld, plan: Plan): Promise<Result> {
  const client = await connectTo({ port: late.port });
  const came = once(late.came, plan.path) as Promise<[() => unknown]>;
  client.write(Number(plan.id) % 2 === 0 ? headOf("GET", plan.path) : upgradeHead(plan.path));
  const [give] = await came;
  client.destroy();
  await give();
  return { plan, verdict: "left", status: 0, why: "" };
}
