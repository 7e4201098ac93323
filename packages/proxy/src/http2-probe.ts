import {
  connect,
  constants,
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type IncomingHttpHeaders,
  type IncomingHttpStatusHeader,
  type OutgoingHttpHeaders,
} from "node:http2";
import type { Socket } from "node:net";
import type { ProbeRule } from "@signalbox/core";
import { HEALTH_CHECK, healthRequest, isServing } from "./grpc-health.js";
import { FirstBytes, isExpected } from "./probe-answer.js";
import { targetOf, USER_AGENT, type Answered } from "./probe-request.js";

/** What came back on a stream. */
interface StreamAnswer {
  readonly status: number;
  readonly head: IncomingHttpHeaders;
  readonly trailers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Where and as whom an instance is asked. */
interface Place {
  readonly scheme: string;
  readonly authority: string;
}

/**
 * Asks over HTTP/2: for a path, or by the gRPC health protocol. The answer is waited for to its end, or up to as much of
 * it as is looked at.
 *
 * @returns the connection, to be destroyed
 */
export function askHttp2(
  socket: Socket,
  { scheme, authority }: Place,
  rule: ProbeRule,
  answered: Answered,
): ClientHttp2Session {
  const session = connect(`http://${authority}`, {
    createConnection: () => socket,
    maxHeaderListPairs: 2_000,
    settings: { enablePush: false },
  });
  // Its end is that of the stream, too.
  session.on("error", () => answered(false)).unref();
  const place = { ":scheme": scheme, ":authority": rule.host || authority };
  try {
    if (rule.type === "grpc") askHealth(session, place, rule, answered);
    else askPath(session, place, rule, answered);
  } catch {
    answered(false);
  }
  return session;
}

function askPath(
  session: ClientHttp2Session,
  place: OutgoingHttpHeaders,
  rule: ProbeRule,
  answered: Answered,
): void {
  const head = { ":method": rule.method, ":path": targetOf(rule), "user-agent": USER_AGENT };
  const stream = session.request({ ...place, ...head }, { endStream: true });
  read(stream, answered, ({ status, body }) => isExpected(rule, status, body));
}

function askHealth(
  session: ClientHttp2Session,
  place: OutgoingHttpHeaders,
  rule: ProbeRule,
  answered: Answered,
): void {
  const stream = session.request({
    ...place,
    ":method": "POST",
    ":path": HEALTH_CHECK,
    "content-type": "application/grpc",
    "user-agent": USER_AGENT,
    te: "trailers",
  });
  read(stream, answered, isHealthy);
  stream.end(healthRequest(rule.grpcService));
}

// A call that failed may have no body: its status stands in the head then.
function isHealthy({ status, head, trailers, body }: StreamAnswer): boolean {
  const code = trailers["grpc-status"] ?? head["grpc-status"];
  const isGrpc = head["content-type"]?.startsWith("application/grpc") === true;
  return status === 200 && isGrpc && code === "0" && isServing(body);
}

function read(
  stream: ClientHttp2Stream,
  answered: Answered,
  passes: (answer: StreamAnswer) => boolean,
): void {
  const body = new FirstBytes();
  let head: IncomingHttpHeaders & IncomingHttpStatusHeader = {};
  let trailers: IncomingHttpHeaders = {};
  const judge = (): void =>
    answered(passes({ status: Number(head[":status"]), head, trailers, body: body.all }));
  stream
    .on("response", (headers) => (head = headers))
    .on("trailers", (headers) => (trailers = headers))
    .on("data", (part: Buffer) => body.add(part) || judge())
    .on("error", () => answered(false))
    // Streams that were cut end too: how is known when they are closed.
    .on("close", () => {
      if (stream.rstCode === constants.NGHTTP2_NO_ERROR) judge();
      else answered(false);
    });
}
