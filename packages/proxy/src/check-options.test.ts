import { createGateway } from "@signalbox/core";
import { describe, expect, it } from "vitest";
import { describeValue } from "./check-options.js";
import { createProxy } from "./proxy.js";

const config = { routes: [] };
const gateway = createGateway(config);

const errorOf = (...args: readonly unknown[]): unknown => {
  try {
    void (createProxy as (...args: readonly unknown[]) => ReturnType<typeof createProxy>)(
      ...args,
    ).close();
  } catch (error) {
    return error;
  }
  return undefined;
};

describe("a proxy over what is no gateway", () => {
  it.each([
    ["a plain object", config],
    ["an array", []],
    ["undefined", undefined],
    ["null", null],
    ["a function", createGateway],
    ['"http://h"', "http://h"],
    ["an object that holds one as `gateway`", { gateway }],
    ["a Map", new Map()],
  ])("is refused: %s", (given, value) =>
    expect(errorOf(value, gateway)).toEqual(
      new TypeError(
        `createProxy: expected a gateway, got ${given}; make one with createGateway(config)`,
      ),
    ),
  );
});

describe("an option of a proxy", () => {
  it.each<[object, string]>([
    [{ onEnd: "log" }, 'onEnd must be a function, got "log"'],
    [{ onError: {} }, "onError must be a function, got a plain object"],
    [{ onMirror: true }, "onMirror must be a function, got true"],
    [{ policies: ["auth"] }, "policies must be an object of policies by name, got an array"],
    [
      { policies: { auth: () => undefined } },
      "policies.auth must be an object with onRequest, onResponse or onEnd, got a function",
    ],
    [
      { policies: { auth: undefined } },
      "policies.auth must be an object with onRequest, onResponse or onEnd, got undefined",
    ],
    [
      { policies: { auth: { onRequest: "x" } } },
      'policies.auth.onRequest must be a function, got "x"',
    ],
    [{ probes: 0 }, "probes must be true or false, got 0"],
    [{ onerror: () => undefined }, 'there is no option "onerror"; did you mean "onError"?'],
    [{ somethingElse: 1 }, 'there is no option "somethingElse"'],
  ])("that is malformed is refused: %o", (options, problem) =>
    expect(errorOf(gateway, options)).toEqual(new TypeError(`createProxy: ${problem}`)),
  );

  it("may be one of a host, so that both share an object, or undefined", () => {
    const proxy = createProxy(gateway);
    const shared = { strict: true, warn: () => {}, facts: () => ({}), fallback: () => {}, proxy };
    const others = { otherPaths: "forward", graceMs: 10, onEnd: undefined };
    expect(errorOf(gateway, { ...shared, ...others })).toBeUndefined();
    void proxy.close();
  });
});

it("says what a value is", () => {
  expect(describeValue(gateway)).toBe("a gateway");
  expect(describeValue(new Error("x"))).toBe("an Error");
  expect(describeValue(7)).toBe("7");
});
