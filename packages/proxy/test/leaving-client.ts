import { once } from "node:events";
import { Agent, request, type IncomingMessage } from "node:http";
import { connect as connectHttp2, constants } from "node:http2";
import { connect, type Socket } from "node:net";
import { leave, type Way } from "./leaving-instance.js";

export type ClientTransport = "HTTP/1.1" | "HTTP/2";

/** What of an upload is sent; no more follows. */
export type Upload = "none" | "all" | "a part" | "a part of a counted one";

/** What a client sees of its answer. */
interface Sight {
  /** 0 while there is none. */
  status: number;
  body: string;
  /** `cut` where it has ended and is visibly not whole. */
  end: "none" | "whole" | "cut";
}

/** One request on a connection of its own. */
export interface LeavingClient {
  readonly sight: Sight;
  /** Whether its connection is closed. */
  readonly isGone: () => boolean;
  leave(how: Way): void;
  close(): void;
}

/** A request as it is sent. */
interface Asked {
  readonly path: string;
  readonly upload: Upload;
  readonly headers: { readonly [name: string]: string | number };
}

const PART = "part";

/** Sends a request, or as much of it as is asked for. */
export async function ask(
  transport: ClientTransport,
  port: number,
  path: string,
  upload: Upload,
  takesTrailers: boolean,
): Promise<LeavingClient> {
  const socket = connect(port, "127.0.0.1").on("error", ignore);
  await once(socket, "connect");
  const headers = {
    ...(takesTrailers ? { te: "trailers" } : {}),
    ...(upload === "a part of a counted one" ? { "content-length": PART.length * 2 } : {}),
  };
  const asked = { path, upload, headers };
  return transport === "HTTP/2" ? askHttp2(socket, asked) : askHttp1(socket, asked);
}

function askHttp1(socket: Socket, { path, upload, headers }: Asked): LeavingClient {
  const sight: Sight = { status: 0, body: "", end: "none" };
  const agent = new Agent({ keepAlive: true });
  agent.createConnection = () => socket;
  const connection = "te" in headers ? { connection: "keep-alive, TE" } : {};
  const method = methodOf(upload);
  const req = request({ agent, path, method, headers: { ...headers, ...connection } });
  req
    .on("response", (res: IncomingMessage) => {
      sight.status = res.statusCode as number;
      res
        .on("data", (chunk: Buffer) => (sight.body += chunk.toString()))
        .on("close", () => (sight.end = res.complete ? "whole" : "cut"))
        .on("error", ignore);
    })
    .on("error", () => {
      if (sight.status === 0) sight.end = "cut";
    });
  if (upload !== "none") req.write(PART);
  if (upload === "none" || upload === "all") req.end();
  return {
    sight,
    isGone: () => socket.closed,
    leave: (how) => leave(socket, how),
    close: () => void socket.destroy(),
  };
}

function askHttp2(socket: Socket, { path, upload, headers }: Asked): LeavingClient {
  const sight: Sight = { status: 0, body: "", end: "none" };
  const session = connectHttp2("http://proxy.test", { createConnection: () => socket });
  session.on("error", ignore);
  const stream = session.request(
    { ":method": methodOf(upload), ":path": path, ...headers },
    // Where trailers may follow, Node does not end a stream that it resets.
    { endStream: upload === "none", waitForTrailers: upload !== "none" },
  );
  let hasEnded = false;
  stream
    .on("response", (headers) => (sight.status = Number(headers[":status"])))
    .on("data", (chunk: Buffer) => (sight.body += chunk.toString()))
    .on("end", () => (hasEnded = !stream.aborted))
    .on("wantTrailers", () => {
      if (upload === "all") stream.sendTrailers({});
    })
    .on("close", () => {
      const isWhole = hasEnded && stream.rstCode === constants.NGHTTP2_NO_ERROR;
      sight.end = isWhole ? "whole" : "cut";
    })
    .on("error", ignore);
  if (upload !== "none") stream.write(PART);
  if (upload === "all") stream.end();
  return {
    sight,
    isGone: () => socket.closed,
    leave: (how) => {
      if (how === "resets its stream") stream.close(constants.NGHTTP2_CANCEL);
      else leave(socket, how);
    },
    close: () => session.destroy(),
  };
}

function methodOf(upload: Upload): string {
  return upload === "none" ? "GET" : "POST";
}

function ignore(): void {}
