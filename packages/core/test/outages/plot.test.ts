import { expect, it } from "vitest";
import { drawPlot, type Plot } from "./plot.js";

const PLOT: Plot = {
  title: "a < b",
  xLabel: "time (s)",
  yLabel: "requests (1/s)",
  scale: "linear",
  marks: [{ from: 1, to: 2, text: "slow" }],
  lines: [
    {
      name: "naive",
      points: [
        [0, 0],
        [4, 1_000],
      ],
    },
    {
      name: "recommended",
      points: [
        [0, 500],
        [4, 500],
      ],
    },
  ],
};

/** The texts of a plot. */
function textsOf(svg: string): readonly string[] {
  return [...svg.matchAll(/<text[^>]*>([^<]*)</g)].map(([, text]) => text ?? "");
}

/** The lines of a plot, behind those of its axes and its legend. */
function linesOf(svg: string): readonly string[] {
  return [...svg.matchAll(/ d="(M[^"]*L[^"]*)"/g)].map(([, d]) => d ?? "");
}

it("labels its axes, its lines and its marks", () => {
  const texts = textsOf(drawPlot(PLOT));
  for (const text of ["a &lt; b", "time (s)", "requests (1/s)", "slow", "naive", "recommended"])
    expect(texts).toContain(text);
  expect(texts).toEqual(expect.arrayContaining(["0", "200", "400", "600", "800", "1,000", "4"]));
});

it("draws from the lower left to the upper right", () => {
  expect(linesOf(drawPlot(PLOT))).toEqual(["M64 292L744 88", "M64 190L744 190"]);
});

it("draws powers of ten on a logarithmic scale, and what is 0 at the bottom", () => {
  const points = [
    [0, 0],
    [2, 10],
    [4, 1_000],
  ] as const;
  const svg = drawPlot({ ...PLOT, scale: "log", lines: [{ name: "naive", points }] });
  expect(linesOf(svg)).toEqual(["M64 292L404 292L744 88"]);
  expect(textsOf(svg)).toEqual(expect.arrayContaining(["10", "100", "1,000"]));
});
