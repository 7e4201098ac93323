import { parseArgs } from "node:util";
import { startClients } from "./clients.js";
import { rollingRestart, stalled, suddenDeath, wasSentTo, type RestartReport } from "./restarts.js";

const { values } = parseArgs({
  options: {
    rate: { type: "string", default: "5000" },
    between: { type: "string", default: "5000" },
  },
});
const perSecond = Number(values.rate);
const between = Number(values.between);
const ATTEMPT_MS = 500;
const wrongs: string[] = [];

function tell(title: string, report: RestartReport, problems: readonly (string | false)[]): void {
  const { load, notes, ejections } = report;
  const statuses = [...load.byStatus].map(([status, count]) => `${status}: ${count}`).join(", ");
  console.log(
    `\n${title}\n  ${load.sent} requests at ${Math.round(load.rate)} a second; ${statuses}`,
  );
  console.log(`  ejections: ${ejections}${notes.length === 0 ? "" : `; ${notes.join("; ")}`}`);
  const found = [
    load.broken.length > 0 && `${load.broken.length} broken, such as ${load.broken[0]}`,
    report.inFlight > 0 && `${report.inFlight} are still counted under way`,
    ...problems,
  ].filter((problem) => problem !== false);
  for (const problem of found) console.log(`  WRONG: ${problem}`);
  for (const failure of report.failures.slice(0, 5)) console.log("  failed:", failure);
  wrongs.push(...found);
}

const restart = await rollingRestart({ instances: 10, perSecond, between, startClients });
tell("Rolling restart of 10 instances, POST without retries", restart, [
  restart.failures.length > 0 && `${restart.failures.length} requests failed`,
  restart.load.byInstance.size < 10 && "not all instances were asked",
]);

const death = await suddenDeath({ instances: 5, perSecond, between, startClients }, "POST");
const repeatable = death.failures.filter((failure) => !wasSentTo(death.notes[0] ?? "", failure));
tell("SIGKILL of one of 5 instances, POST", death, [
  repeatable.length > 0 && `${repeatable.length} requests failed that had not been sent to it`,
]);

const idempotent = await suddenDeath({ instances: 5, perSecond, between, startClients }, "GET");
tell("SIGKILL of one of 5 instances, GET with 2 retries", idempotent, [
  idempotent.failures.length > 0 && `${idempotent.failures.length} requests failed`,
]);

const stop = await stalled(
  { instances: 5, perSecond: Math.min(perSecond, 1_000), between: between / 5, startClients },
  ATTEMPT_MS,
);
const outAfterMs = Number(stop.notes[0]);
tell("SIGSTOP of one of 5 instances, GET with 2 retries", stop, [
  outAfterMs > 5 * ATTEMPT_MS &&
    `out after ${Math.round(outAfterMs)} ms, not within ${5 * ATTEMPT_MS}`,
  stop.failures.length > 0 && `${stop.failures.length} requests failed`,
]);

console.log(wrongs.length === 0 ? "\nnothing wrong" : `\n${wrongs.length} wrong`);
process.exitCode = wrongs.length === 0 ? 0 : 1;
