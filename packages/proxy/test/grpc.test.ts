import { once } from "node:events";
import { request } from "node:https";
import {
  createSecureServer,
  createServer,
  type Http2SecureServer,
  type Http2Server,
  type ServerHttp2Session,
} from "node:http2";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import {
  credentials,
  makeGenericClientConstructor,
  Metadata,
  Server,
  ServerCredentials,
  status,
  type Client,
  type ClientDuplexStream,
  type ClientReadableStream,
  type ClientUnaryCall,
  type ClientWritableStream,
  type handleBidiStreamingCall,
  type handleClientStreamingCall,
  type handleServerStreamingCall,
  type handleUnaryCall,
  type ServiceDefinition,
  type ServiceError,
} from "@grpc/grpc-js";
import { createGateway } from "@signalbox/core";
import { afterEach, describe, expect, it } from "vitest";
import { createProxy, type ExchangeEnd } from "../src/index.js";
import { makeCertificate } from "./certificates.js";
import { inFlight, until } from "./kit.js";

const codec = {
  requestSerialize: (value: Buffer) => value,
  requestDeserialize: (bytes: Buffer) => bytes,
  responseSerialize: (value: Buffer) => value,
  responseDeserialize: (bytes: Buffer) => bytes,
};
const method = (name: string, requestStream: boolean, responseStream: boolean) => ({
  path: `/test.Echo/${name}`,
  requestStream,
  responseStream,
  ...codec,
});
const definition = {
  unary: method("Unary", false, false),
  collect: method("Collect", true, false),
  count: method("Count", false, true),
  chat: method("Chat", true, true),
} satisfies ServiceDefinition;

type Done = (error: ServiceError | null, reply?: Buffer) => void;

/** The calls of the service, which are made by its definition. */
interface EchoClient extends Client {
  unary(body: Buffer, metadata: Metadata, done: Done): ClientUnaryCall;
  unary(body: Buffer, metadata: Metadata, options: object, done: Done): ClientUnaryCall;
  collect(metadata: Metadata, done: Done): ClientWritableStream<Buffer>;
  count(body: Buffer): ClientReadableStream<Buffer>;
  chat(): ClientDuplexStream<Buffer, Buffer>;
}

const EchoService = makeGenericClientConstructor(definition, "Echo");
const certificate = await makeCertificate();
const { cert, key } = certificate;

const toClose: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of toClose.splice(0).toReversed()) await close();
});

/** What the service saw of calls that did not end well. */
class Echo {
  cancelled = 0;
  readonly received: string[] = [];

  readonly unary: handleUnaryCall<Buffer, Buffer> = (call, done) => {
    const [asked] = call.metadata.get("x-fail");
    const binary = call.metadata.get("trace-bin")[0] as Buffer | undefined;
    if (asked !== undefined)
      return done({ code: status.NOT_FOUND, details: `no ${String(asked)} — nowhere` });
    if (call.metadata.get("x-hang").length > 0)
      return void call.on("cancelled", () => this.cancelled++);
    const head = new Metadata();
    head.set("x-head", "1");
    if (binary !== undefined) head.set("trace-bin", binary);
    call.sendMetadata(head);
    const trailer = new Metadata();
    trailer.set("x-trailer", "2");
    done(null, call.request, trailer);
  };

  readonly collect: handleClientStreamingCall<Buffer, Buffer> = (call, done) => {
    let isDone = false;
    call.on("data", (chunk: Buffer) => {
      this.received.push(chunk.toString());
      if (chunk.toString() !== "stop" || isDone) return;
      isDone = true;
      done({ code: status.RESOURCE_EXHAUSTED, details: "enough" });
    });
    call.on("cancelled", () => this.cancelled++);
    call.on("end", () => {
      if (!isDone) done(null, Buffer.from(this.received.join(" ")));
    });
  };

  readonly count: handleServerStreamingCall<Buffer, Buffer> = (call) => {
    call.on("cancelled", () => this.cancelled++);
    for (let i = 1; i <= 3; i++) call.write(Buffer.from(String(i)));
    if (call.request.toString() === "fail")
      call.emit("error", { code: status.ABORTED, details: "midway" });
    else if (call.request.toString() !== "hang") call.end();
  };

