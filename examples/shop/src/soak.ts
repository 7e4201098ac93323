import { setTimeout as sleep } from "node:timers/promises";
import type { Open } from "./gateway.ts";
import type { Report } from "./report.ts";
import type { Shop } from "./shop.ts";
import { count } from "./table.ts";
import { mixedCall } from "./traffic.ts";

const REQUESTS = 200_000;

/** A long run with an instance stopped gracefully in the middle; then the gateway closes and must leave nothing open. */
export async function soak(report: Report): Promise<void> {
  const { shop, screen } = report;
  const { gateway } = shop;
  screen.title(`${count(REQUESTS)} requests; an instance of products is stopped in the middle`);
  const loaded: Open[] = [];
  const drain = async (): Promise<void> => {
    loaded.push((await gateway.call("open")).now);
    const { underWay, ms, end } = await shop.drain("products-1");
    screen.print(
      `  - products-1 gets nothing new; it ended its last ${underWay} in ${ms.toFixed(1)} ms; SIGTERM, ${end}`,
    );
  };
  const events = [{ after: REQUESTS / 2, run: drain }];
  const run = await report.run({ requests: REQUESTS, call: mixedCall, events });
  report.lines(run);
  report.losses(run);
  report.checkNoLosses("soak", run);

  await gateway.call("close");
  const { before } = await gateway.call("open");
  const after = await openAfterClose(shop);
  const load = loaded[0] ?? {};
  const kinds = [...new Set([before, load, after].flatMap((open) => Object.keys(open)))];
  screen.title("What is open in the gateway's process, by process.getActiveResourcesInfo()");
  report.table(
    [
      { heading: "kind", value: (kind) => kind },
      { heading: "before", value: (kind) => before[kind] ?? 0 },
      { heading: "under load", value: (kind) => load[kind] ?? 0 },
      { heading: "after close()", value: (kind) => after[kind] ?? 0 },
    ],
    kinds.toSorted(),
  );
  screen.faint("  what there was before is the channel to the demo");
  for (const kind of kinds) {
    const left = (after[kind] ?? 0) - (before[kind] ?? 0);
    report.check(left <= 0, `soak: ${left} of ${kind} were left open after close()`);
  }
}

/** How often it is looked whether all is closed, 10 ms apart: Node lists a handle until its loop has let go of it. */
const LOOKS = 100;

async function openAfterClose(shop: Shop): Promise<Open> {
  for (let looks = 1; ; looks++) {
    const { now, before } = await shop.gateway.call("open");
    const isLeft = Object.keys(now).some((kind) => (now[kind] ?? 0) > (before[kind] ?? 0));
    if (!isLeft || looks === LOOKS) return now;
    await sleep(10);
  }
}
