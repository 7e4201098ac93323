import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { behaviours, type BehaviourName } from "./behaviours.js";
import { MessageReader, type Framing } from "./message-reader.js";
import { Visit } from "./visit.js";
import type { Visits } from "./visits.js";

/** What becomes of a connection before it carries a request. */
export type Reception = "serve" | "reset" | "close" | "hang";

/** How an instance behaves. */
export interface HostileOptions {
  /** Chooses for each connection, which are counted from 1. Default: serve. */
  readonly receive?: (connection: number) => Reception;
  /** Chooses for each request. Default: what its path names. */
  readonly behave?: (visit: Visit) => BehaviourName;
}

/** An instance that speaks raw TCP and does what it is told, however bad. */
export interface HostileInstance {
  readonly url: string;
  readonly sockets: ReadonlySet<Socket>;
  close(): Promise<void>;
}

export async function startHostile(
  visits: Visits,
  { receive = () => "serve", behave }: HostileOptions = {},
): Promise<HostileInstance> {
  const sockets = new Set<Socket>();
  let count = 0;
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
    const reception = receive(++count);
    if (reception === "reset") socket.resetAndDestroy();
    else if (reception === "close") socket.end().resume();
    else if (reception === "serve") serve(socket, visits, behave);
    // Closing is seen by reading only: what hangs reads and says nothing.
    else socket.on("end", () => socket.end()).resume();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    sockets,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function serve(socket: Socket, visits: Visits, behave: HostileOptions["behave"]): void {
  let visit: Visit | undefined;
  const note = (wrong: string | undefined): void => {
    if (wrong !== undefined) visits.wrongs.push(`at an instance: ${wrong}: ${visit?.head.start}`);
  };
  const reader = new MessageReader({
    onHead: (head): Framing => {
      visit = new Visit(head, socket);
      note(visit.wrong);
      visits.add(visit.id, visit.method, visit.path);
      const name = behave?.(visit) ?? (visit.behaviour as BehaviourName);
      const behaviour = Object.hasOwn(behaviours, name) ? behaviours[name] : undefined;
      if (behaviour === undefined) note(`no behaviour is called ${name}`);
      else if (name === "upgrade") socket.removeAllListeners("data").pipe(socket);
      behaviour?.(visit);
      return visit.framing;
    },
    onData: (bytes) => note(visit?.take(bytes)),
    onEnd: () => note(visit?.end()),
    onBad: (why) => note(why),
  });
  socket.on("data", (bytes: Buffer) => reader.push(bytes));
  socket.on("end", () => socket.end());
}
