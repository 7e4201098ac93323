import { describe, expect, it } from "vitest";
import { errorAnswer, type ErrorContext } from "./error-answer.js";

const view = (accept?: string) => ({
  method: "GET",
  url: "/",
  headers: accept === undefined ? {} : { accept },
});
const context = (accept?: string): ErrorContext => ({ view: view(accept), status: 502 });

describe("the form of an error", () => {
  it.each([
    [undefined, "text/plain; charset=utf-8", "502 Bad Gateway\n"],
    ["*/*", "text/plain; charset=utf-8", "502 Bad Gateway\n"],
    ["text/html, */*;q=0.8", "text/plain; charset=utf-8", "502 Bad Gateway\n"],
    ["image/png", "text/plain; charset=utf-8", "502 Bad Gateway\n"],
    ["application/json", "application/json", '{"status":502,"title":"Bad Gateway"}\n'],
    [
      "text/plain;q=0.1, application/json",
      "application/json",
      '{"status":502,"title":"Bad Gateway"}\n',
    ],
    [
      "application/problem+json, application/json;q=0.9",
      "application/problem+json",
      '{"type":"about:blank","title":"Bad Gateway","status":502}\n',
    ],
    ["application/json;q=0, text/*", "text/plain; charset=utf-8", "502 Bad Gateway\n"],
    [",;=,;q=x", "text/plain; charset=utf-8", "502 Bad Gateway\n"],
  ])("for a client that accepts %j is %s", (accept, type, body) => {
    expect(errorAnswer(context(accept), ["retry-after", "1"])).toEqual({
      status: 502,
      headers: ["retry-after", "1", "content-type", type, "vary", "accept"],
      body,
    });
  });
});

describe("a hook for errors", () => {
  it("replaces what it likes, and is told why", () => {
    const failure = { side: "instance", stage: "head", cause: "timeout" } as const;
    const seen: ErrorContext[] = [];
    const answer = errorAnswer({ ...context(), status: 504, failure }, [], (error) => {
      seen.push(error);
      return {
        status: 503,
        headers: { "content-type": "text/html", "x-a": ["1", "2"] },
        body: "<p>",
      };
    });
    expect(answer).toEqual({
      status: 503,
      headers: ["vary", "accept", "content-type", "text/html", "x-a", "1", "x-a", "2"],
      body: "<p>",
    });
    expect(seen).toEqual([{ view: view(), status: 504, failure }]);
  });

  it.each([
    ["says nothing", () => undefined],
    ["says nothing new", () => ({})],
    [
      "throws",
      () => {
        throw new Error("no");
      },
    ],
  ])("that %s leaves the answer as it is", (_what, hook) => {
    expect(errorAnswer(context(), [], hook)).toMatchObject({
      status: 502,
      body: "502 Bad Gateway\n",
    });
  });
});
