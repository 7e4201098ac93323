import { describe, expect, it } from "vitest";
import { answerProblem, type SentHeaders } from "./web-socket.js";

// The example of RFC 6455 section 1.3.
const sent: SentHeaders = { "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==" };
const lawful = {
  upgrade: "websocket",
  connection: "Upgrade",
  "sec-websocket-accept": "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
};
const problem = (headers: Record<string, string>, more: SentHeaders = {}, statusCode = 101) =>
  answerProblem({ ...sent, ...more }, { statusCode, headers: { ...lawful, ...headers } });

describe("a 101 answers what was asked", () => {
  it.each<[what: string, headers: Record<string, string>, more?: SentHeaders]>([
    ["with nothing but what is needed", {}],
    ["in other case, among other tokens", { upgrade: "WebSocket", connection: "x, uPGRADE" }],
    [
      "with a subprotocol that was offered",
      { "sec-websocket-protocol": "b" },
      { "sec-websocket-protocol": ["a", "b, c"] },
    ],
    ["without any that was offered", {}, { "sec-websocket-protocol": "a" }],
    [
      "with extensions that were offered, whatever their parameters",
      { "sec-websocket-extensions": "permessage-deflate; server_max_window_bits=10,y" },
      { "sec-websocket-extensions": "x, permessage-deflate; client_max_window_bits, y;a=1" },
    ],
  ])("%s", (_, headers, more) => expect(problem(headers, more)).toBeUndefined());
});

describe("a 101 does not answer what was asked", () => {
  it.each<[what: string, headers: Record<string, string>, more?: SentHeaders]>([
    ["the answer is for another protocol", { upgrade: "h2c" }],
    ["the answer is for another protocol", { upgrade: "websocket, h2c" }],
    ["the answer does not switch the connection", { connection: "keep-alive" }],
    ["the answer does not switch the connection", { connection: "no-upgrade" }],
    ["the answer is for another key", { "sec-websocket-accept": "" }],
    [
      "the answer is for another key",
      { "sec-websocket-accept": `${lawful["sec-websocket-accept"]}, x` },
    ],
    [
      "the answer names a subprotocol that was not offered",
      { "sec-websocket-protocol": "A" },
      { "sec-websocket-protocol": "a" },
    ],
    [
      "the answer names a subprotocol that was not offered",
      { "sec-websocket-protocol": "a, b" },
      { "sec-websocket-protocol": "a, b" },
    ],
    ["the answer names a subprotocol that was not offered", { "sec-websocket-protocol": "" }],
    [
      "the answer names an extension that was not offered",
      { "sec-websocket-extensions": "permessage-deflate" },
    ],
    [
      "the answer names an extension that was not offered",
      { "sec-websocket-extensions": "x, y; z" },
      { "sec-websocket-extensions": "x; y" },
    ],
  ])("%s: %o", (what, headers, more) => expect(problem(headers, more)).toBe(what));

  it("the answer is no 101", () => expect(problem({}, {}, 200)).toBe("the answer is no 101"));
});
