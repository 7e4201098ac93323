import { describe, expect, it } from "vitest";
import { createGateway } from "../gateway.js";
import { checkConfig } from "./check.js";
import type { ConfigInput } from "./config.js";
import type { ToConfig } from "./route-config.js";
import { formatProblem } from "./problem.js";

const configOf = (to: ToConfig, more: object = {}): ConfigInput => ({
  services: {
    shop: {
      instances: [
        { url: "http://1", version: "v1" },
        { url: "http://2", version: "v2" },
      ],
    },
    plain: { instances: ["http://3"] },
    empty: { instances: [] },
  },
  routes: [{ to, ...more }],
});
const told = (to: ToConfig, more?: object) => checkConfig(configOf(to, more)).map(formatProblem);

describe("a version that no instance has", () => {
  it.each<[string, ToConfig, object | undefined, string]>([
    [
      "of a backend",
      { service: "shop", version: "v-2" },
      undefined,
      '/routes/0/to/version: warning: no instance of service "shop" is version "v-2"; did you mean "v2"?',
    ],
    [
      "in a split",
      { service: "shop", split: { v1: 1, canary: 1 } },
      undefined,
      '/routes/0/to/split/canary: warning: no instance of service "shop" is version "canary"; there are v1, v2',
    ],
    [
      "of a fallback in the same service",
      { service: "shop", version: "v1", fallback: { version: "v9" } },
      undefined,
      '/routes/0/to/fallback/version: warning: no instance of service "shop" is version "v9"; did you mean "v1"?',
    ],
    [
      "of one of several backends",
      [{ service: "shop" }, { service: "plain", version: "v1" }],
      undefined,
      '/routes/0/to/1/version: warning: no instance of service "plain" is version "v1"; none has a version',
    ],
    [
      "of a mirror",
      "shop",
      { mirror: [{ service: "shop", version: "old" }] },
      '/routes/0/mirror/0/version: warning: no instance of service "shop" is version "old"; there are v1, v2',
    ],
  ])("is a warning: %s", (_what, to, more, line) => {
    expect(told(to, more)).toEqual([`${line} [UNKNOWN_VERSION]`]);
    expect(checkConfig(configOf(to, more))[0]).toMatchObject({ severity: "warning" });
    expect(() => createGateway(configOf(to, more))).not.toThrow();
  });

  it("is nothing to warn of where instances are still to come", () => {
    expect(told({ service: "shop", split: { v1: 1, v3: 0 } })).toEqual([]);
    expect(told([{ service: "shop" }, { service: "shop", version: "v3", weight: 0 }])).toEqual([]);
    expect(told({ service: "empty", version: "v1" })).toEqual([]);
  });

  it("is not told beside what is wrong", () => {
    const codes = checkConfig(configOf({ service: "shop", version: "v9" }, { order: 0.5 })).map(
      ({ code }) => code,
    );
    expect(codes).toEqual(["ORDER"]);
  });
});
