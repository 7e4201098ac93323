import { isBuiltin } from "node:module";
import path from "node:path";
import { AST_NODE_TYPES, ESLintUtils, type TSESTree } from "@typescript-eslint/utils";

/**
 * What a package may import besides its own files. `doors` names, for each dependency, the one file
 * (below `src`) that may import it, types included. A package that is not listed may import core
 * and proxy, Node's modules, and no dependency: give it a line here.
 */
interface PackageRules {
  readonly ours: readonly string[];
  readonly node: boolean;
  readonly doors: Readonly<Record<string, string>>;
}

const packages: Readonly<Record<string, PackageRules>> = {
  core: {
    ours: [],
    node: false,
    doors: {
      "find-my-way": "match/tree.ts",
      "ipaddr.js": "match/address.ts",
      "lru-cache": "affinity/memory.ts",
      "@noble/hashes": "affinity/cookie-value.ts",
      "fastest-levenshtein": "config/suggest.ts",
      re2js: "match/regex.ts",
      scslre: "match/regex.ts",
      refa: "analysis/language.ts",
      "@jest/expect": "testing/jest-globals.ts",
      vitest: "testing/vitest.ts",
      valibot: "config/schema.ts",
    },
  },
  proxy: {
    ours: ["core"],
    node: true,
    doors: {
      undici: "http1-connection.ts",
      "http-proxy-3": "upgrade.ts",
      negotiator: "error-answer.ts",
    },
  },
  discovery: {
    ours: ["core"],
    node: true,
    doors: { "dns-packet": "srv-query.ts" },
  },
  fastify: {
    ours: ["core", "proxy"],
    node: true,
    doors: { fastify: "plugin.ts", "fastify-plugin": "plugin.ts" },
  },
};
const adapter: PackageRules = { ours: ["core", "proxy"], node: true, doors: {} };

/** Not published and not imported: may use every package and every dependency. */
const freePackages = ["adapter-suite", "bench"];

const contracts = ["request.ts", "decision.ts", "outcome.ts", "env.ts", "state.ts", "murmur3.ts"];
const stages = ["match", "affinity", "split", "balance", "health", "rewrite"];
/** The compiled and the written configuration: stages know their types, never their code. */
const configTypes = [
  ...["config/plan.ts", "config/config.ts", "config/match-config.ts"],
  ...["config/rewrite-config.ts", "config/route-config.ts", "config/service-config.ts"],
];

/** Clock, chance and sockets: core's tests have them no more than core itself. */
const impureModules = [
  ...["crypto", "perf_hooks", "timers", "child_process", "worker_threads"],
  ...["dgram", "dns", "http", "http2", "https", "net", "tls"],
];

type Source = TSESTree.Node & { readonly value: string };

export default ESLintUtils.RuleCreator.withoutDocs({
  meta: {
    type: "problem",
    schema: [],
    messages: {
      escape: "'{{ source }}' reaches out of the package: import other packages by their name.",
      subpath: "'{{ source }}' reaches into a package: import what its `exports` offer.",
      index: "Import the file that owns the name, never the package's own index.ts.",
      ours: "{{ package }} must not import {{ source }}.",
      testing: "Only tests import '{{ source }}'.",
      node: "Core imports no module of Node: '{{ source }}'.",
      nodePrefix: "Write '{{ source }}' as 'node:{{ source }}'.",
      impure: "Core's tests use no real clock, chance or socket: '{{ source }}'.",
      door: "{{ package }} imports '{{ source }}' in {{ door }} only.",
      noDoor: "{{ package }} has no door for '{{ source }}': name one in .ci/lint/boundaries.ts.",
      stage: "{{ folder }}/ imports the small contracts and its own files, not '{{ source }}'.",
      configType: "{{ folder }}/ may import types only from '{{ source }}' (import type).",
      layer: "{{ folder }} must not import '{{ source }}'.",
    },
  },
  defaultOptions: [],
  create(context) {
    const file = locate(path.relative(context.cwd, context.filename));

    function check(source: TSESTree.Node | null, typeOnly: boolean): void {
      if (source === null || !isText(source)) return;
      const problem = source.value.startsWith(".")
        ? relativeProblem(file, source.value, typeOnly)
        : packageProblem(file, source.value);
      if (problem !== undefined) {
        const data = { source: source.value, package: file.package, ...problem.data };
        context.report({ node: source, messageId: problem.id, data });
      }
    }

    return {
      ImportDeclaration: (node) => check(node.source, node.importKind === "type"),
      ExportNamedDeclaration: (node) => check(node.source, node.exportKind === "type"),
      ExportAllDeclaration: (node) => check(node.source, node.exportKind === "type"),
      ImportExpression: (node) => check(node.source, false),
      TSImportType: (node) => check(node.source, true),
      TSExternalModuleReference: (node) => check(node.expression, false),
    };
  },
});

