import fc from "fast-check";
import { expect, it } from "vitest";
import { WaitingLine } from "./waiting-line.js";

it("is a list that is pushed to at one end and shifted at the other", () => {
  // Runs of pushes and shifts, long enough that what is behind is thrown away.
  const steps = fc.array(fc.integer({ min: -80, max: 100 }), { maxLength: 30 });
  fc.assert(
    fc.property(steps, (runs) => {
      const line = new WaitingLine<{ readonly n: number }>();
      const model: { readonly n: number }[] = [];
      let n = 0;
      for (const run of runs) {
        for (let i = 0; i < Math.abs(run); i++) {
          if (run > 0) {
            const item = { n: n++ };
            line.push(item);
            model.push(item);
          } else expect(line.shift()).toBe(model.shift());
          expect(line.length).toBe(model.length);
        }
      }
    }),
    { seed: 5, numRuns: 100 },
  );
});

it("is empty when it was cleared", () => {
  const line = new WaitingLine<object>();
  line.push({});
  line.push({});
  line.shift();
  line.clear();
  expect(line.length).toBe(0);
  expect(line.shift()).toBeUndefined();
});
