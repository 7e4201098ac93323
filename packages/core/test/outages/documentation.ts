import { readFileSync } from "node:fs";
import path from "node:path";
import { expect } from "vitest";
import type { Outage, Results } from "./outage.js";
import { drawPlot } from "./plot.js";

const docs = path.join(import.meta.dirname, "../../../../docs");
const page = path.join(docs, "simulations.md");

/**
 * Expects plots and table of an outage in the documentation to be those of its results.
 * `pnpm --filter @signalbox/bench simulation-plots` writes them.
 */
export async function expectDocumented(outage: Outage, results: Results): Promise<void> {
  for (const { name, title, unit, scale, value } of outage.plots) {
    const svg = drawPlot({
      ...{ title, scale, marks: outage.marks, xLabel: "time (s)", yLabel: unit },
      lines: Object.entries(results).map(([setUp, { series }]) => ({
        name: setUp,
        points: series.map((point) => [point.atMs / 1_000, value(point)] as const),
      })),
    });
    await expect(svg).toMatchFileSnapshot(path.join(docs, "simulations", `${name}.svg`));
  }
  const text = readFileSync(page, "utf8");
  await expect(withTable(text, outage.name, tableOf(outage, results))).toMatchFileSnapshot(page);
}

/** The page with another table behind its comment. */
function withTable(text: string, name: string, table: string): string {
  const begin = `<!-- numbers of ${name} -->\n\n`;
  const start = text.indexOf(begin);
  if (start === -1) throw new Error(`docs/simulations.md has no line "${begin.trim()}"`);
  const tableStart = start + begin.length;
  const tableEnd = text.indexOf("\n\n", tableStart);
  return `${text.slice(0, tableStart)}${table}${text.slice(tableEnd)}`;
}

/** As Prettier would write it. */
function tableOf({ columns, setUps }: Outage, results: Results): string {
  const rows = Object.keys(setUps).map((name) => {
    const result = results[name];
    return [name, ...columns.map(({ value }) => (result === undefined ? "" : value(result)))];
  });
  const head = ["set-up", ...columns.map(({ heading }) => heading)];
  const widths = head.map((heading, column) =>
    Math.max(heading.length, ...rows.map((row) => (row[column] as string).length)),
  );
  const line = (cells: readonly string[]): string => {
    const padded = cells.map((cell, column) =>
      column === 0
        ? cell.padEnd(widths[column] as number)
        : cell.padStart(widths[column] as number),
    );
    return `| ${padded.join(" | ")} |`;
  };
  const rule = widths.map((width, column) =>
    column === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`,
  );
  return [line(head), line(rule), ...rows.map(line)].join("\n");
}
