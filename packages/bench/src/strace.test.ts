import { expect, it } from "vitest";
import { parseCount } from "./strace.ts";

it("adds up the calls of all ways to write, and leaves out errors and the total", () => {
  const count = parseCount(`
% time     seconds  usecs/call     calls    errors syscall
------ ----------- ----------- --------- --------- ----------------
 97.54    0.021000          10      2000           writev
  2.46    0.000530          10       100        50 write
------ ----------- ----------- --------- --------- ----------------
100.00    0.021530                  2100        50 total
`);
  expect(count).toBe(2100);
});

it("counts nothing where nothing was written", () => {
  expect(parseCount("")).toBe(0);
});