interface Place {
  /** The folder below `packages`; empty elsewhere. */
  readonly package: string;
  /** The path below the package's `src` with forward slashes; undefined outside of `src`. */
  readonly source: string | undefined;
  readonly directory: string;
  readonly test: boolean;
}

interface Problem {
  readonly id:
    | "escape"
    | "subpath"
    | "index"
    | "ours"
    | "testing"
    | "node"
    | "nodePrefix"
    | "impure"
    | "door"
    | "noDoor"
    | "stage"
    | "configType"
    | "layer";
  readonly data?: Readonly<Record<string, string>>;
}

function locate(relative: string): Place {
  const [top = "", name = "", area = "", ...rest] = relative.split(path.sep);
  const inPackage = top === "packages";
  return {
    package: inPackage ? name : "",
    source: inPackage && area === "src" ? rest.join("/") : undefined,
    directory: path.posix.dirname(relative.split(path.sep).join("/")),
    test: /\.(test|test-d)\.ts$/.test(relative) || area === "test",
  };
}

function relativeProblem(file: Place, source: string, typeOnly: boolean): Problem | undefined {
  const written = path.posix.join(file.directory, source.replace(/\.js$/, ".ts"));
  const target = locate(written.split("/").join(path.sep));
  if (target.package !== file.package) return { id: "escape" };
  if (file.source === undefined || file.test) return undefined;
  if (path.posix.basename(written) === "index.ts") return { id: "index" };
  if (file.package !== "core" || target.source === undefined) return undefined;
  return layerProblem(file.source, target.source, typeOnly);
}

/** Core's own order: contracts, stages, config, the files that join them, the gateway. */
function layerProblem(from: string, to: string, typeOnly: boolean): Problem | undefined {
  const fromFolder = folderOf(from);
  const toFolder = folderOf(to);
  if (fromFolder !== undefined && fromFolder === toFolder) return undefined;
  if (contracts.includes(to)) return undefined;
  if (toFolder === "testing" && from !== "index.ts") {
    return { id: "layer", data: { folder: fromFolder ?? from } };
  }
  // The state is put together of what each stage keeps.
  if (from === "state.ts" && typeOnly && toFolder !== undefined && stages.includes(toFolder))
    return undefined;
  if (contracts.includes(from) || (fromFolder !== undefined && stages.includes(fromFolder))) {
    const data = { folder: fromFolder ?? from };
    if (!configTypes.includes(to)) return { id: fromFolder ? "stage" : "layer", data };
    return typeOnly ? undefined : { id: "configType", data };
  }
  if (fromFolder === "config") {
    const allowed = toFolder !== undefined && stages.includes(toFolder);
    return allowed ? undefined : { id: "layer", data: { folder: "config/" } };
  }
  const joins = fromFolder === undefined && from !== "gateway.ts" && from !== "index.ts";
  if (joins && to === "gateway.ts") return { id: "layer", data: { folder: from } };
  return undefined;
}

function folderOf(source: string): string | undefined {
  return source.includes("/") ? source.slice(0, source.indexOf("/")) : undefined;
}

function packageProblem(file: Place, source: string): Problem | undefined {
  const [first = "", second = "", ...rest] = source.split("/");
  if (first === "@signalbox") return oursProblem(file, second, rest.join("/"));
  if (file.source === undefined || freePackages.includes(file.package)) return undefined;
  const rules = packages[file.package] ?? adapter;
  const builtin = source.replace(/^node:/, "");
  if (source.startsWith("node:") || isBuiltin(source)) {
    if (!source.startsWith("node:")) return { id: "nodePrefix" };
    if (rules.node) return undefined;
    if (!file.test) return { id: "node" };
    return impureModules.includes(builtin.split("/")[0] ?? "") ? { id: "impure" } : undefined;
  }
  if (file.test) return undefined;
  const dependency = first.startsWith("@") ? `${first}/${second}` : first;
  const door = rules.doors[dependency];
  if (door === undefined) return { id: "noDoor" };
  return door === file.source ? undefined : { id: "door", data: { door } };
}

function oursProblem(file: Place, target: string, subpath: string): Problem | undefined {
  const testing = subpath.split("/")[0] === "testing";
  if (subpath !== "" && !testing && subpath !== "package.json") return { id: "subpath" };
  if (file.source === undefined || file.test || freePackages.includes(file.package))
    return undefined;
  if (target === file.package) return { id: "index" };
  if (!(packages[file.package] ?? adapter).ours.includes(target)) return { id: "ours" };
  return testing ? { id: "testing" } : undefined;
}

function isText(node: TSESTree.Node): node is Source {
  return node.type === AST_NODE_TYPES.Literal && typeof node.value === "string";
}
