import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FrameTracker } from "./frame-tracker.js";

interface Frame {
  readonly opcode: number;
  readonly payload: number;
  readonly isMasked: boolean;
}

// A longer form of the length than is needed is not lawful, but is read all the same.
function bytesOf({ opcode, payload, isMasked }: Frame): Buffer {
  const mask = isMasked ? 0x80 : 0;
  const head =
    payload < 126
      ? [0x80 | opcode, mask | payload]
      : payload < 65_536
        ? [opcode, mask | 126, payload >> 8, payload & 0xff]
        : [opcode, mask | 127, 0, 0, 0, 0, 0, payload >> 16, (payload >> 8) & 0xff, payload & 0xff];
  // Bytes that look like the header of a Close frame: they must not be taken for one.
  return Buffer.concat([Buffer.from(head), Buffer.alloc(payload + (isMasked ? 4 : 0), 0x88)]);
}

function cut(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const pieces: Buffer[] = [];
  let at = 0;
  for (let i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length] as number;
    pieces.push(bytes.subarray(at, at + size));
    at += size;
  }
  return pieces;
}

const dataFrame = fc.record({
  opcode: fc.constantFrom(0, 1, 2, 9, 10),
  payload: fc.oneof(
    fc.nat({ max: 130 }),
    fc.constantFrom(125, 126, 127, 128, 65_535, 65_536, 70_000),
  ),
  isMasked: fc.boolean(),
});
const sizes = fc.array(fc.oneof(fc.integer({ min: 1, max: 9 }), fc.constant(5_000)), {
  minLength: 1,
});

describe("for every sequence of frames, however it is cut", () => {
  it("the ends of the frames are found, and no others", () => {
    fc.assert(
      fc.property(fc.array(dataFrame, { maxLength: 6 }), sizes, (frames, pieces) => {
        const whole = frames.map(bytesOf);
        let at = 0;
        const ends = new Set([0, ...whole.map(({ length }) => (at += length))]);
        const tracker = new FrameTracker();
        let position = 0;
        for (const piece of cut(Buffer.concat(whole), pieces)) {
          tracker.follow(piece);
          position += piece.length;
          expect(tracker.isBetweenFrames).toBe(ends.has(position));
        }
        expect(tracker.hasClosed).toBe(false);
      }),
      { numRuns: 200 },
    );
  });

  it("a step goes to the end of the frame and not over it", () => {
    fc.assert(
      fc.property(dataFrame, dataFrame, sizes, (first, second, pieces) => {
        const tracker = new FrameTracker();
        const length = bytesOf(first).length;
        let position = 0;
        for (const piece of cut(Buffer.concat([bytesOf(first), bytesOf(second)]), pieces)) {
          const stop = tracker.step(piece, 0);
          if (position + piece.length < length) {
            expect(stop).toBe(piece.length);
          } else {
            expect(position + stop).toBe(length);
            expect(tracker.isBetweenFrames).toBe(true);
            return;
          }
          position += piece.length;
        }
      }),
      { numRuns: 200 },
    );
  });
});

it.each([
  ["masked", true],
  ["unmasked", false],
])("a Close frame, %s, is seen when all of it has come", (_, isMasked) => {
  const tracker = new FrameTracker();
  const frame = bytesOf({ opcode: 8, payload: 7, isMasked });
  tracker.follow(bytesOf({ opcode: 1, payload: 300, isMasked }));
  tracker.follow(frame.subarray(0, -1));
  expect([tracker.hasClosed, tracker.isBetweenFrames]).toEqual([false, false]);
  tracker.follow(frame.subarray(-1));
  expect([tracker.hasClosed, tracker.isBetweenFrames]).toEqual([true, true]);
});

it("a length beyond all that can be counted never ends", () => {
  const tracker = new FrameTracker();
  tracker.follow(Buffer.from([0x82, 127, ...Array.from({ length: 8 }, () => 0xff)]));
  tracker.follow(Buffer.alloc(100_000, 0x88));
  expect(tracker.isBetweenFrames).toBe(false);
});
