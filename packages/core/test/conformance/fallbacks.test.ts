import { describe, expect, it } from "vitest";
import { serviceOf, shares, versionOf, type Shares } from "./split-kit.js";

describe("a fallback", () => {
  const cases: readonly (readonly [sentence: string, to: object, shares: Shares])[] = [
    [
      "of a version takes its share",
      { service: "shop", version: "v9", fallback: { version: "v1" } },
      { v1: 100 },
    ],
    [
      "of a split takes the share that failed only",
      { service: "shop", split: { v2: 70, v9: 30 }, fallback: { version: "v1" } },
      { v2: 70, v1: 30 },
    ],
    [
      "of a service takes its share",
      { service: "empty", fallback: { service: "shop", version: "v2" } },
      { v2: 100 },
    ],
    [
      "is left alone when the version has instances",
      { service: "shop", version: "v2", fallback: { version: "v1" } },
      { v2: 100 },
    ],
    [
      "without instances is a 503",
      { service: "empty", fallback: { service: "shop", version: "v9" } },
      { 503: 100 },
    ],
  ];
  for (const [sentence, to, expected] of cases)
    it(sentence, () => expect(shares(to, versionOf)).toEqual(expected));
});

describe("a weighted backend with a fallback", () => {
  const cases: readonly (readonly [sentence: string, to: readonly object[], shares: Shares])[] = [
    [
      "gives its share to another service",
      [
        { service: "a", weight: 60 },
        { service: "empty", weight: 40, fallback: { service: "b" } },
      ],
      { a: 60, b: 40 },
    ],
    [
      "gives its share to another version",
      [
        { service: "a", weight: 60 },
        { service: "shop", version: "v9", weight: 40, fallback: { version: "v1" } },
      ],
      { a: 60, shop: 40 },
    ],
    [
      "keeps it while it has instances",
      [
        { service: "a", weight: 60 },
        { service: "c", weight: 40, fallback: { service: "b" } },
      ],
      { a: 60, c: 40 },
    ],
    [
      "is a 503 when the fallback has no instances either",
      [
        { service: "a", weight: 60 },
        { service: "shop", version: "v9", weight: 40, fallback: { service: "empty" } },
      ],
      { a: 60, 503: 40 },
    ],
    [
      "does not lend it to the others",
      [
        { service: "empty", weight: 60 },
        { service: "c", weight: 40, fallback: { service: "b" } },
      ],
      { 503: 60, c: 40 },
    ],
  ];
  for (const [sentence, to, expected] of cases)
    it(sentence, () => expect(shares(to, serviceOf)).toEqual(expected));
});
