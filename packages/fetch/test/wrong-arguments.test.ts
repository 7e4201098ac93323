import { createGateway } from "@signalbox/core";
import { expect, it } from "vitest";
import { fetchHandler } from "../src/index.js";

const make = fetchHandler as (...args: readonly unknown[]) => unknown;

it.each<[string, readonly unknown[]]>([
  ["expected a gateway, got an array; make one with createGateway(config)", [[]]],
  [
    "expected a gateway, got an object that holds one as `gateway`; make one with createGateway(config)",
    [{ gateway: createGateway([]) }],
  ],
  ["onEnd must be a function, got 7", [createGateway([]), { onEnd: 7 }]],
])("fetchHandler says: %s", (problem, args) => {
  expect(() => make(...args)).toThrow(new TypeError(`fetchHandler: ${problem}`));
});
