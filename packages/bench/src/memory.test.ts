import { expect, it } from "vitest";
import { parseRollup } from "./memory.ts";

it("adds up what no file stands behind", () => {
  const text = `55d0c0a00000-7fff740df000 ---p 00000000 00:00 0                          [rollup]
Rss:                1648 kB
Pss:                 386 kB
Pss_Anon:            108 kB
Pss_File:            268 kB
Pss_Shmem:            10 kB
Anonymous:           108 kB
`;
  expect(parseRollup(text)).toBe(118 * 1024);
});

it("says so where the system does not tell", () => {
  expect(() => parseRollup("Rss: 1648 kB\n")).toThrow(
    "The system does not say Pss_Anon (Linux 5.8).",
  );
});
