/** A column: its heading, and what it shows of a row. Texts stand left, numbers right. */
export interface Column<Row> {
  readonly heading: string;
  readonly value: (row: Row) => string | number;
}

/** Rows as lines of text, the heading first. */
export function table<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string[] {
  const cells = rows.map((row) => columns.map(({ value }) => value(row)));
  const shown = [columns.map(({ heading }) => heading), ...cells.map((line) => line.map(show))];
  const widths = columns.map((_, at) => Math.max(...shown.map((line) => line[at]?.length ?? 0)));
  return shown.map((line) =>
    line
      .map((text, at) =>
        typeof cells[0]?.[at] === "number"
          ? text.padStart(widths[at] ?? 0)
          : text.padEnd(widths[at] ?? 0),
      )
      .join("  ")
      .trimEnd(),
  );
}

function show(value: string | number): string {
  return typeof value === "number" ? count(value) : value;
}

/** A number with its thousands apart. */
export function count(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}
