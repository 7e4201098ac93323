// Packs every public package as `npm publish` would, and has publint and are-the-types-wrong read
// the tarballs. Build first.
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const out = path.join(root, ".ci/out/packages");
rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });

const failed = readdirSync(path.join(root, "packages"))
  .map((name) => path.join(root, "packages", name))
  .filter((directory) => !manifestOf(directory).private)
  .filter((directory) => !check(directory));

if (failed.length > 0) {
  console.error(`Problems in: ${failed.map((directory) => path.basename(directory)).join(", ")}`);
  process.exitCode = 1;
}

/** @param {string} directory */
function manifestOf(directory) {
  return JSON.parse(readFileSync(path.join(directory, "package.json"), "utf8"));
}

/** @param {string} directory */
function check(directory) {
  const { name, version } = manifestOf(directory);
  const tarball = path.join(out, `${name.replace("@", "").replace("/", "-")}-${version}.tgz`);
  // node16: the `engines` of the packages leave out what resolves modules the older way.
  return (
    run(directory, "pnpm", "pack", "--pack-destination", out) &&
    run(root, "publint", tarball, "--strict") &&
    run(root, "attw", tarball, "--profile", "node16")
  );
}

/**
 * @param {string} cwd
 * @param {string} command
 * @param {string[]} args
 */
function run(cwd, command, ...args) {
  try {
    execFileSync(command, args, { cwd, stdio: "inherit" });
    return true;
  } catch {
    return false;
  }
}
