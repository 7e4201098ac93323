import { parseArgs } from "node:util";

/** The parts of the benchmarks. */
export type Part = "decide" | "balance" | "scale" | "proxy" | "connections";

const PARTS: readonly Part[] = ["decide", "balance", "scale", "proxy", "connections"];

/** What the command line asks for. */
export interface Options {
  /** The parts that run. */
  readonly only: Part | undefined;
  /** Rounds of each subject; the default goes with how much is measured. */
  readonly rounds: number | undefined;
  /** Names of subjects of any part; the others are left out. */
  readonly subjects: readonly string[] | undefined;
  /** Kinds of traffic through proxies; the others are left out. */
  readonly traffic: readonly string[] | undefined;
  /** Where the results are written. */
  readonly json: string | undefined;
  /** Few rounds and few sizes: it shows that everything works, its figures say little. */
  readonly quick: boolean;
  /** A folder for a CPU profile of each proxy in Node. Figures are higher then. */
  readonly profiles: string | undefined;
}

/** Reads the options. */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    // pnpm hands on the dashes that end its own options.
    args: args.filter((arg) => arg !== "--"),
    options: {
      only: { type: "string" },
      rounds: { type: "string" },
      subjects: { type: "string" },
      traffic: { type: "string" },
      json: { type: "string" },
      quick: { type: "boolean", default: false },
      "cpu-prof": { type: "string" },
    },
  });
  const { only, rounds } = values;
  if (only !== undefined && !(PARTS as readonly string[]).includes(only))
    throw new RangeError(`--only takes ${PARTS.join(", ")}, got ${only}`);
  if (rounds !== undefined && !/^[1-9]\d*$/.test(rounds))
    throw new RangeError(`--rounds takes a whole number above 0, got ${rounds}`);
  return {
    only: only as Part | undefined,
    rounds: rounds === undefined ? undefined : Number(rounds),
    subjects: values.subjects?.split(","),
    traffic: values.traffic?.split(","),
    json: values.json,
    quick: values.quick,
    profiles: values["cpu-prof"],
  };
}

/** Those of the names that were asked for. */
export function selected(all: readonly string[], wanted: readonly string[] | undefined): string[] {
  return all.filter((name) => wanted === undefined || wanted.includes(name));
}
