import { createSocket, type Socket as UdpSocket } from "node:dgram";
import { once } from "node:events";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { decode, encode, TRUNCATED_RESPONSE, type Answer, type Packet } from "dns-packet";

/** What a name is answered with: records, or a way to fail. */
export type Reply =
  | readonly Answer[]
  | { readonly rcode: number }
  /** No answer at all. */
  | "silence"
  /** Bytes that are no answer, and then the records. */
  | { readonly after: readonly Partial<Packet>[]; readonly records: readonly Answer[] }
  /** A cut answer over UDP, and the records over TCP. */
  | { readonly truncated: readonly Answer[] };

/** A name server on a loopback port, over UDP and TCP. */
export class DnsServer {
  /** Replies by `"TYPE name"`. What is not there does not exist. */
  readonly zone = new Map<string, Reply>();
  /** What was asked, as `"udp TYPE name"`. */
  readonly asked: string[] = [];
  readonly #udp: UdpSocket;
  readonly #tcp: Server;
  readonly #connections = new Set<Socket>();
  /** Host and port, as the resolver of Node writes them. */
  readonly address: string;

  private constructor(udp: UdpSocket, tcp: Server) {
    this.#udp = udp;
    this.#tcp = tcp;
    const { address: host, port } = udp.address();
    this.address = host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
    udp.on("message", (message, { address, port: from }) => {
      for (const answer of this.#answersTo(message, "udp"))
        udp.send(typeof answer === "string" ? answer : encode(answer), from, address);
    });
    tcp.on("connection", (socket) => {
      this.#connections.add(socket);
      socket.on("error", () => {});
      socket.on("data", (bytes) => {
        for (const answer of this.#answersTo(bytes.subarray(2), "tcp")) {
          const message = typeof answer === "string" ? Buffer.from(answer) : encode(answer);
          const length = Buffer.alloc(2);
          length.writeUInt16BE(message.length);
          // In two parts, which a reader has to put together.
          socket.write(Buffer.concat([length, message.subarray(0, 5)]));
          setImmediate(() => socket.end(message.subarray(5)));
        }
      });
    });
  }

  static async start(host = "127.0.0.1"): Promise<DnsServer> {
    for (;;) {
      const tcp = createServer();
      await once(tcp.listen(0, host), "listening");
      const udp = createSocket(host.includes(":") ? "udp6" : "udp4");
      udp.bind((tcp.address() as AddressInfo).port, host);
      try {
        await once(udp, "listening");
        return new DnsServer(udp, tcp);
      } catch {
        // Somebody else has this port over UDP: another one.
        tcp.close();
      }
    }
  }

  async close(): Promise<void> {
    for (const socket of this.#connections) socket.destroy();
    this.#udp.close();
    await once(this.#tcp.close(), "close");
  }

  #answersTo(message: Buffer, transport: "udp" | "tcp"): readonly (Packet | string)[] {
    const { id, questions = [] } = decode(message);
    const [{ type, name } = { type: "", name: "" }] = questions;
    this.asked.push(`${transport} ${type} ${name}`);
    const reply = this.zone.get(`${type} ${name}`) ?? { rcode: 3 };
    const answer: Packet = { type: "response", id, questions };
    if (reply === "silence") return [];
    if ("rcode" in reply) return [{ ...answer, flags: reply.rcode }];
    if ("after" in reply) {
      const strays = reply.after.map((stray) => ({ ...answer, ...stray }));
      return ["?", ...strays, { ...answer, answers: [...reply.records] }];
    }
    if (!("truncated" in reply)) return [{ ...answer, answers: [...reply] }];
    if (transport === "udp") return [{ ...answer, flags: TRUNCATED_RESPONSE }];
    return [{ ...answer, answers: [...reply.truncated] }];
  }
}

/** An SRV record of a name. */
export function srv(
  name: string,
  ttl: number,
  [priority, weight, port, target]: readonly [number, number, number, string],
): Answer {
  return { type: "SRV", name, ttl, data: { priority, weight, port, target } };
}
