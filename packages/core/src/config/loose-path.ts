import { compilePath, isPatternProblem, type CompiledPath } from "../match/pattern.js";

/** A path condition compiled; undefined where it is none. */
export function looseCompile(path: unknown): CompiledPath | undefined {
  const isForm =
    typeof path === "object" &&
    path !== null &&
    Object.values(path).every((value) => typeof value === "string") &&
    Object.keys(path).length === 1;
  if (path !== undefined && typeof path !== "string" && !isForm) return undefined;
  const known =
    !isForm || ["exact", "prefix", "startsWith", "regex"].includes(Object.keys(path)[0] as string);
  const compiled = known ? compilePath(path as Parameters<typeof compilePath>[0]) : undefined;
  return compiled === undefined || isPatternProblem(compiled) ? undefined : compiled;
}

/** Names of the parameters that a path has. */
export function namesOf(path: CompiledPath): readonly string[] {
  if (path.kind !== "tree") return [];
  return path.open && !path.bare ? [...path.names, "*"] : path.names;
}
