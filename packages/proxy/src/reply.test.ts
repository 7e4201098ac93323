import { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { PendingHeads } from "./pending-heads.js";
import { Reply } from "./reply.js";

/** A reply, and what of it a client has got. */
function startReply(heads = new PendingHeads()): {
  reply: Reply;
  res: ServerResponse;
  sent: () => string;
} {
  let sent = "";
  const socket = new Duplex({
    read: () => {},
    write: (chunk: Buffer, _, done) => {
      sent += chunk.toString("latin1");
      done();
    },
  });
  const res = new ServerResponse(new IncomingMessage(socket as Socket));
  res.assignSocket(socket as Socket);
  res.on("error", () => {});
  const owner = { onHeadAlone: () => {}, onDrain: () => {}, failed: () => {} };
  return { reply: new Reply(res, heads, owner), res, sent: () => sent };
}

describe("a small reply of which all has come", () => {
  const whole = ["content-type", "text/plain", "content-length", "2"];

  it("goes out at the end of the turn", async () => {
    const { reply, sent } = startReply();
    reply.head(200, whole, 2);
    reply.data(Buffer.from("ok"));
    reply.end();
    expect(sent()).toBe("");
    await turn();
    expect(sent()).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\nok$/);
  });

  it("goes out earlier when many have come", async () => {
    const heads = new PendingHeads();
    const all = Array.from({ length: 100 }, () => startReply(heads));
    const ended = (): number => all.filter(({ res }) => res.writableEnded).length;
    for (const [i, { reply }] of all.entries()) {
      reply.head(200, whole, 2);
      reply.data(Buffer.from("ok"));
      reply.end();
      expect(ended()).toBe(i < 63 ? 0 : 64);
    }
    await turn();
    expect(ended()).toBe(100);
    expect(all.every(({ sent }) => sent().endsWith("\r\n\r\nok"))).toBe(true);
  });

  it("is not cut any more", async () => {
    const { reply, res, sent } = startReply();
    reply.head(200, whole, 2);
    reply.data(Buffer.from("ok"));
    reply.end();
    reply.cut();
    expect(res.writableEnded).toBe(true);
    await turn();
    expect(sent()).toMatch(/\r\n\r\nok$/);
    expect(res.destroyed).toBe(false);
  });
});

it("a reply whose end has not come is cut behind its head", async () => {
  const { reply, res, sent } = startReply();
  reply.head(200, ["content-length", "2"], 2);
  reply.data(Buffer.from("o"));
  reply.cut();
  await turn();
  expect(sent()).toMatch(/\r\n\r\no$/);
  expect(res.destroyed).toBe(true);
});