  readonly chat: handleBidiStreamingCall<Buffer, Buffer> = (call) => {
    call.on("cancelled", () => this.cancelled++);
    call.on("data", (chunk: Buffer) => call.write(Buffer.from(`pong ${chunk.toString()}`)));
    call.on("end", () => call.end());
  };
}

async function startInstance(isSecure: boolean) {
  const echo = new Echo();
  const server = new Server({ "grpc.max_receive_message_length": -1 });
  const { unary, collect, count, chat } = echo;
  server.addService(definition, { unary, collect, count, chat });
  const pair = { private_key: Buffer.from(key), cert_chain: Buffer.from(cert) };
  const given = isSecure
    ? ServerCredentials.createSsl(null, [pair])
    : ServerCredentials.createInsecure();
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", given, (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  toClose.push(() => server.forceShutdown());
  return { echo, url: `${isSecure ? "https" : "http"}://127.0.0.1:${port}` };
}

async function startGateway(isSecure: boolean, connect: object) {
  const { echo, url } = await startInstance(isSecure);
  const gateway = createGateway({
    services: { echo: { instances: [url], connect } },
    routes: [{ match: { path: { prefix: "/test.Echo" } }, to: "echo" }],
  });
  const ends: ExchangeEnd[] = [];
  const proxy = createProxy(gateway, { onEnd: (end) => ends.push(end) });
  const handle = proxy.handle.bind(proxy);
  const server: Http2Server | Http2SecureServer = isSecure
    ? createSecureServer({ cert, key, allowHTTP1: true }, (req, res) => handle(req, res))
    : createServer((req, res) => handle(req, res));
  const sessions = new Set<ServerHttp2Session>();
  server.on("session", (session: ServerHttp2Session) => {
    sessions.add(session);
    session.on("error", () => {}).on("close", () => sessions.delete(session));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  toClose.push(async () => {
    await proxy.close({ graceMs: 10 });
    for (const session of sessions) session.destroy();
    await new Promise<void>((resolve) => void server.close(() => resolve()));
  });
  const given = isSecure ? credentials.createSsl(Buffer.from(cert)) : credentials.createInsecure();
  const client = new EchoService(`127.0.0.1:${port}`, given, {
    "grpc.max_receive_message_length": -1,
    "grpc.enable_retries": 0,
  }) as unknown as EchoClient;
  toClose.push(() => client.close());
  return { echo, client, ends, port, gateway };
}

const failureOf = (call: {
  on(event: "error", listener: (error: ServiceError) => void): unknown;
}) => new Promise<ServiceError>((resolve) => call.on("error", resolve));

const ask = (client: EchoClient, body: Buffer, metadata = new Metadata(), options = {}) =>
  new Promise<Buffer>((resolve, reject) => {
    client.unary(body, metadata, options, (error, reply) =>
      error === null ? resolve(reply as Buffer) : reject(error),
    );
  });

describe.each([
  ["h2c", false, { protocol: "http2" }],
  ["TLS and ALPN", true, { protocol: "auto", tls: { ca: cert } }],
] as const)("gRPC over %s", (_, isSecure, connect) => {
  const start = () => startGateway(isSecure, connect);

  it("answers a call, with metadata before and behind the answer", async () => {
    const { client, ends } = await start();
    const metadata = new Metadata();
    metadata.set("trace-bin", Buffer.from([0, 1, 254, 255]));
    let head: Metadata | undefined;
    let trailer: Metadata | undefined;
    const reply = await new Promise<Buffer>((resolve, reject) => {
      client
        .unary(Buffer.from("hello"), metadata, (error, body) =>
          error === null ? resolve(body as Buffer) : reject(error),
        )
        .on("metadata", (fields) => (head = fields))
        .on("status", (end) => (trailer = end.metadata));
    });
    expect(reply.toString()).toBe("hello");
    await until(() => trailer !== undefined);
    expect(head?.get("x-head")).toEqual(["1"]);
    expect(head?.get("trace-bin")).toEqual([Buffer.from([0, 1, 254, 255])]);
    expect(trailer?.get("x-trailer")).toEqual(["2"]);
    await until(() => ends.length === 1);
    expect(ends[0]).toMatchObject({ status: 200, isComplete: true });
  });

  it("passes errors on that are trailers only", async () => {
    const { client } = await start();
    const metadata = new Metadata();
    metadata.set("x-fail", "orders");
    await expect(ask(client, Buffer.from("x"), metadata)).rejects.toMatchObject({
      code: status.NOT_FOUND,
      details: "no orders — nowhere",
    });
  });

  it("streams from the client, and stops it when the answer came early", async () => {
    const { client } = await start();
    const whole = await new Promise<Buffer>((resolve, reject) => {
      const call = client.collect(new Metadata(), (error, body) =>
        error === null ? resolve(body as Buffer) : reject(error),
      );
      for (const part of ["a", "b", "c"]) call.write(Buffer.from(part));
      call.end();
    });
    expect(whole.toString()).toBe("a b c");
    const failed = new Promise<ServiceError | null>((resolve) => {
      const call = client.collect(new Metadata(), (error) => resolve(error));
      call.write(Buffer.from("stop"));
    });
    expect(await failed).toMatchObject({ code: status.RESOURCE_EXHAUSTED, details: "enough" });
  });

  it("streams from the instance, to its end or to an error midway", async () => {
    const { client } = await start();
    const parts: string[] = [];
    for await (const part of client.count(Buffer.from("all"))) parts.push(String(part));
    expect(parts).toEqual(["1", "2", "3"]);
    const call = client.count(Buffer.from("fail"));
    call.on("data", (part: Buffer) => parts.push(part.toString()));
    expect(await failureOf(call)).toMatchObject({ code: status.ABORTED, details: "midway" });
    expect(parts).toHaveLength(6);
  });

  it("streams both ways at once, turn by turn", async () => {
    const { client } = await start();
    const call = client.chat();
    for (let i = 0; i < 5; i++) {
      call.write(Buffer.from(String(i)));
      const [pong] = (await once(call, "data")) as [Buffer];
      expect(pong.toString()).toBe(`pong ${i}`);
    }
    call.end();
    await once(call, "end");
  });

  it("carries many calls at once", async () => {
    const { client } = await start();
    const bodies = Array.from({ length: 200 }, (_, i) => Buffer.from(`call ${i}`));
    const replies = await Promise.all(bodies.map((body) => ask(client, body)));
    expect(replies.map(String)).toEqual(bodies.map(String));
  });

  it("carries large messages", async () => {
    const { client } = await start();
    const large = Buffer.alloc(8 * 1_048_576, "abcdefgh");
    expect((await ask(client, large)).equals(large)).toBe(true);
  });

  it("tells the instance of calls that are cancelled, or out of time", async () => {
    const { client, echo, gateway } = await start();
    const hanging = new Metadata();
    hanging.set("x-hang", "1");
    await expect(
      ask(client, Buffer.from("x"), hanging, { deadline: Date.now() + 100 }),
    ).rejects.toMatchObject({ code: status.DEADLINE_EXCEEDED });
    await until(() => echo.cancelled === 1);

    const counting = client.count(Buffer.from("hang"));
    const failed = failureOf(counting);
    await once(counting, "data");
    counting.cancel();
    expect(await failed).toMatchObject({ code: status.CANCELLED });
    await until(() => echo.cancelled === 2);

    const chat = client.chat();
    const left = failureOf(chat);
    chat.write(Buffer.from("x"));
    await once(chat, "data");
    chat.cancel();
    await left;
    await until(() => echo.cancelled === 3);
    await until(() => inFlight(gateway) === 0);
  });
});

it("serves HTTP/1.1 beside gRPC on one TLS server", async () => {
  const { port } = await startGateway(true, { protocol: "http2", tls: { ca: cert } });
  const req = request(`https://localhost:${port}/else`, { ca: cert, agent: false }).end();
  const [res] = (await once(req, "response")) as [import("node:http").IncomingMessage];
  expect(res.statusCode).toBe(404);
  expect(res.httpVersion).toBe("1.1");
  expect(await text(res)).toBe("404 Not Found\n");
});
