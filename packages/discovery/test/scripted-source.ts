import type { DiscoveryError } from "../src/discovery-error.js";
import { discover, type DiscoverOptions, type Discovery } from "../src/discover.js";
import type { DiscoverySource, InstanceList, WatchInstances } from "../src/source.js";
import { FakeTimers } from "./fake-timers.js";

/** One run of a source that tells what the test says. */
export interface ScriptedRun {
  readonly found: Parameters<WatchInstances>[0];
  readonly failed: Parameters<WatchInstances>[1];
  stops: number;
}

/** A source that the test speaks for. */
export class ScriptedSource {
  readonly runs: ScriptedRun[] = [];

  readonly watch: WatchInstances = (found, failed) => {
    const run = { found, failed, stops: 0 };
    this.runs.push(run);
    return () => {
      run.stops += 1;
    };
  };

  get run(): ScriptedRun {
    const run = this.runs.at(-1);
    if (run === undefined) throw new Error("the source was not started");
    return run;
  }
}

/** A service that remembers what it was given. */
export class RecordingList implements InstanceList {
  readonly lists: Parameters<InstanceList["set"]>[0][] = [];

  set(instances: Parameters<InstanceList["set"]>[0]): void {
    this.lists.push(instances);
  }
}

/** A discovery of a scripted source, on a clock that is moved by hand. */
export function discovered(
  options: DiscoverOptions & {
    readonly source?: DiscoverySource;
    readonly timers?: FakeTimers;
  } = {},
): {
  readonly source: ScriptedSource;
  readonly service: RecordingList;
  readonly timers: FakeTimers;
  readonly errors: DiscoveryError[];
  readonly discovery: Discovery;
} {
  const source = new ScriptedSource();
  const service = new RecordingList();
  const errors: DiscoveryError[] = [];
  const { source: given = source.watch, timers = new FakeTimers(), ...rest } = options;
  const discovery = discover(service, given, {
    ...{ timers, random: () => 0.5, onError: (error) => errors.push(error) },
    ...rest,
  });
  return { source, service, timers, errors, discovery };
}
