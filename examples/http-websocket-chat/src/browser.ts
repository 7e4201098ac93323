// A real browser where there is one: Debian has it as `chromium`.
import { accessSync, constants } from "node:fs";
import path from "node:path";
import { chromium, type Browser } from "playwright-core";

const NAMES = ["chromium", "chromium-browser", "google-chrome"];

/** Path of a browser of the machine; undefined without one. */
export function browserPath(): string | undefined {
  const folders = (process.env["PATH"] ?? "").split(path.delimiter);
  const files = folders.flatMap((folder) => NAMES.map((name) => path.join(folder, name)));
  return files.find(isExecutable);
}

export function openBrowser(executablePath: string): Promise<Browser> {
  // As root, and in containers, its sandbox does not start.
  return chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
