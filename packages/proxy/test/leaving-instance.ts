import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer as createHttp, type IncomingMessage, type ServerResponse } from "node:http";
import {
  constants,
  createServer as createHttp2,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import { createServer as createTcp, type AddressInfo, type Socket } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";

export type InstanceTransport =
  | "HTTP/1.1"
  | "HTTP/2"
  | "HTTP/1.1 on a Unix socket"
  | "HTTP/2 on a Unix socket"
  | "unpooled HTTP/1.1";

/** How either side leaves; `ends for good` is the end of an instance with its listener. */
export type Way =
  "ends its connection" | "resets its connection" | "resets its stream" | "ends for good";

/** One request as an instance sees it. */
export interface Visit {
  readonly path: string;
  /** What of its body came. */
  body: string;
  /** Whether all of it came. */
  isWhole: boolean;
  /** Whether it is over, whichever way. */
  isOver: boolean;
  /** Answers where it said nothing so far. */
  answer(): void;
  /** Resets the stream, where there is one. */
  reset(): void;
}

/** An instance that answers by the path, leaves in all ways, and keeps what it saw. */
export interface LeavingInstance {
  /** Its part in the configuration. */
  readonly config: { readonly id: string; readonly url: string; readonly socketPath?: string };
  readonly visits: readonly Visit[];
  readonly sockets: ReadonlySet<Socket>;
  /** With the first bytes of a new connection from now on; undefined to stay. */
  leaveAtOnce(how: Way | undefined): void;
  /** Now, and where it resets a stream only for this visit. */
  leave(how: Way, visit: Visit | undefined): void;
  /** Listens again at the same place. */
  comeBack(): Promise<void>;
  close(): Promise<void>;
}

interface Answer {
  readonly text: string;
  readonly isAll?: boolean;
  readonly length?: number;
  /** The end of the connection is that of the body, where the protocol knows that. */
  readonly untilClose?: boolean;
}

/** What is answered at once, by the path; everything else waits. */
const answers: { readonly [path: string]: Answer } = {
  "/all": { text: "all", isAll: true },
  "/counted": { text: "part", length: 8 },
  "/chunked": { text: "part" },
  "/until-close": { text: "part", untilClose: true },
};

/** Ends or resets a connection. */
export function leave(socket: Socket, how: Way): void {
  if (how === "resets its connection") socket.resetAndDestroy();
  else socket.end();
}

export async function startLeaving(transport: InstanceTransport): Promise<LeavingInstance> {
  const visits: Visit[] = [];
  const sockets = new Set<Socket>();
  let atOnce: Way | undefined;
  const parser = transport.startsWith("HTTP/2") ? http2Parser(visits) : http1Parser(visits);
  const server = createTcp((socket) => {
    sockets.add(socket);
    socket.on("error", ignore).on("close", () => sockets.delete(socket));
    const how = atOnce;
    if (how === undefined) parser.emit("connection", socket);
    else socket.once("data", () => leave(socket, how));
  });
  const folder = transport.includes("Unix") ? await mkdtemp(path.join(tmpdir(), "leaving-")) : "";
  const socketPath = path.join(folder, "instance.sock");
  const listen = async (port: number): Promise<void> => {
    const at = folder === "" ? { port, host: "127.0.0.1" } : { path: socketPath };
    await once(server.listen(at), "listening");
  };
  await listen(0);
  const port = folder === "" ? (server.address() as AddressInfo).port : 80;
  const config = { id: "one", url: `http://127.0.0.1:${port}` };
  return {
    config: folder === "" ? config : { ...config, socketPath },
    visits,
    sockets,
    leaveAtOnce: (how) => (atOnce = how),
    leave: (how, visit) => {
      if (how === "ends for good") server.close();
      if (how === "resets its stream") visit?.reset();
      else for (const socket of sockets) leave(socket, how);
    },
    comeBack: async () => {
      if (!server.listening) await listen(port);
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      if (server.listening) await new Promise((resolve) => server.close(resolve));
      if (folder !== "") await rm(folder, { recursive: true });
    },
  };
}

function http1Parser(visits: Visit[]): NodeJS.EventEmitter {
  return createHttp({ keepAliveTimeout: 60_000 }, (req, res) => {
    visits.push(visitOf(req, res));
  });
}

function visitOf(req: IncomingMessage, res: ServerResponse): Visit {
  const answer = (): void => void res.end("all");
  const visit = newVisit(req.url as string, answer, ignore);
  req
    .on("data", (chunk: Buffer) => (visit.body += chunk.toString()))
    .on("end", () => (visit.isWhole = req.complete))
    .on("error", ignore);
  res.on("close", () => (visit.isOver = true)).on("error", ignore);
  const answering = answers[visit.path];
  if (answering === undefined) return visit;
  if (answering.length !== undefined) res.setHeader("content-length", answering.length);
  if (answering.untilClose === true) res.removeHeader("transfer-encoding");
  if (answering.isAll === true) res.end(answering.text);
  else res.write(answering.text);
  return visit;
}

function http2Parser(visits: Visit[]): NodeJS.EventEmitter {
  return createHttp2()
    .on("session", (session: ServerHttp2Session) => session.on("error", ignore))
    .on("stream", (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
      visits.push(visitOfStream(stream, headers[":path"] as string));
    });
}

function visitOfStream(stream: ServerHttp2Stream, path: string): Visit {
  const answer = (): void => {
    stream.respond({ ":status": 200 });
    stream.end("all");
  };
  const reset = (): void => stream.close(constants.NGHTTP2_INTERNAL_ERROR);
  const visit = newVisit(path, answer, reset);
  stream
    .on("data", (chunk: Buffer) => (visit.body += chunk.toString()))
    // Node tells the end of an aborted stream too, behind its abort.
    .on("end", () => (visit.isWhole = !stream.aborted))
    .on("close", () => (visit.isOver = true))
    // Where trailers may follow, Node does not end a stream that it resets.
    .on("wantTrailers", () => stream.sendTrailers({}))
    .on("error", ignore);
  const answering = answers[path];
  if (answering === undefined) return visit;
  const head = answering.length === undefined ? {} : { "content-length": answering.length };
  stream.respond({ ":status": 200, ...head }, { waitForTrailers: true });
  if (answering.isAll === true) stream.end(answering.text);
  else stream.write(answering.text);
  return visit;
}

function newVisit(path: string, answer: () => void, reset: () => void): Visit {
  return { path, body: "", isWhole: false, isOver: false, answer, reset };
}

function ignore(): void {}
