import { parseArgs } from "node:util";
import { runChaos } from "./chaos.js";

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "60" },
    seed: { type: "string", default: "20" },
    clients: { type: "string", default: "48" },
  },
});

const faults: string[] = [];
for (const event of ["unhandledRejection", "uncaughtException"] as const)
  process.on(event, (error: unknown) => {
    faults.push(
      `${event}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    );
  });

const report = await runChaos({
  seed: Number(values.seed),
  durationMs: Number(values.seconds) * 1_000,
  clients: Number(values.clients),
});
const wrongs = [...faults, ...report.wrongs];
console.log(`${report.requests} requests in ${values.seconds} s, seed ${values.seed}`);
console.table(report.verdicts);
console.log("by status (0: none came)", report.statuses);
console.log(report.seen);
for (const wrong of wrongs.slice(0, 50)) console.log(wrong);
console.log(wrongs.length === 0 ? "nothing wrong" : `${wrongs.length} wrong`);
process.exitCode = wrongs.length === 0 ? 0 : 1;
