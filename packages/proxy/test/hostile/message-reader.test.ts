import { describe, expect, it } from "vitest";
import { MessageReader, statedFraming, type Framing } from "./message-reader.js";

function read(pieces: readonly string[], close = false): string[] {
  const log: string[] = [];
  const reader = new MessageReader({
    onHead: (head): Framing => {
      log.push(head.start);
      const framing = statedFraming(head) ?? "close";
      if (typeof framing === "object") throw new Error(framing.bad);
      return framing;
    },
    onData: (bytes) => log.push(`data ${bytes.toString()}`),
    onEnd: () => log.push("end"),
    onBad: (why) => log.push(`bad: ${why}`),
  });
  for (const piece of pieces) reader.push(Buffer.from(piece));
  if (close) reader.close();
  return log;
}

describe("the reader of messages", () => {
  const counted = "A 1\r\nContent-Length: 3\r\n\r\nabc";
  const chunked = "B 2\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nx: y\r\n\r\n";

  it("reads counted and chunked messages one after the other", () => {
    const expected = ["A 1", "data abc", "end", "B 2", "data abc", "end"];
    expect(read([counted + chunked])).toEqual(expected);
  });

  it("reads them byte by byte alike", () => {
    expect(read([...(counted + chunked)]).filter((line) => !line.startsWith("data"))).toEqual([
      "A 1",
      "end",
      "B 2",
      "end",
    ]);
  });

  it("ends a body without a length when the connection closes, and no other", () => {
    expect(read(["C 3\r\n\r\nabc"], true)).toEqual(["C 3", "data abc", "end"]);
    expect(read(["A 1\r\nContent-Length: 4\r\n\r\nabc"], true)).toEqual(["A 1", "data abc"]);
  });

  it.each([
    ["5x\r\nhello\r\n", 'chunk size "5x"'],
    ["3\r\nabcd\r\n", 'a chunk is followed by "d"'],
  ])("refuses the chunk %j", (body, why) => {
    expect(read([`B 2\r\nTransfer-Encoding: chunked\r\n\r\n${body}`]).at(-1)).toBe(`bad: ${why}`);
  });

  it.each([
    "Content-Length: 3\r\nContent-Length: 3",
    "Content-Length: 3\r\nTransfer-Encoding: chunked",
    "Content-Length: +3",
    "Transfer-Encoding: gzip",
  ])("does not believe %j", (lines) => {
    expect(() => read([`A 1\r\n${lines}\r\n\r\nabc`])).toThrow();
  });
});
