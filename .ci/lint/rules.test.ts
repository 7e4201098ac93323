import { fileURLToPath } from "node:url";
import { ESLint } from "eslint";
import tseslint from "typescript-eslint";
import { describe, expect, it } from "vitest";

const cwd = fileURLToPath(new URL("../..", import.meta.url));
const untyped = new ESLint({ cwd, overrideConfig: tseslint.configs.disableTypeChecked });
const typed = new ESLint({ cwd });

/** `rule: message` of every problem in a file that need not exist. */
async function problems(filePath: string, text: string, eslint = untyped): Promise<string[]> {
  const results = await eslint.lintText(text, { filePath });
  return results.flatMap(({ messages }) =>
    messages.map(({ ruleId, message }) => `${ruleId}: ${message}`),
  );
}

interface Case {
  readonly file: string;
  readonly text: string;
  /** How the one problem begins. */
  readonly says: string;
}

const core = "packages/core/src";
const proxy = "packages/proxy/src";
const boundary = "signalbox/boundaries: ";
const syntax = "no-restricted-syntax: ";

const purity: Case[] = [
  ...[
    ["Date", "Date.now()"],
    ["Date", "new Date()"],
    ["performance", "performance.now()"],
    ["Temporal", "Temporal.Now"],
    ["crypto", "crypto.randomUUID()"],
    ["fetch", "fetch"],
    ["console", "console.log(1)"],
    ["process", "process.hrtime()"],
    ["setTimeout", "setTimeout"],
    ["setInterval", "setInterval"],
    ["setImmediate", "setImmediate"],
    ["clearTimeout", "clearTimeout"],
    ["queueMicrotask", "queueMicrotask"],
    ["globalThis", "globalThis.Date"],
    ["global", "global.process"],
    ["self", "self.performance"],
  ].map(([name, text]) => ({
    file: `${core}/balance/a.ts`,
    text: `export const a = ${text};`,
    says: `no-restricted-globals: Unexpected use of '${name}'`,
  })),
  ...["decide.ts", "gateway.ts", "testing/clock.ts", "balance/a.test.ts"].map((file) => ({
    file: `${core}/${file}`,
    text: "export const a = Date.now();",
    says: "no-restricted-globals: Unexpected use of 'Date'",
  })),
  {
    file: `${core}/balance/a.ts`,
    text: "export const a = Math.random();",
    says: "no-restricted-properties: 'Math.random' is restricted",
  },
  {
    file: `${core}/balance/a.test.ts`,
    text: "export const a = Math.random();",
    says: "no-restricted-properties: 'Math.random' is restricted",
  },
  {
    file: `${core}/balance/a.ts`,
    text: "const a = Math;\nexport const b = a;",
    says: `${syntax}Core uses members of Math by name`,
  },
  ...[
    "export async function a(): Promise<void> {}",
    "export const a = async (): Promise<number> => 1;",
    "export const a = { async b(): Promise<void> {} };",
    "export const a = await 1;",
    "for await (const a of [] as number[]) void a;",
    'export const a = import("./b.js");',
  ].map((text) => ({
    file: `${core}/decide.ts`,
    text,
    says: `${syntax}Core awaits nothing`,
  })),
];

const stageFolders = ["match", "affinity", "split", "balance", "health", "rewrite"];

const layers: Case[] = [
  ...stageFolders.map((stage, at) => ({
    file: `${core}/${stage}/a.ts`,
    text: `import { b } from "../${stageFolders[(at + 1) % stageFolders.length]}/b.js";\nvoid b;`,
    says: `${boundary}${stage}/ imports the small contracts and its own files`,
  })),
  ...["decide", "explain", "settle", "gateway", "config/check"].map((name) => ({
    file: `${core}/split/a.ts`,
    text: `import type { B } from "../${name}.js";\nexport type A = B;`,
    says: `${boundary}split/ imports the small contracts and its own files`,
  })),
  {
    file: `${core}/split/a.ts`,
    text: 'export type A = import("../balance/b.js").B;',
    says: `${boundary}split/ imports the small contracts and its own files`,
  },
  ...["plan", "config"].map((name) => ({
    file: `${core}/split/a.ts`,
    text: `import { b } from "../config/${name}.js";\nvoid b;`,
    says: `${boundary}split/ may import types only from '../config/${name}.js'`,
  })),
  {
    file: `${core}/split/a.ts`,
    text: 'export { b } from "../config/plan.js";',
    says: `${boundary}split/ may import types only from '../config/plan.js'`,
  },
  {
    file: `${core}/decision.ts`,
    text: 'import type { B } from "./split/b.js";\nexport type A = B;',
    says: `${boundary}decision.ts must not import './split/b.js'`,
  },
  {
    file: `${core}/config/check.ts`,
    text: 'import { b } from "../decide.js";\nvoid b;',
    says: `${boundary}config/ must not import '../decide.js'`,
  },
  {
    file: `${core}/decide.ts`,
    text: 'import { b } from "./gateway.js";\nvoid b;',
    says: `${boundary}decide.ts must not import './gateway.js'`,
  },
  {
    file: `${core}/gateway.ts`,
    text: 'import { b } from "./testing/env.js";\nvoid b;',
    says: `${boundary}gateway.ts must not import './testing/env.js'`,
  },
  ...[
    ["core/src/gateway.ts", "./index.js"],
    ["core/src/match/a.ts", "../index.js"],
    ["core/src/testing/a.ts", "./index.js"],
    ["proxy/src/a.ts", "./index.js"],
    ["proxy/src/a.ts", "@signalbox/proxy"],
  ].map(([file, from]) => ({
    file: `packages/${file}`,
    text: `import { b } from "${from}";\nvoid b;`,
    says: `${boundary}Import the file that owns the name`,
  })),
];

