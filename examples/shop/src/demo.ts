// The shop, its story and its soak test; ../README.md says more.
import { once } from "node:events";
import { parseArgs } from "node:util";
import { Report } from "./report.ts";
import { Screen } from "./screen.ts";
import { serve } from "./serve.ts";
import { Shop } from "./shop.ts";
import { soak } from "./soak.ts";
import { tellStory } from "./story.ts";

const USAGE = `pnpm demo                         tells the story and ends
pnpm demo --serve [--port 8080]   tells the story and stays up until Ctrl-C
pnpm demo --soak                  200,000 requests, and nothing left open`;

interface Options {
  readonly serve: boolean;
  readonly soak: boolean;
  /** 0 for any that is free. */
  readonly port: number;
}

function readOptions(args: readonly string[]): Options | undefined {
  try {
    const { values } = parseArgs({
      // pnpm hands on the `--` of `pnpm demo -- --serve`.
      args: args.filter((arg) => arg !== "--"),
      options: {
        serve: { type: "boolean", default: false },
        soak: { type: "boolean", default: false },
        port: { type: "string" },
      },
    });
    const port = Number(values.port ?? (values.serve ? 8080 : 0));
    if (values.serve && values.soak) throw new Error("--serve and --soak do not go together");
    if (!Number.isInteger(port) || port < 0 || port > 65_535)
      throw new Error(`--port takes a number up to 65535, got ${values.port}`);
    return { serve: values.serve, soak: values.soak, port };
  } catch (error) {
    console.error(`${messageOf(error)}\n\n${USAGE}`);
    return undefined;
  }
}

/** Runs everything and answers the exit code. */
async function main(options: Options): Promise<number> {
  const startedAt = performance.now();
  const screen = new Screen();
  const crash = Promise.withResolvers<never>();
  const shop = new Shop(crash.reject);
  const report = new Report(shop, screen);
  const signal = Promise.race(
    ["SIGINT", "SIGTERM", "SIGHUP"].map(async (name) => {
      await once(process, name);
      return name;
    }),
  );
  const stopped = signal.then((name) => {
    throw new Error(`stopped by ${name}`);
  });
  try {
    await Promise.race([tell(options, report), crash.promise, stopped]);
    screen.print();
    for (const sentence of report.broken) screen.verdict(false, `not as promised: ${sentence}`);
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(0);
    if (report.broken.length === 0)
      screen.verdict(true, `Everything that the design promises to save was saved. ${seconds} s`);
    if (options.serve) {
      await serve(shop, screen);
      await Promise.race([signal, crash.promise]);
    }
    return report.broken.length === 0 ? 0 : 1;
  } catch (error) {
    screen.endAllProgress();
    console.error(messageOf(error));
    return 1;
  } finally {
    await shop.close();
  }
}

async function tell(options: Options, report: Report): Promise<void> {
  const { shop, screen } = report;
  await shop.open(options.port);
  const address = `http://127.0.0.1:${shop.gateway.port}`;
  screen.print(
    `4 services in ${shop.size} instances, each a process of its own; one gateway at ${address}`,
  );
  await (options.soak ? soak(report) : tellStory(report));
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

const options = readOptions(process.argv.slice(2));
// What still runs when the story was cut short, its traffic above all, is of no more use.
process.exit(options === undefined ? 2 : await main(options));
