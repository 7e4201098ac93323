import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import { RequestBody, type BodyOwner } from "./body.js";
import { WholeBody } from "./whole-body.js";

const quiet: BodyOwner = {
  onBodyData() {},
  onBodyTooLarge() {},
  onBodyKept() {},
  failed() {},
};

/** The body of a client, and what comes out of it. */
function upload(replayBytes = 0) {
  const client = new PassThrough();
  const body = new RequestBody(client, { bodyBytes: 0, replayBytes, uploadBytesPerS: 0 }, quiet);
  const attempt = () => {
    const seen: string[] = [];
    const onData = (chunk: Buffer): void => void seen.push(chunk.toString());
    const onEnd = (): void => void seen.push("end");
    body.on("data", onData as never).on("end", onEnd);
    return seen;
  };
  return { client, body, attempt };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe("a body that is sent from its start again", () => {
  it.each([
    ["nothing had been read", 0, ""],
    ["what was read is kept", 9, "a"],
  ])("has all of it for the next sender where %s", async (_, kept, before) => {
    const { client, body, attempt } = upload(kept);
    const first = attempt();
    if (before !== "") {
      body.resume();
      client.write(before);
      await turn();
    }
    expect(body.hasBegun).toBe(before !== "");
    expect(body.isReplayable).toBe(true);
    body.rewind();
    const second = attempt();
    body.resume();
    client.end("b");
    await turn();
    await turn();
    expect([first.join(""), second.join("")]).toEqual([before, `${before}bend`]);
  });

  it("loses nothing of what comes between two senders", async () => {
    const { client, body } = upload(4);
    const onData = (): void => {};
    body.on("data", onData as never).resume();
    client.write("a");
    await turn();
    body.off("data", onData as never);
    client.write("more than is kept");
    await turn();
    expect(body.isReplayable).toBe(true);
    body.rewind();
    const seen: string[] = [];
    body.on("data", ((chunk: Buffer) => void seen.push(chunk.toString())) as never).resume();
    client.end();
    await turn();
    expect(seen.join("")).toBe("amore than is kept");
  });

  it("cannot be where what was read is not kept", async () => {
    const { client, body, attempt } = upload();
    attempt();
    body.resume();
    client.write("a");
    await turn();
    expect(body.isReplayable).toBe(false);
  });
});

it("a body that is there whole is given whole to each sender", async () => {
  const body = new WholeBody(Buffer.from("all"));
  for (let sender = 0; sender < 2; sender++) {
    const seen: string[] = [];
    body.on("data", ((chunk: Buffer) => void seen.push(chunk.toString())) as never);
    body.on("end", () => void seen.push("end")).resume();
    await turn();
    expect(seen).toEqual(["all", "end"]);
    body.rewind();
  }
});

describe("the rate of a body", () => {
  it("is that of what came while it was wanted all the time", async () => {
    const { client, body, attempt } = upload();
    attempt();
    body.resume();
    body.takeWindow();
    client.write("abc");
    await turn();
    expect(body.takeWindow()).toBe(3);
    expect(body.takeWindow()).toBe(0);
  });

  it("is unknown when an instance held it back", () => {
    const { body, attempt } = upload();
    attempt();
    body.resume();
    body.takeWindow();
    body.pause();
    body.resume();
    expect(body.takeWindow()).toBeUndefined();
    body.pause();
    expect(body.takeWindow()).toBeUndefined();
  });
});
