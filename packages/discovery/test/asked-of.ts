import type { DnsServer } from "./dns-server.js";
import { discovered } from "./scripted-source.js";
import type { FakeTimers } from "./fake-timers.js";
import type { WatchInstances } from "../src/source.js";
import { until } from "./until.js";

/** A source that asks a name server, on a clock that is moved by hand. `lists`, `failures` wait for so many of them. */
export function askedOf(source: WatchInstances, timers: FakeTimers, server: DnsServer) {
  const all = discovered({ source, timers, coalesceMs: 0, backoff: { baseMs: 700, maxMs: 700 } });
  const lists = async (count: number): Promise<void> => {
    await until(() => all.service.lists.length >= count && timers.delays().length > 0);
  };
  const failures = (count: number) => until(() => all.errors.length >= count);
  const asked = (count: number) => until(() => server.asked.length >= count);
  return { ...all, lists, failures, asked };
}
