import { once } from "node:events";
import { afterEach, expect, it } from "vitest";
import { allTo, answered, closeAll, get, instance, mount, signal } from "./kit.js";

afterEach(closeAll);

const MIB = 1_048_576;
const decode = (part: Uint8Array | undefined): string => Buffer.from(part ?? []).toString();

it("gives the head at once, and each part as it comes", async () => {
  const asked = signal();
  const url = await instance((_, res) => {
    res.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders();
    void asked.promise.then(() => res.write("data: 1\n\n"));
  });
  const { handler } = mount(allTo(url));
  const response = await answered(handler(get("/events")));
  expect(response.headers.get("content-type")).toBe("text/event-stream");
  asked.resolve();
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  expect(decode((await reader.read()).value)).toBe("data: 1\n\n");
  await reader.cancel();
});

it("sends each part of an upload as it comes, while the answer is read", async () => {
  const url = await instance((req, res) => {
    res.flushHeaders();
    req.pipe(res);
  });
  const { handler } = mount(allTo(url));
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  const init = { method: "POST", body: readable, duplex: "half" } as RequestInit;
  const asked = handler(get("/", init));
  await writer.write(Buffer.from("one"));
  const reader = ((await answered(asked)).body as ReadableStream<Uint8Array>).getReader();
  expect(decode((await reader.read()).value)).toBe("one");
  await writer.write(Buffer.from("two"));
  expect(decode((await reader.read()).value)).toBe("two");
  await writer.close();
  expect((await reader.read()).done).toBe(true);
});

it("goes on with an upload that begins late", async () => {
  const begun = signal();
  const url = await instance((req, res) => {
    begun.resolve();
    req.pipe(res);
  });
  const { handler } = mount(allTo(url));
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  const init = { method: "POST", body: readable, duplex: "half" } as RequestInit;
  const asked = handler(get("/", init));
  // The head goes out alone when the first bytes were waited for.
  await begun.promise;
  await writer.write(Buffer.from("late"));
  await writer.close();
  expect(await (await answered(asked)).text()).toBe("late");
});

it("holds the instance back while nobody reads the response", async () => {
  let written = 0;
  const full = signal();
  const part = Buffer.alloc(65_536);
  const url = await instance((_, res) => {
    const write = (): void => {
      while (written < 64 * MIB) {
        written += part.length;
        if (!res.write(part)) {
          // A turn in which nothing drains.
          const timer = setTimeout(full.resolve, 200);
          void once(res, "drain").then(() => (clearTimeout(timer), write()));
          return;
        }
      }
      res.end();
    };
    write();
  });
  const { handler, nextEnd } = mount(allTo(url));
  const response = await answered(handler(get("/")));
  await full.promise;
  expect(written).toBeLessThan(32 * MIB);
  expect((await response.arrayBuffer()).byteLength).toBe(64 * MIB);
  expect(await nextEnd()).toMatchObject({ isComplete: true });
});

it("holds the client back while the instance does not read", async () => {
  const reads = signal();
  const url = await instance((req, res) => {
    void reads.promise.then(() => {
      let length = 0;
      req.on("data", (chunk: Buffer) => (length += chunk.length));
      req.on("end", () => res.end(String(length)));
    });
  });
  const { handler } = mount(allTo(url));
  let pulled = 0;
  const full = signal();
  let timer: NodeJS.Timeout | undefined;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      clearTimeout(timer);
      timer = setTimeout(full.resolve, 200);
      if (pulled === 64 * MIB) return controller.close();
      pulled += 65_536;
      controller.enqueue(new Uint8Array(65_536));
    },
  });
  const asked = handler(get("/", { method: "POST", body, duplex: "half" } as RequestInit));
  await full.promise;
  expect(pulled).toBeLessThan(32 * MIB);
  reads.resolve();
  expect(await (await answered(asked)).text()).toBe(String(64 * MIB));
  clearTimeout(timer);
});

it("leaves what is left of an upload to the server, when the answer comes first", async () => {
  const url = await instance((_, res) => void res.writeHead(413).end("too large"));
  const { handler, nextEnd } = mount(allTo(url));
  let isCancelled = false;
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(new Uint8Array(65_536)),
    cancel: () => void (isCancelled = true),
  });
  const request = get("/", { method: "POST", body, duplex: "half" } as RequestInit);
  const response = await answered(handler(request));
  expect([response.status, await response.text()]).toEqual([413, "too large"]);
  await nextEnd();
  expect(isCancelled).toBe(false);
  expect(request.body?.locked).toBe(false);
});
