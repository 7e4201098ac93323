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

const count = pages
  .filter((page) => !page.startsWith("docs/reference/"))
  .map(writeExamples)
  .reduce((sum, written) => sum + written, 0);
console.log(`${count} examples of the documentation`);

/** @param {string} page */
function writeExamples(page) {
  const text = readFileSync(path.join(root, page), "utf8");
  const examples = [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, example]) => example ?? "");
  for (const [index, example] of examples.entries()) {
    const stem = page.replace(/\.md$/, "").replaceAll("/", "-").toLowerCase();
    const title = `${page}, example ${index + 1}`;
    writeFileSync(path.join(out, `${stem}-${index + 1}.test.ts`), testOf(title, example));
  }
  return examples.length;
}

/**
 * @param {string} title
 * @param {string} example
 */
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

/** @param {string} line */
function expectationOf(line) {
  const match = /^(\s*)(?!const |let |import |return |\/\/)(.+?); \/\/ (["'[{\d-].*)$/.exec(line);
  if (match === null) return line;
  const [, indent, expression, value] = match;
  return `${indent}holds(${expression}).toEqual(${value});`;
}
