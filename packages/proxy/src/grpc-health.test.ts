import fc from "fast-check";
import { expect, it } from "vitest";
import { healthRequest, isServing } from "./grpc-health.js";

const hex = (bytes: Buffer): string => bytes.toString("hex");
const answer = (message: string): Buffer => {
  const bytes = Buffer.from(message, "hex");
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([prefix, bytes]);
};

it("asks about the whole server, or about a service by its name", () => {
  expect(hex(healthRequest(""))).toBe("0000000000");
  expect(hex(healthRequest("orders"))).toBe("0000000008" + "0a06" + "6f7264657273");
  expect(hex(healthRequest("é"))).toBe("0000000004" + "0a02" + "c3a9");
});

it("writes the length of long names in groups of seven bits", () => {
  expect(hex(healthRequest("a".repeat(127))).slice(0, 16)).toBe("0000000081" + "0a7f61");
  expect(hex(healthRequest("a".repeat(300))).slice(0, 18)).toBe("000000012f" + "0aac0261");
});

it.each([
  ["SERVING", "0801", true],
  ["UNKNOWN, which is left out", "", false],
  ["UNKNOWN, which is written out", "0800", false],
  ["NOT_SERVING", "0802", false],
  ["SERVICE_UNKNOWN", "0803", false],
  ["a status of later versions", "08ffffffffffffffffff01", false],
  ["SERVING with more bytes than it needs", "08818000", true],
  ["the last of two", "08020801", true],
  ["the last of two", "08010802", false],
  [
    "other fields before and behind it",
    "1096011a0261622101020304050607080801" + "2d01020304",
    true,
  ],
  ["a field that is cut", "08011a0561", false],
  ["a fixed field that is cut", "08012d0102", false],
  ["a number that is cut", "08011080", false],
  ["a status that is cut", "0881", false],
  ["a group, which is of no known version", "08010b0c", false],
])("reads %s", (_, message, isGood) => {
  expect(isServing(answer(message))).toBe(isGood);
});

it("takes one whole message that is not compressed", () => {
  const serving = answer("0801");
  expect(isServing(Buffer.alloc(0))).toBe(false);
  expect(isServing(serving.subarray(0, 6))).toBe(false);
  expect(isServing(Buffer.concat([serving, serving]))).toBe(false);
  expect(isServing(Buffer.concat([Buffer.from([1]), serving.subarray(1)]))).toBe(false);
});

it("comes to an end, whatever bytes there are", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      const isGood = isServing(answer(hex(Buffer.from(bytes))));
      expect(typeof isGood).toBe("boolean");
      if (!bytes.includes(1) && !bytes.includes(0x81)) expect(isGood).toBe(false);
    }),
    { seed: 5, numRuns: 2_000 },
  );
});
