import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { LeakKind } from "./leak-kind.js";
import { leakKinds } from "./leak-kinds.js";
import { leakStart, MAX_BYTES, measureKind } from "./leaks.js";

/** Processes that share the kinds: each measures itself alone. */
const PARTS = 2;

const { values } = parseArgs({
  options: {
    count: { type: "string", default: "10000" },
    only: { type: "string", default: "" },
    part: { type: "string" },
  },
});
const chosen = leakKinds.filter(({ name }) => name.includes(values.only));
if (values.part === undefined) await runParts();
else await measure(chosen.filter((_, index) => index % PARTS === Number(values.part)));

async function runParts(): Promise<void> {
  const [script, ...args] = [fileURLToPath(import.meta.url), ...process.argv.slice(2)];
  const runs = Array.from({ length: Math.min(PARTS, chosen.length) }, async (_, part) => {
    const nodeArgs = ["--expose-gc", "--disable-warning=ExperimentalWarning", ...process.execArgv];
    const child = spawn(process.execPath, [...nodeArgs, script, ...args, "--part", String(part)], {
      stdio: ["ignore", "inherit", "inherit"],
    });
    const [code] = (await once(child, "exit")) as [number | null];
    return code === 0;
  });
  const isWell = (await Promise.all(runs)).every(Boolean);
  console.log(isWell ? "nothing leaks" : "something leaks");
  process.exitCode = isWell ? 0 : 1;
}

async function measure(kinds: readonly LeakKind[]): Promise<void> {
  // Made now, and not by the first line that is written.
  process.stdout.write("");
  const start = await leakStart(kinds);
  for (const kind of kinds) {
    const { seconds, bytesAnExchange, wrongs } = await measureKind(
      kind,
      Number(values.count),
      start,
    );
    const isWrong = wrongs.length > 0 || bytesAnExchange > MAX_BYTES;
    if (isWrong) process.exitCode = 1;
    const figures = `${bytesAnExchange.toFixed(1).padStart(8)} B/exchange ${seconds.toFixed(1).padStart(6)} s`;
    console.log(`${isWrong ? "FAIL" : "ok  "} ${kind.name.padEnd(40)} ${figures}`);
    for (const wrong of wrongs) console.log(`       ${wrong}`);
  }
}