const doors: Case[] = [
  ["core", "match/path.ts", "find-my-way", "match/tree.ts"],
  ["core", "match/tree.ts", "lru-cache", "affinity/memory.ts"],
  ["core", "config/check.ts", "valibot", "config/schema.ts"],
  ["core", "match/client.ts", "ipaddr.js", "match/address.ts"],
  ["proxy", "a.ts", "undici", "http1-connection.ts"],
  ["proxy", "a.ts", "undici/types/pool.js", "http1-connection.ts"],
  ["proxy", "pool.ts", "http-proxy-3", "upgrade.ts"],
].map(([name, file, dependency, door]) => ({
  file: `packages/${name}/src/${file}`,
  text: `import type { B } from "${dependency}";\nexport type A = B;`,
  says: `${boundary}${name} imports '${dependency}' in ${door} only`,
}));

const betweenPackages: Case[] = [
  ...[
    ["core", "@signalbox/proxy", "core must not import @signalbox/proxy"],
    ["proxy", "@signalbox/http", "proxy must not import @signalbox/http"],
    ["http", "@signalbox/express", "http must not import @signalbox/express"],
    ["express", "@signalbox/fastify", "express must not import @signalbox/fastify"],
    ["http", "@signalbox/core/testing", "Only tests import '@signalbox/core/testing'"],
    [
      "http",
      "@signalbox/core/testing/vitest",
      "Only tests import '@signalbox/core/testing/vitest'",
    ],
    ["proxy", "@signalbox/core/src/decide.js", "'@signalbox/core/src/decide.js' reaches into"],
    ["bench", "@signalbox/core/dist/index.js", "'@signalbox/core/dist/index.js' reaches into"],
    ["proxy", "../../core/src/decide.js", "'../../core/src/decide.js' reaches out"],
    ["bench", "../../core/src/decide.js", "'../../core/src/decide.js' reaches out"],
    ["core", "fast-check", "core has no door for 'fast-check'"],
    ["http", "undici", "http has no door for 'undici'"],
    ["core", "node:fs", "Core imports no module of Node: 'node:fs'"],
    ["core", "fs", "Write 'fs' as 'node:fs'"],
    ["proxy", "http", "Write 'http' as 'node:http'"],
  ].map(([name, from, says]) => ({
    file: `packages/${name}/src/a.ts`,
    text: `import type { B } from "${from}";\nexport type A = B;`,
    says: `${boundary}${says}`,
  })),
  {
    file: `${core}/a.test.ts`,
    text: 'import { now } from "node:perf_hooks";\nvoid now;',
    says: `${boundary}Core's tests use no real clock, chance or socket: 'node:perf_hooks'`,
  },
  {
    file: "examples/shop/main.ts",
    text: 'import { b } from "../../packages/core/src/decide.js";\nvoid b;',
    says: `${boundary}'../../packages/core/src/decide.js' reaches out`,
  },
];

