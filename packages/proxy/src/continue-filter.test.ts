import { Readable } from "node:stream";
import type { Socket } from "node:net";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ContinueFilter } from "./continue-filter.js";

const CONTINUE = "HTTP/1.1 100 Continue\r\n\r\n";
const LONG = "HTTP/1.1 100 Continue\r\nDate: now\r\nX-A: 1\r\n\r\n";
const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/** What a reader gets of pieces that arrive one by one, when a head is due. */
function read(pieces: readonly (string | Buffer)[], isDue = true): string {
  const filter = new ContinueFilter();
  filter.isDue = isDue;
  const socket = new Readable({ read: () => {} });
  filter.guard(socket as Socket);
  const chunks: Buffer[] = [];
  for (const piece of pieces) {
    socket.push(Buffer.from(piece));
    for (let chunk = socket.read() as Buffer | null; chunk !== null;) {
      chunks.push(chunk);
      chunk = socket.read() as Buffer | null;
    }
  }
  return Buffer.concat(chunks).toString();
}

describe("a 100 that nobody asked for", () => {
  it.each([
    ["before an answer", [CONTINUE + OK], OK],
    ["in a piece of its own", [CONTINUE, OK], OK],
    ["several times, with fields", [LONG + CONTINUE, LONG + OK], OK],
    ["without a reason", [`HTTP/1.1 100\r\n\r\n${OK}`], OK],
  ])("is taken out %s", (_, pieces, expected) => expect(read(pieces)).toBe(expected));

  it("is taken out however it is cut into pieces", () => {
    const all = CONTINUE + LONG + OK;
    const cuts = fc.array(fc.nat(all.length), { maxLength: 12 });
    fc.assert(
      fc.property(cuts, (places) => {
        const sorted = [0, ...places.toSorted((a, b) => a - b), all.length];
        const pieces = sorted.slice(1).map((end, i) => all.slice(sorted[i], end));
        expect(read(pieces.filter((piece) => piece !== ""))).toBe(OK);
      }),
    );
  });
});

describe("what is left as it is", () => {
  it.each([
    ["a body that looks like one", [OK, CONTINUE]],
    ["a body behind its head in one piece", [`HTTP/1.1 200 OK\r\n\r\n${CONTINUE}`]],
    ["another interim answer", ["HTTP/1.1 103 Early Hints\r\n\r\n", OK]],
    ["a status that is none", ["HTTP/1.1 1000 Odd\r\n\r\n", OK]],
    ["an older version", ["HTTP/1.0 100 Continue\r\n\r\n"]],
    ["a head without an end", [`HTTP/1.1 100 Continue\r\nX: ${"a".repeat(9_000)}`]],
    ["what is no HTTP at all", ["SSH-2.0-OpenSSH_9.6\r\n"]],
  ])("%s", (_, pieces) => expect(read(pieces)).toBe(pieces.join("")));

  it("whatever comes where no head is due", () => {
    expect(read([CONTINUE, OK], false)).toBe(CONTINUE + OK);
  });
});
