import { describe, expect, it } from "vitest";
import { compileAddresses, isAddressRange, plainAddress } from "./address.js";

describe("a range", () => {
  it.each(["10.0.0.0/8", "10.1.2.3", "::1", "2001:db8::/32", "::ffff:10.0.0.1", "0.0.0.0/0"])(
    "may be %j",
    (range) => expect(isAddressRange(range)).toBe(true),
  );

  it.each([
    "",
    "x",
    "10.0.0.0/33",
    "10.0.0.0/-1",
    "10.0.0",
    "10",
    "0x7f.1",
    "::/129",
    "10.0.0.0/8/8",
  ])("may not be %j", (range) => expect(isAddressRange(range)).toBe(false));

  it.each([
    ["10.0.0.0/8", "10.255.0.1", true],
    ["10.0.0.0/8", "11.0.0.1", false],
    ["10.0.0.0/8", "::ffff:10.0.0.1", true],
    ["::ffff:10.0.0.1", "10.0.0.1", true],
    ["2001:db8::/32", "2001:DB8::7", true],
    ["2001:db8::/32", "10.0.0.1", false],
    ["0.0.0.0/0", "", false],
    ["0.0.0.0/0", "x", false],
  ])("%j takes %j: %s", (range, address, takes) => {
    expect(compileAddresses([range])(address)).toBe(takes);
  });

  it("takes ranges of IPv4 addresses that are mapped into IPv6", () => {
    const inside = compileAddresses(["::ffff:10.0.0.0/104", "::ffff:192.0.2.1"]);
    expect(["10.9.9.9", "::ffff:10.0.0.1", "192.0.2.1", "11.0.0.1", "::1"].map(inside)).toEqual([
      ...[true, true, true, false, false],
    ]);
  });

  it("takes nothing when there is none", () =>
    expect(compileAddresses([])("10.0.0.1")).toBe(false));
});

it.each([
  ["10.0.0.1", "10.0.0.1"],
  ["10.0.0.1:80", "10.0.0.1"],
  ["::ffff:10.0.0.1", "10.0.0.1"],
  ["[::1]", "::1"],
  ["[2001:DB8::1]:443", "2001:db8::1"],
  ["fe80::1%eth0", "fe80::1"],
  ["unknown", undefined],
  ["_hidden", undefined],
  ["", undefined],
  ["10.0.0", undefined],
  ["10.0.0.1:x", undefined],
  ["0x0a000001", undefined],
])("the plain form of %j is %j", (text, plain) => expect(plainAddress(text)).toBe(plain));
