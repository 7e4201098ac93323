/** A column: its heading, and what it shows of a row. Text stands left, numbers right. */
export interface Column<Row> {
  readonly heading: string;
  readonly value: (row: Row) => string | number | undefined;
  /** Digits after the point. Default: 0. */
  readonly digits?: number;
}

/** Rows as lines of text in columns. What is not known is a dash. */
export function table<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const cells = rows.map((row) => columns.map((column) => cell(column, row)));
  const widths = columns.map(({ heading }, index) =>
    Math.max(heading.length, ...cells.map((line) => (line[index] as string).length)),
  );
  const isText = columns.map(({ value }) => rows.some((row) => typeof value(row) === "string"));
  const line = (texts: readonly string[]): string =>
    texts
      .map((text, index) => {
        const width = widths[index] as number;
        return isText[index] ? text.padEnd(width) : text.padStart(width);
      })
      .join("  ")
      .trimEnd();
  return [
    line(columns.map(({ heading }) => heading)),
    line(widths.map((width) => "-".repeat(width))),
    ...cells.map(line),
  ].join("\n");
}

function cell<Row>({ value, digits = 0 }: Column<Row>, row: Row): string {
  const given = value(row);
  if (typeof given === "string") return given;
  if (given === undefined || Number.isNaN(given)) return "-";
  return given.toLocaleString("en-US", {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
}
