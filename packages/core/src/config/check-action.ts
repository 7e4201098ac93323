import type { CompiledPath } from "../match/pattern.js";
import { isHopByHop } from "../rewrite/hop-by-hop.js";
import { namesOf } from "./loose-path.js";
import { listIn, recordOf, type Loose } from "./loose.js";
import { describeValue } from "./problem.js";
import type { Place, ProblemList } from "./problem-list.js";
import { suggest } from "./suggest.js";

// What changes of requests and responses say of each other and of the path: beyond the shape of each.

export function checkHeaderChanges(problems: ProblemList, owner: Loose, at: Place): void {
  for (const field of ["requestHeaders", "responseHeaders"]) {
    const changes = recordOf(owner[field]);
    const seen = new Map<string, string>();
    const entries = [
      ...["set", "add"].flatMap((kind) =>
        Object.keys(recordOf(changes[kind])).map((name) => [kind, name, name] as const),
      ),
      ...listIn(changes["remove"]).flatMap((name, index) =>
        typeof name === "string" ? [["remove", index, name] as const] : [],
      ),
    ];
    for (const [kind, key, name] of entries)
      checkHeaderChange(problems, name.toLowerCase(), [...at, field, kind, key], kind, seen);
  }
}

export function checkRespond(problems: ProblemList, respond: Loose, at: Place): void {
  const seen = new Map<string, string>();
  for (const name of Object.keys(recordOf(respond["headers"])))
    checkHeaderChange(problems, name.toLowerCase(), [...at, "headers", name], "headers", seen);
}

/** Not of one connection, but the gateway's all the same: the host, the framing, and leave to send a body. */
const RESERVED: ReadonlySet<string> = new Set(["host", "content-length", "expect"]);

function checkHeaderChange(
  problems: ProblemList,
  name: string,
  at: Place,
  kind: string,
  seen: Map<string, string>,
): void {
  if (isHopByHop(name) || RESERVED.has(name)) {
    const instead = name === "host" ? "use rewrite.host" : "the gateway writes it itself";
    problems.add(
      at,
      "HEADER_FORBIDDEN",
      `the header "${name}" cannot be changed here: ${instead}`,
      `"${name}"`,
      "an end-to-end header",
    );
  }
  const before = seen.get(name);
  if (before === undefined) seen.set(name, kind);
  else
    problems.add(
      at,
      "HEADER_TWICE",
      `the header "${name}" stands in ${before} and in ${kind} of one set of changes`,
      `"${name}"`,
      "each name once",
    );
}

export function checkRewrite(
  problems: ProblemList,
  rewrite: Loose,
  at: Place,
  paths: readonly CompiledPath[],
): void {
  const path = rewrite["path"];
  if (typeof path === "string") checkTemplate(problems, path, [...at, "path"], paths);
  else checkPrefix(problems, recordOf(path), [...at, "path"], paths);
  const query = recordOf(rewrite["query"]);
  const names = [
    ...Object.keys(recordOf(query["set"])),
    ...Object.keys(recordOf(query["add"])),
    ...listIn(query["remove"]),
  ];
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined)
    problems.add(
      [...at, "query"],
      "QUERY_TWICE",
      `the parameter ${describeValue(twice)} stands in it twice`,
      describeValue(twice),
      "each name once",
    );
}

function checkTemplate(
  problems: ProblemList,
  template: string,
  at: Place,
  paths: readonly CompiledPath[],
): void {
  for (const segment of template.split("/").slice(1)) {
    const param = segment === "*" ? "*" : segment.startsWith(":") ? segment.slice(1) : undefined;
    if (param === undefined) continue;
    const lacking = paths.find((compiled) => !namesOf(compiled).includes(param));
    if (lacking !== undefined) unknownParam(problems, at, param, namesOf(lacking));
  }
}

export function checkRedirect(
  problems: ProblemList,
  redirect: Loose,
  at: Place,
  paths: readonly CompiledPath[],
): void {
  checkPrefix(problems, recordOf(redirect["path"]), [...at, "path"], paths);
}

function checkPrefix(
  problems: ProblemList,
  path: Loose,
  at: Place,
  paths: readonly CompiledPath[],
): void {
  if (
    path["replacePrefix"] === undefined ||
    paths.every((compiled) => compiled.kind === "tree" && compiled.open)
  )
    return;
  const message =
    "replacePrefix needs a prefix to replace: match a path such as { prefix } or one that ends with /*";
  problems.add(
    [...at, "replacePrefix"],
    "PREFIX",
    message,
    "a match without prefix",
    "a prefix match",
  );
}

export function unknownParam(
  problems: ProblemList,
  place: Place,
  param: string,
  names: readonly string[],
): void {
  const near = suggest(param, names);
  const known = names.length === 0 ? "it has none" : `it has ${names.join(", ")}`;
  const hint = near === undefined ? `; ${known}` : `; did you mean "${near}"?`;
  problems.add(
    place,
    "UNKNOWN_PARAM",
    `the path has no parameter "${param}"${hint}`,
    describeValue(param),
    "a parameter of the path",
    near,
  );
}
