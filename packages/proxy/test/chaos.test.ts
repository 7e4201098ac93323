import { expect, it } from "vitest";
import { runChaos } from "./chaos/chaos.js";

it("gives every client a whole answer, a status or a visible cut, whatever the instances do", async () => {
  const report = await runChaos({ seed: 4, durationMs: 4_000, clients: 24 });
  expect(report.wrongs).toEqual([]);
  expect(report.verdicts).toMatchObject({ wrong: 0, hung: 0 });
  // All that can happen did: otherwise nothing was proved.
  for (const verdict of ["whole", "ours", "cut", "left"] as const)
    expect(report.verdicts[verdict]).toBeGreaterThan(10);
}, 60_000);
