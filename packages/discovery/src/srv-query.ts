import { randomInt } from "node:crypto";
import { createSocket } from "node:dgram";
import { connect, isIP, isIPv6 } from "node:net";
import { decode, encode, RECURSION_DESIRED, type DecodedPacket, type Packet } from "dns-packet";
import { newResolver, shortest, type ResolverRule } from "./resolve-addresses.js";
import type { SrvRecord } from "./srv-shares.js";
import type { Timers } from "./timers.js";

/** Answer to a question for SRV records. */
export interface SrvAnswer {
  readonly records: readonly SrvRecord[];
  /** The shortest TTL of them and of the names that lead to them, in seconds; undefined when there are none. */
  readonly ttlS: number | undefined;
}

/** Largest answer over UDP that needs no fragments. Source: DNS flag day 2020. */
const UDP_BYTES = 1232;

interface Server {
  readonly host: string;
  readonly port: number;
}

/** One question to one server. */
interface Exchange {
  readonly query: Packet;
  readonly bytes: Buffer;
  readonly server: Server;
  readonly timeoutMs: number;
  readonly timers: Timers;
  readonly signal: AbortSignal;
}

/**
 * Asks for SRV records, over UDP and for long answers over TCP. None when the name does not exist, or has none. Rejects when no
 * server gives an answer. It is here because the resolver of Node leaves the TTL of these records out.
 *
 * Source: RFC 1035 section 4.2, RFC 2782, RFC 6891 (EDNS), RFC 5452 (what an answer must echo).
 */
export async function querySrv(
  name: string,
  rule: ResolverRule,
  timers: Timers,
  signal: AbortSignal,
): Promise<SrvAnswer> {
  const servers = newResolver(rule).getServers().map(serverOf);
  let failure: unknown;
  for (let attempt = 0; attempt < rule.tries; attempt += 1) {
    for (const server of servers) {
      try {
        signal.throwIfAborted();
        const query = queryFor(name);
        const bytes = encode(query);
        const exchange = { query, bytes, server, timeoutMs: rule.timeoutMs, timers, signal };
        return answerOf(await ask(exchange), server);
      } catch (error) {
        signal.throwIfAborted();
        failure = error;
      }
    }
  }
  throw new Error(`no answer for SRV ${name}: ${String((failure as Error).message)}`, {
    cause: failure,
  });
}

function queryFor(name: string): Packet {
  return {
    type: "query",
    id: randomInt(0x10000),
    flags: RECURSION_DESIRED,
    questions: [{ type: "SRV", name }],
    additionals: [
      {
        ...{ type: "OPT", name: ".", udpPayloadSize: UDP_BYTES, flags: 0, flag_do: false },
        ...{ extendedRcode: 0, ednsVersion: 0, options: [] },
      },
    ],
  };
}

async function ask(exchange: Exchange): Promise<DecodedPacket> {
  const answer = await askOverUdp(exchange);
  return answer.flag_tc ? askOverTcp(exchange) : answer;
}

function answerOf(answer: DecodedPacket, { host, port }: Server): SrvAnswer {
  const { rcode } = answer as unknown as { readonly rcode: string };
  if (rcode !== "NOERROR" && rcode !== "NXDOMAIN")
    throw new Error(`${host} port ${port} says ${rcode}`);
  const chain = (answer.answers ?? []).filter(({ type }) => type === "SRV" || type === "CNAME");
  const records = chain.flatMap((record) => (record.type === "SRV" ? [record.data] : []));
  if (records.length === 0) return { records: [], ttlS: undefined };
  const ttls = chain.map((record) => ("ttl" in record ? (record.ttl ?? 0) : 0));
  return {
    records: records.map(({ target, port, priority = 0, weight = 0 }) => {
      return { target, port, priority, weight };
    }),
    ttlS: shortest(ttls),
  };
}

// Connected, so that only this server is heard, from a port that the system chose by chance.
function askOverUdp(exchange: Exchange): Promise<DecodedPacket> {
  const { query, bytes, server } = exchange;
  const socket = createSocket(isIPv6(server.host) ? "udp6" : "udp4");
  return settle(
    exchange,
    "UDP",
    () => socket.close(),
    (resolve, reject) => {
      socket.on("error", reject);
      socket.on("message", (message) => {
        const answer = decoded(message);
        if (answer !== undefined && isAnswerTo(query, answer)) resolve(answer);
      });
      socket.connect(server.port, server.host, () => socket.send(bytes));
    },
  );
}

function askOverTcp(exchange: Exchange): Promise<DecodedPacket> {
  const { query, bytes, server } = exchange;
  const socket = connect(server.port, server.host);
  return settle(
    exchange,
    "TCP",
    () => socket.destroy(),
    (resolve, reject) => {
      let received: Buffer = Buffer.alloc(0);
      socket.on("error", reject);
      socket.on("close", () => reject(new Error("the connection closed before the answer")));
      socket.on("data", (part: Buffer) => {
        received = Buffer.concat([received, part]);
        const length = received.length < 2 ? 0 : received.readUInt16BE(0);
        if (received.length < 2 + length) return;
        const answer = decoded(received.subarray(2, 2 + length));
        if (answer !== undefined && isAnswerTo(query, answer)) resolve(answer);
        else reject(new Error("the answer is not one to this question"));
      });
      const length = Buffer.alloc(2);
      length.writeUInt16BE(bytes.length);
      socket.write(Buffer.concat([length, bytes]));
    },
  );
}

/** Ends with the answer, an error, the time or the signal, and closes what was opened. */
function settle(
  { server, timeoutMs, timers, signal }: Exchange,
  transport: "UDP" | "TCP",
  close: () => void,
  start: (resolve: (answer: DecodedPacket) => void, reject: (error: unknown) => void) => void,
): Promise<DecodedPacket> {
  const { promise, resolve, reject } = Promise.withResolvers<DecodedPacket>();
  const place = `${server.host} port ${server.port} over ${transport}`;
  const fail = (error: unknown): void =>
    reject(new Error(`${place}: ${(error as Error).message}`, { cause: error }));
  const abort = (): void => reject(signal.reason);
  signal.addEventListener("abort", abort);
  if (signal.aborted) abort();
  const cancel = timers.after(
    timeoutMs,
    () => fail(new Error(`nothing within ${timeoutMs} ms`)),
    true,
  );
  start(resolve, fail);
  return promise.finally(() => {
    cancel();
    signal.removeEventListener("abort", abort);
    close();
  });
}

function isAnswerTo(query: Packet, answer: DecodedPacket): boolean {
  const [asked] = query.questions ?? [];
  const [echoed] = answer.questions ?? [];
  return (
    answer.type === "response" &&
    answer.id === query.id &&
    echoed?.type === asked?.type &&
    echoed?.name.toLowerCase() === asked?.name.replace(/\.$/, "").toLowerCase()
  );
}

function decoded(bytes: Buffer): DecodedPacket | undefined {
  try {
    return decode(bytes);
  } catch {
    return undefined;
  }
}

/** A server in the form in which Node writes it, which leaves port 53 out. */
function serverOf(text: string): Server {
  const [, bracketed, host = text, port = "53"] =
    /^(?:\[(.+)\]|([^:]+)):(\d+)$/.exec(isIP(text) === 0 ? text : "") ?? [];
  return { host: bracketed ?? host, port: Number(port) };
}
