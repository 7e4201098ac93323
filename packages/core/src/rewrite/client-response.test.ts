import { describe, expect, it } from "vitest";
import type { RouteConfig } from "../config/route-config.js";
import type { ForwardDecision } from "../decision.js";
import { createGateway } from "../gateway.js";
import type { HeaderRecord } from "../request.js";
import { request } from "../testing/request.js";
import { buildClientResponse, type AnsweringDecision } from "./client-response.js";

const decide = (route: RouteConfig = {}) =>
  createGateway([{ to: "http://a", ...route }]).decide(request("GET /")) as ForwardDecision;
const answered = (headers: HeaderRecord, route?: RouteConfig, status = 200) =>
  buildClientResponse(decide(route), { status, headers });

describe("the head of a forwarded response", () => {
  it("has the instance's status and headers, each line a line", () => {
    expect(
      answered(
        {
          "content-type": "text/plain",
          "set-cookie": ["a=1; Expires=Wed, 21 Oct 2015 07:28:00 GMT", "b=2"],
          "x-empty": "",
          gone: undefined,
        },
        {},
        418,
      ),
    ).toEqual({
      status: 418,
      headers: [
        ...[
          "content-type",
          "text/plain",
          "set-cookie",
          "a=1; Expires=Wed, 21 Oct 2015 07:28:00 GMT",
        ],
        ...["set-cookie", "b=2", "x-empty", ""],
      ],
    });
  });

  it("has nothing of the instance's connection, nor what its Connection names", () => {
    expect(
      answered({
        connection: ["close", "X-Internal"],
        "keep-alive": "timeout=5",
        "transfer-encoding": "chunked",
        "proxy-authenticate": "Basic",
        upgrade: "h2c",
        trailer: "x",
        "x-internal": "1",
        "content-length": "5",
        a: "1",
      }),
    ).toEqual({ status: 200, headers: ["content-length", "5", "a", "1"] });
  });

  it("has no field whose name is none, and spaces where a value holds what would end a line", () => {
    expect(
      answered({
        "a b": "1",
        "a\r\nb": "1",
        "": "1",
        a: "1\r\nSet-Cookie: b=1",
        b: ["\u0000", "\u010a"],
      }),
    ).toEqual({ status: 200, headers: ["a", "1  Set-Cookie: b=1", "b", " ", "b", " "] });
  });

  it("has its length, whatever Connection of the instance names", () => {
    const named = { connection: "content-length, X-A", "content-length": "5", "X-A": "1" };
    expect(answered(named).headers).toEqual(["content-length", "5"]);
  });

  it("has no length with a 204, and keeps it with a 304", () => {
    expect(answered({ "content-length": "5" }, {}, 204).headers).toEqual([]);
    expect(answered({ "content-length": "5" }, {}, 304).headers).toEqual(["content-length", "5"]);
  });

  it("has the configured changes last, a cookie that is added as a line of its own", () => {
    const route: RouteConfig = {
      responseHeaders: {
        set: { Server: "gate" },
        add: { "Set-Cookie": "b=2", Vary: "Accept" },
        remove: ["X-Powered-By"],
      },
    };
    expect(
      answered({ server: "x", "set-cookie": "a=1", vary: "Origin", "x-powered-by": "y" }, route),
    ).toEqual({
      status: 200,
      headers: [
        ...["set-cookie", "a=1", "vary", "Origin,Accept", "server", "gate", "set-cookie", "b=2"],
      ],
    });
  });

  it("has the cookies of the gateway before the configured changes", () => {
    const decision = { ...decide(), setCookies: ["pin=1"] } as ForwardDecision;
    expect(
      buildClientResponse(decision, { status: 200, headers: { "set-cookie": "a=1" } }),
    ).toEqual({
      status: 200,
      headers: ["set-cookie", "a=1", "set-cookie", "pin=1"],
    });
  });

  it("is a 502 where there was no response", () => {
    expect(buildClientResponse(decide(), undefined)).toEqual({ status: 502, headers: [] });
  });
});

describe("the head of an answer of our own", () => {
  const ownHead = (route: RouteConfig) =>
    buildClientResponse(
      createGateway([route]).decide(request("GET x.org/")) as AnsweringDecision,
      undefined,
    );

  it("is that of a redirect with its location first", () => {
    expect(
      ownHead({
        redirect: { status: 301 },
        responseHeaders: { set: { "Cache-Control": "no-store" } },
      }),
    ).toEqual({
      status: 301,
      headers: ["location", "http://x.org/", "cache-control", "no-store"],
    });
  });

  it("is that of a response, whose text has a type", () => {
    expect(ownHead({ respond: { status: 200, body: "ok" } })).toEqual({
      status: 200,
      headers: ["content-type", "text/plain; charset=utf-8"],
    });
    expect(
      ownHead({
        respond: { status: 200, body: "{}", headers: { "Content-Type": "application/json" } },
        responseHeaders: { add: { "set-cookie": "a=1", "Content-Language": "en" } },
      }),
    ).toEqual({
      status: 200,
      headers: [
        ...["content-type", "application/json", "set-cookie", "a=1", "content-language", "en"],
      ],
    });
    expect(ownHead({ respond: { status: 204 } })).toEqual({ status: 204, headers: [] });
  });

  it("is that of a refusal, whose reason stays here", () => {
    const gateway = createGateway({ routes: [] });
    const refused = gateway.decide({ method: "CONNECT", url: "h:1" }) as AnsweringDecision;
    expect(buildClientResponse(refused, undefined)).toEqual({
      status: 405,
      headers: ["allow", ""],
    });
    const bad = gateway.decide(request("GET /%00")) as AnsweringDecision;
    expect(buildClientResponse(bad, undefined)).toEqual({ status: 400, headers: [] });
  });
});
