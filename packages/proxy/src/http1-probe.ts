import { request as startRequest, type ClientRequest, type IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { ProbeRule } from "@signalbox/core";
import { FirstBytes, isExpected } from "./probe-answer.js";
import { targetOf, USER_AGENT, type Answered } from "./probe-request.js";

/** Asks over HTTP/1.1. The answer is waited for to its end, or up to as much of it as is looked at. */
export function askHttp1(
  socket: Socket,
  authority: string,
  rule: ProbeRule,
  answered: Answered,
): void {
  let request: ClientRequest;
  try {
    request = startRequest({
      method: rule.method,
      path: targetOf(rule),
      headers: ["host", rule.host || authority, "user-agent", USER_AGENT, "connection", "close"],
      createConnection: () => socket,
      setHost: false,
      maxHeaderSize: 65_536,
      insecureHTTPParser: false,
    } as never);
  } catch {
    answered(false);
    return;
  }
  request
    .on("response", (response) => read(response, rule, answered))
    .on("upgrade", () => answered(false))
    .on("error", () => answered(false))
    .end();
}

function read(response: IncomingMessage, rule: ProbeRule, answered: Answered): void {
  const body = new FirstBytes();
  const judge = (): void => answered(isExpected(rule, response.statusCode as number, body.all));
  response
    .on("data", (part: Buffer) => body.add(part) || judge())
    .on("end", judge)
    .on("error", () => answered(false));
}
