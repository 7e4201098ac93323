import { EventEmitter } from "node:events";
import type { ClientRequest, IncomingMessage } from "node:http";
import { PassThrough } from "node:stream";
import { createGateway, type ForwardDecision } from "@signalbox/core";
import { expect, it } from "vitest";
import { Tunnel } from "../src/tunnel.js";
import type { ExchangeEnd } from "../src/exchange-end.js";
import { inFlight } from "./kit.js";

/** A request to an instance that never connects, and that says so late when it is destroyed. */
class SilentRequest extends EventEmitter {
  maxHeadersCount = 0;

  constructor(readonly onError: (error: Error) => void) {
    super();
    this.on("upgrade", () => {});
  }

  destroy(): this {
    const error = Object.assign(new Error("socket hang up"), { code: "ECONNRESET" });
    process.nextTick(() => this.onError(error));
    return this;
  }
}

it("an attempt that was given up says nothing about the next one", async () => {
  const gateway = createGateway({
    services: { chat: { instances: ["http://a", "http://b"], balancer: "round-robin" } },
    routes: [{ match: { path: "/*" }, to: "chat", timeouts: { idleMs: 5 } }],
  });
  const view = { method: "GET", url: "/", headers: {} };
  const sent: string[] = [];
  const end = await new Promise<ExchangeEnd>((resolve) => {
    const socket = new PassThrough();
    const tunnel = new Tunnel(
      {
        req: { headers: {}, socket } as unknown as IncomingMessage,
        socket,
        head: Buffer.alloc(0),
        view,
        decision: gateway.decide(view) as ForwardDecision,
      },
      gateway,
      (_request, _socket, options, onError) => {
        sent.push((options as { target: string }).target);
        return new SilentRequest(onError) as unknown as ClientRequest;
      },
      resolve,
    );
    tunnel.begin();
  });
  expect(sent).toEqual(["http://a", "http://b"]);
  expect(end.failed.map(({ outcome, next }) => [outcome, next])).toEqual([
    [{ kind: "failure", stage: "connect", cause: "timeout" }, "retry"],
    [{ kind: "failure", stage: "connect", cause: "timeout" }, "attempts"],
  ]);
  expect(end.attempts).toBe(2);
  expect(inFlight(gateway)).toBe(0);
});
