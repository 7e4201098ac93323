import { Server, ServerCredentials, status, type handleUnaryCall } from "@grpc/grpc-js";
import { describe, expect, it, onTestFinished } from "vitest";
import { makeCertificate } from "./certificates.js";
import { startHttp2 } from "./http2-kit.js";
import { deadUrl } from "./kit.js";
import { probe, startTcp } from "./probe-kit.js";
import { rig } from "./rig.js";

const { backend } = rig();
const { cert, key } = await makeCertificate();

type Check = handleUnaryCall<Buffer, Buffer>;

/** A gRPC server of an implementation that is not ours, with the health service if it is given one. */
async function grpc(isSecure: boolean, check?: Check) {
  const server = new Server();
  const path = "/grpc.health.v1.Health/Check";
  const same = (bytes: Buffer): Buffer => bytes;
  const codec = {
    requestSerialize: same,
    requestDeserialize: same,
    responseSerialize: same,
    responseDeserialize: same,
  };
  if (check !== undefined)
    server.addService(
      { check: { path, requestStream: false, responseStream: false, ...codec } },
      { check },
    );
  const pair = { private_key: Buffer.from(key), cert_chain: Buffer.from(cert) };
  const given = isSecure
    ? ServerCredentials.createSsl(null, [pair])
    : ServerCredentials.createInsecure();
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", given, (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  onTestFinished(() => server.forceShutdown());
  return `${isSecure ? "https" : "http"}://127.0.0.1:${port}`;
}

const saying =
  (...bytes: number[]): Check =>
  (_, done) =>
    done(null, Buffer.from(bytes));

describe.each([
  ["h2c", false, {}],
  ["TLS", true, { tls: { ca: cert } }],
])("a gRPC probe over %s", (_, isSecure, connect) => {
  const found = async (check?: Check, rule: object = {}) =>
    probe(await grpc(isSecure, check), { type: "grpc", ...rule }, { connect });

  it("passes with SERVING alone", async () => {
    expect(await found(saying(8, 1))).toBe("passing");
    expect(await found(saying(8, 2))).toBe("failing");
    expect(await found(saying())).toBe("failing");
  });

  it("asks about the whole server, or about the service that it is told", async () => {
    const asked: string[] = [];
    const check: Check = ({ request }, done) => {
      asked.push(request.toString("hex"));
      if (request.length > 0) done(null, Buffer.from([8, 1]));
      else done({ code: status.NOT_FOUND, details: "unknown service" });
    };
    expect(await found(check)).toBe("failing");
    expect(await found(check, { grpcService: "shop.Orders" })).toBe("passing");
    const name = Buffer.from("shop.Orders");
    expect(asked).toEqual(["", `0a0b${name.toString("hex")}`]);
  });

  it("says what it is", async () => {
    const said: unknown[] = [];
    const check: Check = ({ metadata }, done) => {
      said.push(metadata.get("user-agent"));
      done(null, Buffer.from([8, 1]));
    };
    expect(await found(check)).toBe("passing");
    expect(said).toEqual([["signalbox-probe"]]);
  });

  it("fails where the health service is not implemented", async () => {
    expect(await found()).toBe("failing");
  });

  it("fails when its time is up, and cancels the call", async () => {
    const { promise: cancelled, resolve } = Promise.withResolvers<void>();
    const check: Check = (call) => void call.on("cancelled", resolve);
    expect(await found(check, { timeoutMs: 500 })).toBe("failing");
    await cancelled;
  });
});

describe("a gRPC probe", () => {
  it("needs an instance that speaks HTTP/2, and listens", async () => {
    const { url } = await backend((_, res) => void res.end());
    expect(await probe(url, { type: "grpc" })).toBe("failing");
    expect(await probe(await deadUrl(), { type: "grpc" })).toBe("failing");
    const { url: silent, sockets: open } = await startTcp();
    expect(await probe(silent, { type: "grpc", timeoutMs: 50 }, { open })).toBe("failing");
  });

  it.each([
    ["passing", "is in order", "application/grpc+proto", "0"],
    ["failing", "ends with a failure behind its message", "application/grpc+proto", "13"],
    ["failing", "is of another kind", "text/html", "0"],
  ])("is %s where the answer %s", async (kind, _, type, code) => {
    const { url, close, sessions } = await startHttp2((stream) => {
      stream.respond({ "content-type": type }, { waitForTrailers: true });
      stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": code }));
      stream.end(Buffer.from([0, 0, 0, 0, 2, 8, 1]));
    });
    onTestFinished(close);
    expect(await probe(url, { type: "grpc" }, { open: sessions })).toBe(kind);
  });

  it("trusts whom requests trust", async () => {
    const url = await grpc(true, saying(8, 1));
    expect(await probe(url, { type: "grpc" })).toBe("failing");
  });
});
