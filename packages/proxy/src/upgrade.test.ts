import { EventEmitter } from "node:events";
import type { ClientRequest } from "node:http";
import { expect, it } from "vitest";
import { SentUpgrade, type UpgradeListener } from "./upgrade.js";

class Request extends EventEmitter {
  isDestroyed = false;

  /** Says so late, as requests do. */
  destroy(): this {
    this.isDestroyed = true;
    process.nextTick(() => this.emit("error", new Error("socket hang up")));
    return this;
  }
}

function sentTo(listener: Partial<UpgradeListener>): { sent: SentUpgrade; request: Request } {
  const request = new Request();
  request.on("upgrade", () => {});
  const sent = new SentUpgrade(listener as UpgradeListener);
  sent.watch(request as unknown as ClientRequest, false);
  return { sent, request };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

it("an upgrade that was given up says nothing any more", async () => {
  const told: string[] = [];
  const { sent, request } = sentTo({ onFailure: ({ message }) => told.push(message) });
  sent.fail(new Error("no answer"));
  await turn();
  sent.fail(new Error("again"));
  expect(told).toEqual(["no answer"]);
  expect(request.isDestroyed).toBe(true);
});

it("one that was cancelled neither", async () => {
  const told: string[] = [];
  const { sent, request } = sentTo({ onFailure: ({ message }) => told.push(message) });
  sent.cancel();
  await turn();
  expect(told).toEqual([]);
  expect(request.isDestroyed).toBe(true);
});

it("a connection that is not made in time is told as what Node calls a timeout", () => {
  const told: unknown[] = [];
  const { sent } = sentTo({
    onFailure: (error: Error & { code?: unknown }, isConnected) =>
      told.push([error.code, isConnected]),
  });
  sent.fail(Object.assign(new Error("ECONNECT_TIMEOUT"), { code: "ECONNECT_TIMEOUT" }));
  expect(told).toEqual([["ETIMEDOUT", false]]);
});

it("an answer that comes too late is thrown away with its socket", () => {
  const { sent, request } = sentTo({});
  sent.cancel();
  const instance = new Request();
  request.emit("upgrade", {}, instance, Buffer.alloc(0));
  expect(instance.isDestroyed).toBe(true);
  expect(() => instance.emit("error", new Error("late"))).not.toThrow();
});
