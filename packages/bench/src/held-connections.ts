import { once } from "node:events";
import { Agent } from "node:http";
import type { Socket } from "node:net";
import { WebSocket } from "ws";
import { send } from "./request.ts";
import { HEADERS } from "./routes.ts";

/** How connections are held: kept after one request each, or as WebSockets after one message each. */
export type Held = "idle" | "websockets";

/** A connection that was used once and is held since then. */
export interface HeldConnection {
  /** Whether it is still there on our side. */
  readonly isOpen: boolean;
  close(): void;
}

/** Where connections lead to. */
export interface Destination {
  readonly port: number;
  readonly target: string;
}

/** Opens one connection of a kind. `index` tells it from the others. */
export const openHeld: Readonly<
  Record<Held, (to: Destination, index: number) => Promise<HeldConnection>>
> = { idle: openIdle, websockets: openWebSocket };

/** From several addresses: one of them may have fewer free ports than there are connections. */
function localAddress(index: number): string {
  return `127.0.0.${1 + (index % 16)}`;
}

async function openIdle({ port, target }: Destination, index: number): Promise<HeldConnection> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const sockets: Socket[] = [];
  agent.on("free", (socket: Socket) => sockets.push(socket));
  const { status } = await send(port, target, agent, undefined, localAddress(index));
  if (status !== 200) throw new Error(`${target} is answered with ${status}.`);
  return {
    get isOpen() {
      return sockets.length === 1 && sockets[0]?.destroyed === false;
    },
    close: () => agent.destroy(),
  };
}

async function openWebSocket(
  { port, target }: Destination,
  index: number,
): Promise<HeldConnection> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}${target}`, {
    ...{ localAddress: localAddress(index), perMessageDeflate: false, handshakeTimeout: 10_000 },
    headers: Object.fromEntries(
      Array.from({ length: HEADERS.length / 2 }, (_, i) => HEADERS.slice(2 * i, 2 * i + 2)),
    ),
  });
  await once(socket, "open");
  // From here on what goes wrong shows in its state.
  socket.on("error", () => {});
  const message = `message ${index}`;
  socket.send(message);
  const [answer] = await once(socket, "message", { signal: AbortSignal.timeout(10_000) });
  if (String(answer) !== message) throw new Error(`"${message}" came back as "${answer}".`);
  return {
    get isOpen() {
      return socket.readyState === WebSocket.OPEN;
    },
    close: () => socket.terminate(),
  };
}
