import { EventEmitter } from "node:events";
import { createServer } from "node:http";
import { createGateway } from "@signalbox/core";
import { expect, it } from "vitest";
import { attachGateway, gatewayListener } from "./attach.js";

type Loose = (...args: readonly unknown[]) => unknown;
const gateway = createGateway([]);
const app = Object.assign(() => {}, EventEmitter.prototype, { listen: () => {} });

it.each<[string, readonly unknown[]]>([
  [
    "expected a server of node:http, https or http2, got a function; createServer(app) makes one of an application",
    [app, gateway],
  ],
  ["expected a server of node:http, https or http2, got a gateway", [gateway, createServer()]],
  ["expected a server of node:http, https or http2, got undefined", []],
  [
    "expected a server of node:http, https or http2, got an EventEmitter",
    [new EventEmitter(), gateway],
  ],
  ["expected a gateway, got undefined; make one with createGateway(config)", [createServer()]],
  [
    'there is no option "gracMs"; did you mean "graceMs"?',
    [createServer(), gateway, { gracMs: 1 }],
  ],
])("attachGateway says: %s", (problem, args) => {
  expect(() => (attachGateway as Loose)(...args)).toThrow(
    new TypeError(`attachGateway: ${problem}`),
  );
});

it.each<[string, readonly unknown[]]>([
  ["expected a gateway, got a Server; make one with createGateway(config)", [createServer()]],
  ["fallback must be a function, got a plain object", [gateway, { fallback: {} }]],
])("gatewayListener says: %s", (problem, args) => {
  expect(() => (gatewayListener as Loose)(...args)).toThrow(
    new TypeError(`gatewayListener: ${problem}`),
  );
});
