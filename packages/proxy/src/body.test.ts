import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import { RequestBody, type BodyOwner } from "./body.js";

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
  const begun: boolean[] = [];
  const attempt = () => {
    const seen: string[] = [];
    const onData = (chunk: Buffer): void => void seen.push(chunk.toString());
    const onEnd = (): void => void seen.push("end");
    body.on("data", onData as never).on("end", onEnd);
    return seen;
  };
  return { client, body, begun, attempt, wait: () => body.whenBegun((has) => begun.push(has)) };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe("a body whose first bytes are waited for", () => {
  it("gives them to the attempt that takes it then, and all that follows", async () => {
    const { client, body, begun, attempt, wait } = upload();
    wait();
    expect(body.hasBegun).toBe(false);
    client.write("a");
    await turn();
    expect(begun).toEqual([true]);
    client.write("b");
    await turn();
    const seen = attempt();
    body.resume();
    client.end("c");
    await turn();
    expect(seen.join("")).toBe("abcend");
    expect(body.isReplayable).toBe(false);
  });

  it("may be empty", async () => {
    const { client, body, begun, attempt, wait } = upload();
    wait();
    client.end();
    client.resume();
    await turn();
    expect(begun).toEqual([true]);
    const seen = attempt();
    body.resume();
    await turn();
    expect(seen).toEqual(["end"]);
  });

  it.each([0, 9])(
    "has them for another attempt when the first took none, %i bytes kept",
    async (kept) => {
      const { client, body, attempt, wait } = upload(kept);
      wait();
      client.write("a");
      await turn();
      expect(body.isReplayable).toBe(true);
      const first = attempt();
      body.rewind();
      const second = attempt();
      body.resume();
      client.end("b");
      await turn();
      await turn();
      expect([first.join(""), second.join("")]).toEqual(["", "abend"]);
    },
  );

  it("tells that it was let go, once", async () => {
    const { client, body, begun, wait } = upload();
    wait();
    body.release();
    client.end("a");
    await turn();
    expect(begun).toEqual([false]);
  });
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