const manners: Case[] = [
  { file: `${proxy}/a.ts`, text: 'export * from "./b.js";', says: `${syntax}Name what` },
  { file: `${proxy}/a.ts`, text: 'export * as b from "./b.js";', says: `${syntax}Name what` },
  { file: `${proxy}/a.ts`, text: "export default 1;", says: `${syntax}No default exports` },
  {
    file: `${core}/index.ts`,
    text: 'export { a as default } from "./decide.js";',
    says: `${syntax}No default exports`,
  },
  { file: `${proxy}/a.ts`, text: "export enum A { B }", says: `${syntax}No enums` },
  { file: `${proxy}/a.ts`, text: "export const enum A { B }", says: `${syntax}No enums` },
  { file: `${core}/decide.ts`, text: "export enum A { B }", says: `${syntax}No enums` },
  {
    file: `${proxy}/a.ts`,
    text: "let a = 1;\nexport const b = (): number => a++;",
    says: `${syntax}Nothing is kept at module level`,
  },
  {
    file: `${core}/decide.ts`,
    text: "export let a = 1;\na += 1;",
    says: `${syntax}Nothing is kept at module level`,
  },
  {
    file: `${proxy}/a.ts`,
    text: "export const a: any = 1;",
    says: "@typescript-eslint/no-explicit-any",
  },
  {
    file: `${proxy}/a.ts`,
    text: "// eslint-disable-next-line @typescript-eslint/no-explicit-any\nexport const a: any = 1;",
    says: "comments/require-description",
  },
  {
    file: `${proxy}/a.ts`,
    text: "// eslint-disable-next-line -- a reason, but no rule\nexport const a: any = 1;",
    says: "comments/no-unlimited-disable",
  },
  {
    file: `${proxy}/a.ts`,
    text: "// eslint-disable-next-line eqeqeq -- nothing to disable\nexport const a = 1;",
    says: "null: Unused eslint-disable directive",
  },
  {
    file: `${proxy}/a.ts`,
    text: "// @ts-ignore because\nexport const a = 1;",
    says: "@typescript-eslint/ban-ts-comment",
  },
  {
    file: `${proxy}/a.ts`,
    text: "// @ts-expect-error\nexport const a = 1;",
    says: "@typescript-eslint/ban-ts-comment",
  },
  { file: `${proxy}/aB.ts`, text: "export const a = 1;", says: "signalbox/file-name: 'aB.ts'" },
];

describe.each(Object.entries({ purity, layers, doors, betweenPackages, manners }))(
  "%s",
  (_, cases) => {
    it.each(cases)("$says ($file)", async ({ file, text, says }) => {
      expect(await problems(file, text)).toEqual([
        expect.toSatisfy((problem: string) => problem.startsWith(says), says),
      ]);
    });
  },
);

describe("what is allowed", () => {
  it.each([
    [`${core}/split/a.ts`, 'import type { Plan } from "../config/plan.js";\nexport type A = Plan;'],
    [`${core}/split/a.ts`, 'import { b } from "./b.js";\nimport { c } from "../env.js";\nb(c);'],
    [`${core}/match/tree.ts`, 'import FindMyWay from "find-my-way";\nexport const a = FindMyWay;'],
    [`${core}/config/compile.ts`, 'import { b } from "../match/table.js";\nvoid b;'],
    [`${core}/decide.ts`, 'import { b } from "./split/b.js";\nexport const a = Math.floor(b);'],
    [
      `${core}/gateway.ts`,
      'import { a } from "./decide.js";\nimport { b } from "./settle.js";\na(b);',
    ],
    [`${core}/index.ts`, 'export { createGateway } from "./gateway.js";'],
    [`${core}/env.ts`, "export const now = (): number => performance.now() + Math.random();"],
    [
      `${core}/testing/env.ts`,
      "export const settled = async (): Promise<void> => await undefined;",
    ],
    [
      `${core}/split/a.test.ts`,
      'import fc from "fast-check";\nimport { it } from "vitest";\nimport { b } from "../balance/b.js";\nimport { c } from "../index.js";\nit(b, async () => await fc.assert(c));',
    ],
    [`${proxy}/http1-connection.ts`, 'import { Pool } from "undici";\nexport const a = Pool;'],
    [
      `${proxy}/a.ts`,
      'import { a } from "@signalbox/core";\nimport { b } from "node:http";\na(b);',
    ],
    ["packages/express/src/a.ts", 'import { b } from "@signalbox/proxy";\nvoid b;'],
    [
      `${proxy}/a.ts`,
      "// eslint-disable-next-line @typescript-eslint/no-explicit-any -- undici's own type\nexport const a: any = 1;",
    ],
    ["packages/core/tsup.config.ts", "export default {};"],
  ])("%s: %j", async (file, text) => {
    expect(await problems(file, text)).toEqual([]);
  });
});

it("finds a promise that nobody waits for", async () => {
  const text = "export const a = async (): Promise<void> => {};\na();";
  expect(await problems(".ci/lint/file-name.ts", text, typed)).toEqual([
    expect.stringMatching(/^@typescript-eslint\/no-floating-promises/),
  ]);
});
