import type { Socket } from "node:net";
import { Readable } from "node:stream";
import { setImmediate as turn } from "node:timers/promises";
import { TLSSocket } from "node:tls";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readPromptly } from "./prompt-reads.js";

/** A socket whose reader reads until there is nothing left, unless it is paused, as the parser of undici does. */
class Reader {
  readonly socket: Readable;
  readonly seen: string[] = [];
  isPaused = false;
  hasEnded = false;
  /** How often the source was asked for more. */
  asked = 0;
  onPart = (_part: string): void => {};

  constructor() {
    this.socket = new Readable({ read: () => void this.asked++, highWaterMark: 8 });
    readPromptly(this.socket as Socket);
    this.socket.on("readable", () => this.readAll());
    this.socket.on("end", () => (this.hasEnded = true));
  }

  readAll(): void {
    while (!this.isPaused) {
      const part = this.socket.read() as Buffer | null;
      if (part === null) return;
      this.seen.push(part.toString());
      this.onPart(part.toString());
    }
  }

  resume(): void {
    this.isPaused = false;
    this.readAll();
  }
}

const push = (reader: Reader, text: string): boolean => reader.socket.push(Buffer.from(text));

describe("a reader that waits", () => {
  it("has a part when it comes", () => {
    const reader = new Reader();
    expect(push(reader, "one")).toBe(true);
    expect(reader.seen).toEqual(["one"]);
    expect(push(reader, "two")).toBe(true);
    expect(reader.seen).toEqual(["one", "two"]);
  });

  it("hears of the end behind the last part", async () => {
    const reader = new Reader();
    push(reader, "one");
    reader.socket.push(null);
    await turn();
    expect([reader.seen, reader.hasEnded]).toEqual([["one"], true]);
  });

  it("has what it asked to have back before what comes then", async () => {
    const reader = new Reader();
    reader.onPart = (part) => {
      if (part !== "head and body") return;
      reader.isPaused = true;
      reader.socket.unshift(Buffer.from("body"));
    };
    push(reader, "head and body");
    push(reader, "more");
    reader.resume();
    push(reader, "last");
    await turn();
    expect(reader.seen).toEqual(["head and body", "bodymore", "last"]);
  });
});

describe("a reader that is paused", () => {
  it("gets what came meanwhile, and holds back its source", async () => {
    const reader = new Reader();
    reader.isPaused = true;
    expect(push(reader, "12345")).toBe(true);
    expect(push(reader, "67890")).toBe(false);
    await turn();
    const before = reader.asked;
    reader.resume();
    expect(reader.seen.join("")).toBe("1234567890");
    expect(reader.asked).toBeGreaterThan(before);
    await turn();
    push(reader, "more");
    await turn();
    expect(reader.seen.join("")).toBe("1234567890more");
  });
});

describe("in the midst of a part", () => {
  it("what comes then waits", async () => {
    const reader = new Reader();
    reader.onPart = (part) => {
      if (part === "one") push(reader, "two");
      expect(reader.seen).toEqual(part === "one" ? ["one"] : ["one", "two"]);
    };
    push(reader, "one");
    await turn();
    expect(reader.seen).toEqual(["one", "two"]);
  });

  it("another socket still asks its source for more", () => {
    const [one, other] = [new Reader(), new Reader()];
    one.onPart = () => other.readAll();
    push(one, "part");
    expect(other.asked).toBe(1);
  });

  it("an error of the reader leaves nothing behind", async () => {
    const reader = new Reader();
    reader.onPart = () => {
      throw new Error("bad part");
    };
    expect(() => push(reader, "bad")).toThrow("bad part");
    reader.onPart = () => {};
    push(reader, "good");
    await turn();
    expect(reader.seen).toEqual(["bad", "good"]);
  });
});

it.each([
  ["is heard beside", (socket: Readable) => socket.on("data", () => {})],
  ["is not alone", (socket: Readable) => socket.on("readable", () => {})],
])("a reader that %s has the stream's way", (_, listen) => {
  const reader = new Reader();
  listen(reader.socket);
  push(reader, "one");
  expect(reader.seen).toEqual([]);
});

it("leaves TLS alone", () => {
  const socket = Object.create(TLSSocket.prototype) as TLSSocket;
  readPromptly(socket);
  expect(Object.keys(socket)).toEqual([]);
});

it("no byte is lost, doubled or moved, however it pauses and ends", async () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant("push" as const), length: fc.integer({ min: 1, max: 12 }) }),
    fc.record({ kind: fc.constantFrom("pause" as const, "resume" as const, "turn" as const) }),
    // What is put back at the next part.
    fc.record({ kind: fc.constant("return" as const), length: fc.integer({ min: 1, max: 12 }) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
      const reader = new Reader();
      let sent = 0;
      let given = 0;
      let returned = 0;
      reader.onPart = (part) => {
        const back = Math.min(returned, part.length - 1);
        returned = 0;
        if (back === 0) return;
        reader.seen.push((reader.seen.pop() as string).slice(0, -back));
        reader.isPaused = true;
        reader.socket.unshift(Buffer.from(part.slice(-back)));
      };
      for (const one of steps) {
        if (one.kind === "push") push(reader, lettersFrom(sent, (sent += one.length)));
        else if (one.kind === "pause") reader.isPaused = true;
        else if (one.kind === "resume") reader.resume();
        else if (one.kind === "return") returned = one.length;
        else await turn();
        given = reader.seen.join("").length;
        expect(given).toBeLessThanOrEqual(sent);
      }
      returned = 0;
      reader.resume();
      reader.socket.push(null);
      await turn();
      expect(reader.seen.join("")).toBe(lettersFrom(0, sent));
      expect(reader.hasEnded).toBe(true);
    }),
  );
});

function lettersFrom(start: number, end: number): string {
  return Array.from({ length: end - start }, (_, i) =>
    String.fromCharCode(97 + ((start + i) % 26)),
  ).join("");
}
