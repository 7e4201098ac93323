import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import {
  isReadByNobody,
  isReadByUsAlone,
  isWatched,
  isWrittenByUsAlone,
  SpentParts,
  unsentOf,
} from "./spent-parts.js";

const KIB = 1_024;

/** A part that fills its memory alone. */
const part = (bytes = 64 * KIB): Buffer => Buffer.from(new ArrayBuffer(bytes));

/** Parts on their way to a place where so many bytes wait. */
function parts(waiting = 0) {
  const sink = { writableLength: waiting };
  return { sink, spent: new SpentParts(sink) };
}

const request = (): IncomingMessage => new IncomingMessage(new Socket());

function response(): ServerResponse {
  const res = new ServerResponse(request());
  res.assignSocket(new Socket());
  return res;
}

function ignore(): void {}

describe("parts that were written", () => {
  it("are given back when nothing waits any more, and only then", () => {
    const { sink, spent } = parts(1);
    const all = [part(), part()];
    for (const one of all) spent.add(one);
    spent.free();
    sink.writableLength = Number.POSITIVE_INFINITY;
    spent.free();
    expect(all.map(({ length }) => length)).toEqual([64 * KIB, 64 * KIB]);
    sink.writableLength = 0;
    spent.free();
    expect(all.map(({ length }) => length)).toEqual([0, 0]);
  });

  it("are given back once, and those that follow are remembered anew", () => {
    const { sink, spent } = parts();
    spent.add(part());
    spent.free();
    spent.free();
    const next = part();
    sink.writableLength = 1;
    spent.add(next);
    spent.free();
    expect(next.length).toBe(64 * KIB);
    sink.writableLength = 0;
    spent.free();
    expect(next.length).toBe(0);
  });

  it("are not given back before they are asked for", () => {
    const { spent } = parts();
    const one = part();
    spent.add(one);
    expect(one.length).toBe(64 * KIB);
  });

  it.each([
    ["as large as the least that is given back", part(16 * KIB), 0],
    ["smaller", part(16 * KIB - 1), 16 * KIB - 1],
    ["with something before them in their memory", part().subarray(1), 64 * KIB - 1],
    ["with something behind them", part().subarray(0, -1), 64 * KIB - 1],
    ["that are empty", part(0), 0],
  ])("are judged by their memory: those %s", (_, one, left) => {
    const { spent } = parts();
    const { byteLength } = one.buffer;
    spent.add(one);
    spent.free();
    expect(one.length).toBe(left);
    expect(one.buffer.byteLength).toBe(left === 0 ? 0 : byteLength);
  });

  it("are remembered up to a number, and the oldest are left alone", () => {
    const { spent } = parts();
    const all = Array.from({ length: 20 }, () => part(16 * KIB));
    for (const one of all) spent.add(one);
    spent.free();
    const left = all.map(({ length }) => length);
    expect(left).toEqual([...Array(4).fill(16 * KIB), ...Array(16).fill(0)]);
  });

  it("do not count towards that number when they are too small", () => {
    const { spent } = parts();
    const first = part();
    spent.add(first);
    for (let i = 0; i < 20; i++) spent.add(part(KIB));
    spent.free();
    expect(first.length).toBe(0);
  });
});

describe("what waits in a socket", () => {
  it("is what it says while it is open", () => {
    const socket = new Socket();
    expect(unsentOf(socket)).toBe(0);
    socket.cork();
    socket.write("abc");
    expect(unsentOf(socket)).toBe(3);
  });

  it("cannot be told where there is none, and of one that is closed", () => {
    expect(unsentOf(undefined)).toBe(Number.POSITIVE_INFINITY);
    expect(unsentOf(null)).toBe(Number.POSITIVE_INFINITY);
    expect(unsentOf(new Socket().destroy())).toBe(Number.POSITIVE_INFINITY);
    expect(unsentOf({ writableLength: 0 } as Socket)).toBe(Number.POSITIVE_INFINITY);
  });
});

describe("a request", () => {
  it("is read by nobody when it has just come", () => {
    expect(isReadByNobody(request())).toBe(true);
  });

  it("is read by nobody when a framework stands behind it", () => {
    const req = request();
    Object.setPrototypeOf(req, Object.create(IncomingMessage.prototype) as object);
    expect(isReadByNobody(req)).toBe(true);
  });

  it.each<[string, (req: IncomingMessage) => unknown]>([
    ["has a listener for its data", (req) => req.on("data", ignore)],
    ["has one that takes one part", (req) => req.once("data", ignore)],
    ["has one that reads", (req) => req.on("readable", ignore)],
    ["was piped", (req) => req.pipe(new PassThrough())],
    ["was let flow", (req) => req.resume()],
    ["was paused", (req) => req.pause()],
    ["had a listener", (req) => req.on("data", ignore).off("data", ignore)],
    ["has another `on`", (req) => (req.on = req.on.bind(req))],
    ["has another `emit`", (req) => (req.emit = req.emit.bind(req))],
    ["has another `push`", (req) => (req.push = req.push.bind(req))],
    ["has another `read`", (req) => (req.read = req.read.bind(req))],
  ])("is not when it %s", (_, touch) => {
    const req = request();
    touch(req);
    expect(isReadByNobody(req)).toBe(false);
  });

  it("is not when a class of its own has other methods", () => {
    class Watched extends IncomingMessage {
      override push(chunk: unknown): boolean {
        return super.push(chunk);
      }
    }
    expect(isReadByNobody(new Watched(new Socket()))).toBe(false);
  });

  it("is not when it is another stream", () => {
    expect(isReadByNobody(new PassThrough())).toBe(false);
  });

  it("is read by us alone as long as there is one listener", () => {
    const req = request().on("data", ignore);
    expect(isReadByUsAlone(req)).toBe(true);
    const other = (): void => {};
    for (const event of ["data", "readable"]) {
      req.on(event, other);
      expect(isReadByUsAlone(req)).toBe(false);
      req.off(event, other);
      expect(isReadByUsAlone(req)).toBe(true);
    }
    req.off("data", ignore);
    expect(isReadByUsAlone(req)).toBe(false);
  });
});

describe("a response", () => {
  it("is written by us alone when its `write` is that of Node", () => {
    expect(isWrittenByUsAlone(response())).toBe(true);
  });

  it("is not when its `write` is another", () => {
    const res = response();
    res.write = res.write.bind(res);
    expect(isWrittenByUsAlone(res)).toBe(false);
  });

  it("is not when a class of its own has another", () => {
    class Kept extends ServerResponse {
      override write(chunk: unknown): boolean {
        return super.write(chunk);
      }
    }
    expect(isWrittenByUsAlone(new Kept(request()))).toBe(false);
  });

  it("is not when it is none of HTTP/1", () => {
    expect(isWrittenByUsAlone(new PassThrough() as never)).toBe(false);
  });
});

it.each(["undici:request:bodyChunkReceived", "undici:request:bodyChunkSent"])(
  "parts are watched while somebody subscribes to %s",
  (channel) => {
    expect(isWatched()).toBe(false);
    subscribe(channel, ignore);
    expect(isWatched()).toBe(true);
    unsubscribe(channel, ignore);
    expect(isWatched()).toBe(false);
  },
);
