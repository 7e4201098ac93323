import type { ConfigCode } from "./codes.js";
import { pointerOf, type ConfigProblem } from "./problem.js";

/** The way to a part of a configuration. */
export type Place = readonly (string | number)[];

/** Problems as they are found. */
export class ProblemList {
  readonly all: ConfigProblem[] = [];

  add(
    place: Place,
    code: ConfigCode,
    message: string,
    found: string,
    expected: string,
    suggestion?: string,
  ): void {
    const problem = { pointer: pointerOf(place), code, message, found, expected };
    this.all.push(suggestion === undefined ? problem : { ...problem, suggestion });
  }
}
