import { createGateway } from "@signalbox/core";
import express from "express";
import { expect, it } from "vitest";
import { gatewayMiddleware } from "../src/index.js";

const make = gatewayMiddleware as (...args: readonly unknown[]) => unknown;
const gateway = createGateway([]);

it.each<[string, readonly unknown[]]>([
  ["expected a gateway, got a plain object; make one with createGateway(config)", [{ routes: [] }]],
  ["expected a gateway, got undefined; make one with createGateway(config)", []],
  ["expected an object of options, got a function", [gateway, express()]],
  ["facts must be a function, got a plain object", [gateway, { facts: {} }]],
  [
    "proxy must be a proxy as createProxy or a mount has it, got a gateway",
    [gateway, { proxy: gateway }],
  ],
  ['otherPaths must be "refuse" or "forward", got true', [gateway, { otherPaths: true }]],
  ['there is no option "trict"; did you mean "strict"?', [gateway, { trict: true }]],
])("gatewayMiddleware says: %s", (problem, args) => {
  expect(() => make(...args)).toThrow(new TypeError(`gatewayMiddleware: ${problem}`));
});
