import { expect, it } from "vitest";
import { CLOSE_TO_CLIENT, closeToInstance } from "./close-frame.js";

it("the Close frame for a client says 1001, unmasked", () => {
  expect([...CLOSE_TO_CLIENT]).toEqual([0x88, 0x02, 0x03, 0xe9]);
});

it("the Close frame for an instance says 1001, masked with a key of its own each time", () => {
  const frames = Array.from({ length: 20 }, closeToInstance);
  for (const frame of frames) {
    const [first, second, a, b, , , high, low] = [...frame] as [number, ...number[]];
    expect([first, second, frame.length]).toEqual([0x88, 0x82, 8]);
    expect([(high as number) ^ (a as number), (low as number) ^ (b as number)]).toEqual([3, 0xe9]);
  }
  expect(new Set(frames.map((frame) => frame.toString("hex"))).size).toBeGreaterThan(1);
});
