import { once } from "node:events";
import { constants, createServer as createHttp2, type ServerHttp2Session } from "node:http2";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { createServer as createTls } from "node:tls";
import type { TestCertificate } from "../certificates.js";
import type { HostileInstance, Reception } from "../hostile/hostile-instance.js";
import type { Visits } from "../hostile/visits.js";
import { http2Behaviour, unseen } from "./http2-behaviours.js";
import { Http2Visit, type Connection } from "./http2-visit.js";

/** How an instance behaves that speaks HTTP/2. */
export interface Http2HostileOptions {
  /** Chooses for each connection, which are counted from 1. Default: serve. */
  readonly receive?: (connection: number) => Reception;
  /** Chooses for each request. Default: what its path names. */
  readonly behave?: (visit: Http2Visit) => string;
  /** Most streams of one connection. Default: 100. */
  readonly streams?: number;
  /** With one it speaks over TLS, and says so by ALPN. Default: h2c. */
  readonly certificate?: TestCertificate;
}

/** An instance that speaks HTTP/2 and does what it is told, however bad. */
export async function startHttp2Hostile(
  visits: Visits,
  { receive = () => "serve", behave, streams = 100, certificate }: Http2HostileOptions = {},
): Promise<HostileInstance> {
  const sockets = new Set<Socket>();
  const connections = new WeakMap<ServerHttp2Session, Connection>();
  const http2 = createHttp2({ settings: { maxConcurrentStreams: streams } });
  let opening: Socket | undefined;
  http2.on("session", (session) => {
    session.on("error", () => {});
    if (opening !== undefined) connections.set(session, { socket: opening, isLeaving: false });
  });
  http2.on("stream", (stream, headers) => {
    stream.on("error", () => {});
    const connection = connections.get(stream.session as ServerHttp2Session) as Connection;
    if (connection.isLeaving) stream.close(constants.NGHTTP2_REFUSED_STREAM);
    else serve(new Http2Visit(stream, headers, connection), visits, behave);
  });
  let count = 0;
  const take = (socket: Socket): void => {
    sockets.add(socket);
    socket.on("error", () => {}).on("close", () => sockets.delete(socket));
    const reception = receive(++count);
    if (reception === "reset") socket.resetAndDestroy();
    else if (reception === "close") socket.end().resume();
    else if (reception === "hang") socket.on("end", () => socket.end()).resume();
    else {
      opening = socket;
      http2.emit("connection", socket);
      opening = undefined;
    }
  };
  const server = listener(take, certificate);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `${certificate === undefined ? "http" : "https"}://127.0.0.1:${port}`,
    sockets,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function listener(take: (socket: Socket) => void, certificate?: TestCertificate): Server {
  if (certificate === undefined) return createServer({ noDelay: true }, take);
  const { cert, key } = certificate;
  return createTls({ cert, key, ALPNProtocols: ["h2"] }, take);
}

function serve(visit: Http2Visit, visits: Visits, behave: Http2HostileOptions["behave"]): void {
  const { stream } = visit;
  const note = (wrong: string | undefined): void => {
    if (wrong !== undefined) visits.wrongs.push(`at an instance: ${wrong}: ${visit.head.start}`);
  };
  note(visit.wrong);
  const name = behave?.(visit) ?? visit.behaviour;
  if (!unseen.includes(name)) visits.add(visit.id, visit.method, visit.path);
  let isCut = false;
  stream.on("aborted", () => (isCut = true));
  stream.on("data", (bytes: Buffer) => note(visit.take(bytes)));
  // Node tells the end of a stream that was cut too.
  stream.on("end", () => {
    if (!isCut && !visit.isBrokenOff && stream.rstCode === 0) note(visit.end());
  });
  http2Behaviour(name)(visit);
}
