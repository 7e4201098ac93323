// Turns every TypeScript example of README and docs into a test below .ci/out/docs. A line such as
// `decision.kind; // "forward"` must hold. Run before types are checked, so that they are checked too.
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";

const root = path.join(import.meta.dirname, "..");
const out = path.join(import.meta.dirname, "out", "docs");
const pages = [
  "README.md",
  ...globSync("docs/**/*.md", { cwd: root }),
  ...globSync("packages/*/README.md", { cwd: root }),
];

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });

let written = 0;
for (const page of pages.sort()) {
  if (page.startsWith("docs/reference/")) continue;
  const text = readFileSync(path.join(root, page), "utf8");
  let number = 0;
  for (const [, example] of text.matchAll(/^```ts\n(.*?)^```$/gms)) {
    number++;
    const name = `${page.replace(/\.md$/, "").replaceAll("/", "-").toLowerCase()}-${number}.test.ts`;
    writeFileSync(path.join(out, name), testOf(`${page}, example ${number}`, example));
    written++;
  }
}
console.log(`${written} examples of the documentation`);

function testOf(title, example) {
  const imports = example.match(/^import .*?;$/gms) ?? [];
  const body = imports.reduce((rest, line) => rest.replace(line, ""), example);
  const lines = body.split("\n").map(expectationOf);
  const code = lines
    .join("\n")
    // A port that is free, and no server that outlives the test.
    .replaceAll(/\.listen\(8080\)/g, ".listen(0).unref()");
  return [
    'import { expect as holds, it } from "vitest";',
    ...imports,
    `it(${JSON.stringify(title)}, () => {`,
    code,
    "});",
    "",
  ].join("\n");
}

function expectationOf(line) {
  const match = /^(\s*)(?!const |let |import |return |\/\/)(.+?); \/\/ (["[{\d-].*)$/.exec(line);
  if (match === null) return line;
  const [, indent, expression, value] = match;
  return `${indent}holds(${expression}).toEqual(${value});`;
}
