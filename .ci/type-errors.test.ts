// What an editor says of a config that is written in the call: where an error stands, its words, and what it suggests.
import path from "node:path";
import ts from "typescript";
import { describe, expect, it } from "vitest";

const root = path.join(import.meta.dirname, "..");
// Files that need not exist, beside the sources that they import.
const file = path.join(root, "packages/core/src/written.ts");

/** A language service that sees one file with this text. */
function editorOf(text: string): ts.LanguageService {
  const { config } = ts.readConfigFile(path.join(root, "tsconfig.base.json"), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  return ts.createLanguageService({
    fileExists: (name) => name === file || ts.sys.fileExists(name),
    readFile: (name) => (name === file ? text : ts.sys.readFile(name)),
    getScriptFileNames: () => [file],
    getScriptVersion: () => "1",
    getScriptSnapshot: (name) => {
      const content = name === file ? text : ts.sys.readFile(name);
      return content === undefined ? undefined : ts.ScriptSnapshot.fromString(content);
    },
    directoryExists: (name) => ts.sys.directoryExists(name),
    getDirectories: (name) => ts.sys.getDirectories(name),
    realpath: (name) => ts.sys.realpath?.(name) ?? name,
    useCaseSensitiveFileNames: () => ts.sys.useCaseSensitiveFileNames,
    getCurrentDirectory: () => root,
    getCompilationSettings: () => options,
    getDefaultLibFileName: ts.getDefaultLibFilePath,
  });
}

const head = `import { createGateway } from "./gateway.js";
const services = {
  products: { instances: [{ url: "http://a", version: "v1" }, { url: "http://b", version: "v2" }] },
  orders: { instances: ["http://c"] },
} as const;
`;
const full = (route: string): string => `createGateway({ services, routes: [${route}] });\n`;
const short = (route: string): string => `createGateway([${route}]);\n`;

interface Case {
  readonly code: string;
  /** The text that is underlined. */
  readonly at: string;
  readonly says: string;
}

const cases: readonly Case[] = [
  {
    code: full(`{ to: "ordrs" }`),
    at: `to`,
    says: `Type '"ordrs"' is not assignable to type '"products" | "orders" | \`\${string}://\${string}\`'. Did you mean '"orders"'?`,
  },
  {
    code: full(`{ to: { service: "ordrs" } }`),
    at: `service`,
    says: `Type '"ordrs"' is not assignable to type '"products" | "orders"'. Did you mean '"orders"'?`,
  },
  {
    code: full(`{ to: [{ service: "orders" }, { service: "products", version: "v3" }] }`),
    at: `version`,
    says: `Type '"v3"' is not assignable to type '"v1" | "v2"'.`,
  },
  {
    code: full(`{ to: { service: "products", split: { v1: 9, v3: 1 } } }`),
    at: `v3`,
    says: `Object literal may only specify known properties, and 'v3' does not exist in type '{ readonly v1?: number; readonly v2?: number; }'.`,
  },
  {
    code: full(`{ to: { service: "orders", version: "v1" } }`),
    at: `version`,
    says: `Type '"v1"' is not assignable to type '"no instance of this service has a version"'.`,
  },
  {
    code: full(`{ to: "orders", mirror: [{ service: "product" }] }`),
    at: `service`,
    says: `Type '"product"' is not assignable to type '"products" | "orders"'. Did you mean '"products"'?`,
  },
  {
    code: full(`{ match: { path: "/a/:id" }, to: "orders", rewrite: { path: "/v2/:idd/x" } }`),
    at: `path`,
    says: `Type '"/v2/:idd/x"' is not assignable to type '"/v2/:id/x"'.`,
  },
  {
    code: full(`{ match: { path: "/a" }, to: "orders", rewrite: { path: "/v2/:id" } }`),
    at: `path`,
    says: `Type '"/v2/:id"' is not assignable to type '"this path has no parameters"'.`,
  },
  {
    code: short(`{ path: "/a/:id", params: { idd: "1" }, to: "http://a" }`),
    at: `idd`,
    says: `Object literal may only specify known properties, and 'idd' does not exist in type '{ readonly id?: TextCondition; }'.`,
  },
  {
    code: full(`{ to: "orders", redirect: { status: 302 } }`),
    at: `redirect`,
    says: `Type '{ status: number; }' is not assignable to type '"a route has exactly one of to, redirect and respond"'.`,
  },
  {
    code: full(`{ respond: { status: 200 }, retry: { attempts: 1 } }`),
    at: `retry`,
    says: `Type '{ attempts: number; }' is not assignable to type '"it acts on forwarded requests: only a route with \`to\` has it"'.`,
  },
  {
    code: full(`{ to: { service: "products", version: "v1", split: { v1: 1 } } }`),
    at: `version`,
    says: `Type '"v1"' is not assignable to type '"a backend has a split or a version, not both"'.`,
  },
  {
    code: full(`{ to: { service: "products", sticky: { cookie: "uid" } } }`),
    at: `sticky`,
    says: `Type '{ cookie: string; }' is not assignable to type '"sticky holds on to a split: give one beside it"'.`,
  },
  {
    code: short(`{ path: "/a", match: { path: "/a" }, to: "http://a" }`),
    at: `match`,
    says: `Type '{ path: string; }' is not assignable to type '"a route has match fields of its own or a match, not both"'.`,
  },
  {
    code: full(`{ to: "orders", timeouts: { requestMS: 1 } }`),
    at: `requestMS`,
    says: `Object literal may only specify known properties, but 'requestMS' does not exist in type 'TimeoutsConfig'. Did you mean to write 'requestMs'?`,
  },
];

describe("an error in a literal config", () => {
  const text = head + cases.map(({ code }) => code).join("");
  const problems = editorOf(text).getSemanticDiagnostics(file);

  it.each(cases.map((one, index) => ({ ...one, line: head.split("\n").length - 1 + index })))(
    "stands at $at: $says",
    ({ at, says, line }) => {
      const own = problems.filter((problem) => lineOf(problem) === line);
      expect(own.map(({ start = 0, length }) => text.slice(start, start + (length ?? 0)))).toEqual([
        at,
      ]);
      expect(ts.flattenDiagnosticMessageText(own[0]?.messageText, "\n")).toBe(says);
    },
  );
});

function lineOf({ file: source, start = 0 }: ts.Diagnostic): number | undefined {
  return source?.getLineAndCharacterOfPosition(start).line;
}

describe("an editor suggests", () => {
  // The place is where a | stands.
  const places: readonly (readonly [code: string, names: readonly string[]])[] = [
    [full(`{ to: "|" }`), ["products", "orders"]],
    [full(`{ to: { service: "|" } }`), ["products", "orders"]],
    [full(`{ to: [{ service: "orders", weight: 9 }, { service: "|" }] }`), ["products", "orders"]],
    [full(`{ to: "orders", mirror: [{ service: "|" }] }`), ["products", "orders"]],
    [full(`{ to: { service: "products", version: "|" } }`), ["v1", "v2"]],
    [full(`{ to: { service: "products", split: { v1: 9, | } } }`), ["v2"]],
    [full(`{ match: { path: "/a/:id/*", params: { | } }, to: "orders" }`), ['"*"', "id"]],
    [full(`{ redirect: { scheme: "|" } }`), ["http", "https"]],
  ];
  const text = head + places.map(([code]) => code.replace("|", "")).join("");
  const editor = editorOf(text);

  it.each(places)("in %s", (code, names) => {
    const at = text.indexOf(code.replace("|", "")) + code.indexOf("|");
    const found = editor.getCompletionsAtPosition(file, at, {});
    expect(found?.entries.map(({ name }) => name)).toEqual(names);
  });
});

describe("a literal config of many routes", { timeout: 60_000 }, () => {
  const forms = [
    (n: number) =>
      `{ id: "a${n}", match: { path: "/a${n}/:id/*" }, to: "orders", rewrite: { path: "/:id/*" } },`,
    (n: number) =>
      `{ id: "b${n}", match: { path: "/b${n}/:id" }, to: { service: "products", split: { v1: 9, v2: 1 } } },`,
    (n: number) =>
      `{ id: "c${n}", match: [{ path: "/c${n}/:id" }, { host: "c${n}.com" }], to: [{ service: "orders" }, { service: "products", version: "v1" }] },`,
    (n: number) => `{ id: "d${n}", match: { path: "/d${n}" }, redirect: { status: 308 } },`,
  ];
  const routes = (count: number): string =>
    Array.from({ length: count }, (_, n) => forms[n % forms.length]?.(n)).join("\n");

  it("compiles with 1,000 of them, and knows each", () => {
    const text = `${head}const gateway = createGateway({ services, routes: [\n${routes(1_000)}\n] });
const decision = gateway.decide({ method: "GET", url: "/" });
if (decision.kind === "forward" && decision.route === "a996") decision.params.id.trim();
if (decision.kind === "forward" && decision.route === "a996") decision.params.nope;
`;
    const problems = editorOf(text).getSemanticDiagnostics(file);
    expect(problems.map(({ messageText }) => messageText)).toEqual([
      expect.stringMatching(/^Property 'nope' does not exist on type/),
    ]);
  });

  // A count of the compiler's steps instead of a time, which a busy machine would change.
  it("costs the compiler fewer than 1,000 instantiations a route", () => {
    const cost = (count: number): number => {
      const editor = editorOf(head + full(routes(count)));
      editor.getSemanticDiagnostics(file);
      return editor.getProgram()?.getInstantiationCount() ?? Number.NaN;
    };
    expect((cost(300) - cost(100)) / 200).toBeLessThan(1_000);
  });
});
