/** A line of a plot. */
interface Line {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

/** A piece of the x axis that is marked. */
export interface Mark {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

/** What is drawn. */
export interface Plot {
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly scale: "linear" | "log";
  readonly marks: readonly Mark[];
  readonly lines: readonly Line[];
}

const WIDTH = 760;
const HEIGHT = 340;
const AREA = { left: 64, right: 744, top: 88, bottom: 292 };
/** Okabe and Ito, "Color universal design", 2008: for all eyes. Legible on white and on black alike. */
const COLOURS = ["#d55e00", "#cc79a7", "#e69f00", "#56b4e9", "#009e73"];
/** Lines differ by more than their colour; the last is the one to look at. */
const DASHES = ["6 3", "2 3", "8 3 2 3", "4 2"];

const STYLE = `
svg { font: 13px system-ui, sans-serif; }
.ground { fill: #ffffff; }
text { fill: #24292f; }
.axis { stroke: #57606a; }
.grid { stroke: #d0d7de; }
.mark { fill: #f0f2f5; }
.note { fill: #57606a; }
path { fill: none; stroke-linejoin: round; }
@media (prefers-color-scheme: dark) {
  .ground { fill: #0d1117; }
  text { fill: #e6edf3; }
  .axis { stroke: #8b949e; }
  .grid { stroke: #30363d; }
  .mark { fill: #1c2129; }
  .note { fill: #8b949e; }
}
`;

/** A line plot as SVG. */
export function drawPlot(plot: Plot): string {
  const { title, xLabel, yLabel, scale, marks, lines } = plot;
  const xs = lines.flatMap(({ points }) => points.map(([x]) => x));
  const ys = lines.flatMap(({ points }) => points.map(([, y]) => y));
  const xTicks = linearTicks(Math.max(...xs)).filter((x) => x <= Math.max(...xs));
  const yTicks = scale === "log" ? logTicks(ys.filter((y) => y > 0)) : linearTicks(Math.max(...ys));
  const xOf = (x: number): number => AREA.left + (x / Math.max(...xs)) * (AREA.right - AREA.left);
  const ratio = scaleOf(yTicks, scale);
  const yOf = (y: number): number => AREA.bottom - ratio(y) * (AREA.bottom - AREA.top);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escaped(title)}">`,
    `<style>${STYLE}</style>`,
    `<rect class="ground" width="${WIDTH}" height="${HEIGHT}"/>`,
    ...marks.map((mark) => drawMark(mark, xOf)),
    ...yTicks.map((y) => drawRow(y, yOf(y))),
    ...xTicks.map((x) => label(xOf(x), AREA.bottom + 20, numberText(x), "middle")),
    `<path class="axis" d="M${AREA.left} ${AREA.bottom}H${AREA.right}"/>`,
    `<text x="16" y="24" font-size="15" font-weight="600">${escaped(title)}</text>`,
    ...drawLegend(lines),
    label((AREA.left + AREA.right) / 2, HEIGHT - 12, xLabel, "middle"),
    `<text class="note" x="16" y="${AREA.top - 14}">${escaped(yLabel)}</text>`,
    ...lines.map(({ points }, index) => {
      const d = points.map(
        ([x, y], nth) => `${nth === 0 ? "M" : "L"}${coordinate(xOf(x))} ${coordinate(yOf(y))}`,
      );
      return `<path ${strokeOf(index, lines.length)} d="${d.join("")}"/>`;
    }),
    "</svg>",
    "",
  ].join("\n");
}

// What is marked is named above it, where no line passes.
function drawMark({ from, to, text }: Mark, xOf: (x: number) => number): string {
  const left = xOf(from);
  const right = xOf(to);
  const height = AREA.bottom - AREA.top;
  return [
    `<rect class="mark" x="${coordinate(left)}" y="${AREA.top}" width="${coordinate(right - left)}" height="${height}"/>`,
    `<text class="note" x="${coordinate(right)}" y="${AREA.top - 6}" text-anchor="end">${escaped(text)}</text>`,
  ].join("\n");
}

function drawRow(value: number, y: number): string {
  const at = coordinate(y);
  return `<path class="grid" d="M${AREA.left} ${at}H${AREA.right}"/>${label(AREA.left - 8, y + 4, numberText(value), "end")}`;
}

function drawLegend(lines: readonly Line[]): readonly string[] {
  let x = 16;
  return lines.map(({ name }, index) => {
    const at = x;
    x += 48 + 7 * name.length;
    return `<path ${strokeOf(index, lines.length)} d="M${at} 48h24"/>${label(at + 30, 52, name, "start")}`;
  });
}

function strokeOf(index: number, count: number): string {
  if (index === count - 1) return `stroke="${COLOURS.at(-1)}" stroke-width="3"`;
  const colour = COLOURS[index % (COLOURS.length - 1)];
  return `stroke="${colour}" stroke-width="2" stroke-dasharray="${DASHES[index % DASHES.length]}"`;
}

function label(x: number, y: number, text: string, anchor: "start" | "middle" | "end"): string {
  const aligned = anchor === "start" ? "" : ` text-anchor="${anchor}"`;
  return `<text x="${coordinate(x)}" y="${coordinate(y)}"${aligned}>${escaped(text)}</text>`;
}

/** Round numbers from 0 to the first one that is not below the most, some seven of them. */
function linearTicks(most: number): readonly number[] {
  const rough = most / 7;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough) ?? rough;
  return Array.from({ length: Math.ceil(most / step) + 1 }, (_, nth) => nth * step);
}

/** Powers of ten around all values. */
function logTicks(values: readonly number[]): readonly number[] {
  const least = Math.floor(Math.log10(Math.min(...values)));
  const most = Math.ceil(Math.log10(Math.max(...values)));
  return Array.from({ length: most - least + 1 }, (_, nth) => 10 ** (least + nth));
}

/** Where in the area a value lies, in [0, 1]. */
function scaleOf(ticks: readonly number[], scale: Plot["scale"]): (value: number) => number {
  const of = scale === "log" ? (value: number) => Math.log10(value) : (value: number) => value;
  const from = of(ticks[0] as number);
  const to = of(ticks.at(-1) as number);
  return (value) => Math.max(0, (of(value) - from) / (to - from));
}

function numberText(value: number): string {
  return String(Number(value.toPrecision(6))).replace(/\B(?=(\d{3})+$)/g, ",");
}

function coordinate(value: number): string {
  return String(Number(value.toFixed(1)));
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
