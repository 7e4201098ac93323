// Installs the packed packages as a user would, outside of the workspace, beside the oldest versions of frameworks and of
// TypeScript that are supported; forwards a request through each, as ES module and as CommonJS, checks the types, and runs the
// fetch handler on Bun and Deno.
// `check-packages.mjs` packs them.
import { execFileSync } from "node:child_process";
import { copyFileSync, globSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

const here = import.meta.dirname;
const packed = globSync(path.join(here, "out/packages/*.tgz"));
if (packed.length === 0) throw new Error("nothing is packed: run check:packages first");

/** Oldest versions that are supported. */
const BESIDE = {
  express4: "npm:express@4.18.0",
  express5: "npm:express@5.0.0",
  "@types/express4": "npm:@types/express@4.17.21",
  "@types/express5": "npm:@types/express@5.0.0",
  "@types/node": "22.10.0",
  // No framework: the package carries the runtime.
  bun: "1.4.5",
  deno: "2.9.6",
  fastify: "5.0.0",
  typescript: "5.4.5",
};

const folder = mkdtempSync(path.join(tmpdir(), "signalbox-installed-"));
try {
  install();
  for (const file of [
    "mount-all.cjs",
    "mount.mjs",
    "mount.cjs",
    "use.mts",
    "use.cts",
    "fetch-server.mjs",
    "runtimes.mjs",
    "tsconfig.json",
  ])
    place(file);
  for (const file of ["mount.mjs", "mount.cjs"]) run(process.execPath, file);
  run(process.execPath, "runtimes.mjs");
  run(process.execPath, "node_modules/typescript/bin/tsc", "-p", ".");
  console.log("as installed: ES modules, CommonJS, types, Bun and Deno are well");
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function install() {
  const files = packed.map((file) => [nameOf(file), `file:${file}`]);
  const dependencies = { ...BESIDE, ...Object.fromEntries(files) };
  // What is packed here is not published: packages that need each other get the files too.
  const overrides = Object.fromEntries(files.map(([name]) => [name, `$${name}`]));
  const manifest = { name: "installed", private: true, dependencies, overrides };
  writeFileSync(path.join(folder, "package.json"), JSON.stringify(manifest));
  run("npm", "install", "--no-audit", "--no-fund", "--loglevel=error");
}

/** @param {string} tarball */
function nameOf(tarball) {
  return path.basename(tarball).replace(/^signalbox-(.*)-\d+\.\d+\.\d+\.tgz$/, "@signalbox/$1");
}

/** @param {string} file */
function place(file) {
  const source = file.startsWith("use.") ? "use.txt" : file;
  copyFileSync(path.join(here, "installed", source), path.join(folder, file));
}

/**
 * @param {string} command
 * @param {string[]} args
 */
function run(command, ...args) {
  execFileSync(command, args, { cwd: folder, stdio: "inherit" });
}
