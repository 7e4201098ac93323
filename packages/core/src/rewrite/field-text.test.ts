import fc from "fast-check";
import { expect, it } from "vitest";
import { fieldText, foldedName, isToken, spellingOf } from "./field-text.js";

it("tells names apart that are plain, odd and none", () => {
  expect(
    ["x-A1", "x_a", "x.a!", "", "x a", "x:", "x\r", "caf\u00e9", "\u212a"].map(spellingOf),
  ).toEqual(["plain", "odd", "odd", "none", "none", "none", "none", "none", "none"]);
  expect([isToken("a!"), isToken("a b")]).toEqual([true, false]);
});

it("reads a name as lenient servers do", () => {
  expect(foldedName("x_forwarded.for")).toBe("x-forwarded-for");
});

it("puts a space in the place of what no value may hold", () => {
  expect(fieldText("a\r\nb\u0000c\u010ad\u007f\u001be")).toBe("a  b c d  e");
});

it("leaves every text alone that is one byte a character and has no control character but tabs", () => {
  const byte = fc.oneof(
    fc.integer({ min: 32, max: 126 }),
    fc.integer({ min: 128, max: 255 }),
    fc.constant(9),
  );
  fc.assert(
    fc.property(fc.array(byte), (bytes) => {
      const text = String.fromCharCode(...bytes);
      expect(fieldText(text)).toBe(text);
    }),
  );
});
