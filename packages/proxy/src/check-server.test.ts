import { createServer } from "node:http";
import { createServer as createHttp2 } from "node:http2";
import { describe, expect, it } from "vitest";
import { checkServer, ServerSettingsError } from "./check-server.js";

const quiet = { warn: () => {} };

describe("a server of node:http", () => {
  it("is safe as Node makes it", () => {
    expect(checkServer(createServer(), quiet)).toEqual([]);
  });

  it("may count no fields, since their size is limited", () => {
    const server = createServer();
    server.maxHeadersCount = 0;
    expect(checkServer(server, quiet)).toEqual([]);
  });

  it.each([
    [
      "a parser that takes what can be read in two ways",
      { insecureHTTPParser: true },
      "insecureHTTPParser is on",
    ],
    ["requests without a Host", { requireHostHeader: false }, "requireHostHeader is off"],
    ["heads that may take for ever", { headersTimeout: 0 }, "headersTimeout is 0"],
    [
      "uploads that may take for ever",
      { headersTimeout: 15_000, requestTimeout: 0 },
      "requestTimeout is 0",
    ],
  ])("is not, with %s", (_, options, problem) => {
    const found = checkServer(createServer(options), quiet);
    expect(found).toEqual([expect.stringContaining(problem)]);
  });

  it("is not, with fields that vanish past a number", () => {
    const server = createServer();
    server.maxHeadersCount = 2_000;
    const found = checkServer(server, quiet);
    expect(found).toEqual([
      expect.stringContaining("maxHeadersCount is 2000: headers past it vanish"),
    ]);
  });
});

describe("a server of node:http2", () => {
  it.each([
    ["any number of streams", {}, "settings.maxConcurrentStreams is not set"],
    [
      "too many streams",
      { settings: { maxConcurrentStreams: 5_000 } },
      "maxConcurrentStreams is 5000",
    ],
    [
      "memory for one connection without measure",
      { settings: { maxConcurrentStreams: 100 }, maxSessionMemory: 1_000 },
      "maxSessionMemory is 1000",
    ],
    [
      "no limit to streams that are reset",
      { settings: { maxConcurrentStreams: 100 }, streamResetBurst: 1e9, streamResetRate: 1e9 },
      "streamResetBurst and streamResetRate are high",
    ],
  ])("is not safe with %s", (_, options, problem) => {
    const found = checkServer(createHttp2(options), quiet);
    expect(found).toEqual([expect.stringContaining(problem)]);
  });

  it("is safe with a hundred streams", () => {
    const server = createHttp2({ settings: { maxConcurrentStreams: 100 } });
    expect(checkServer(server, quiet)).toEqual([]);
  });
});

it("tells each problem once, and all of them at once where it is strict", () => {
  const server = createServer({ requireHostHeader: false, headersTimeout: 0 });
  const told: string[] = [];
  const found = checkServer(server, { warn: (problem) => void told.push(problem) });
  expect(told).toEqual(found);
  expect(found).toHaveLength(2);
  expect(() => checkServer(server, { strict: true })).toThrow(ServerSettingsError);
  expect(() => checkServer(server, { strict: true })).toThrow(
    /requireHostHeader[^]*headersTimeout/,
  );
});
