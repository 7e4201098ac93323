import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { afterEach } from "vitest";
import { open } from "./kit.js";
import { rig, type Rig } from "./rig.js";

/** An instance that keeps every byte it gets, and answers with bytes. */
export interface WireInstance {
  readonly url: string;
  readonly port: number;
  readonly sockets: ReadonlySet<Socket>;
  /** Connections that were made so far. */
  readonly connections: () => number;
  /** All that came, over all connections. */
  readonly received: () => string;
  /** Lines of the first head that came. */
  readonly head: () => readonly string[];
  /** Values of a field in the first head. */
  readonly values: (name: string) => readonly string[];
  /** Takes no new connections; those that stand serve on. */
  refuse(): void;
  close(): Promise<void>;
}

/** Answers one request head. Requests of a connection are counted from 1. */
export type WireAnswer = (socket: Socket, head: string, count: number) => void;

export const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

export interface SecurityRig extends Rig {
  wire(answer?: string | WireAnswer): Promise<WireInstance>;
}

/** The servers of a test file, with instances that speak in bytes. All are closed behind each test. */
export function securityRig(): SecurityRig {
  const instances: WireInstance[] = [];
  afterEach(async () => {
    for (const instance of instances.splice(0)) await instance.close();
  });
  // The hook that is set last runs first: gateways go before the instances behind them.
  const base = rig();
  const wire = async (answer: string | WireAnswer = OK): Promise<WireInstance> => {
    const instance = await startWire(
      typeof answer === "string" ? (socket) => void socket.write(answer, "latin1") : answer,
    );
    instances.push(instance);
    return instance;
  };
  return { ...base, wire };
}

async function startWire(answer: WireAnswer): Promise<WireInstance> {
  const sockets = new Set<Socket>();
  const streams: string[] = [];
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    sockets.add(socket);
    const at = streams.push("") - 1;
    let count = 0;
    let unread = "";
    socket.on("error", () => {}).on("close", () => sockets.delete(socket));
    socket.on("end", () => socket.end());
    socket.on("data", (bytes: Buffer) => {
      streams[at] += bytes.toString("latin1");
      unread += bytes.toString("latin1");
      for (let end = unread.indexOf("\r\n\r\n"); end !== -1; end = unread.indexOf("\r\n\r\n")) {
        const head = unread.slice(0, end);
        unread = unread.slice(end + 4);
        answer(socket, head, ++count);
      }
    });
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  const head = (): string[] => streams.join("").split("\r\n\r\n", 1)[0]?.split("\r\n") ?? [];
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    sockets,
    connections: () => streams.length,
    received: () => streams.join(""),
    head,
    values: (name) => valuesIn(head(), name),
    refuse: () => void server.close(),
    close: async () => {
      for (const socket of sockets) socket.destroy();
      if (server.listening) await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Values of a field in the lines of a head. */
export function valuesIn(lines: readonly string[], name: string): string[] {
  return lines.slice(1).flatMap((line) => {
    const colon = line.indexOf(":");
    return line.slice(0, colon).toLowerCase() === name ? [line.slice(colon + 1).trim()] : [];
  });
}

/** Sends bytes on a connection of their own, and waits until it is closed for all that comes back. */
export async function exchange(port: number, bytes: string): Promise<string> {
  const client = await open(port);
  client.write(bytes, "latin1");
  // A reset is an end as well.
  if (!client.closed) await new Promise((resolve) => client.once("close", resolve));
  return client.received();
}

/** The head of a request without its end, from its target and its other lines. */
export function get(target: string, ...lines: readonly string[]): string {
  return [`GET ${target} HTTP/1.1`, ...lines, "", ""].join("\r\n");
}

/** The responses in what came back, by their status. */
export function statusesIn(received: string): number[] {
  return [...received.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
}
