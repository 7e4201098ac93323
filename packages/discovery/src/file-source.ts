import { watch, type FSWatcher } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import type { InstanceConfig } from "@signalbox/core";
import type { WatchInstances } from "./source.js";
import { checkTime, systemTimers, type Timers } from "./timers.js";

/** How a file is read and watched. */
export interface FileSourceOptions {
  /**
   * Makes a list of the text. What it throws is a failure. Default: JSON, which must be an array of instances. A form of which a
   * part is a whole too, such as one line per instance, needs a file that is replaced by renaming.
   */
  readonly parse?: (text: string) => readonly InstanceConfig[];
  /**
   * The file is read so often even if nothing says that it has changed: for file systems that tell nothing, and for links whose
   * target is changed in another directory. Unit: milliseconds. Default: 10 000. Error: RangeError unless at least 1.
   */
  readonly pollMs?: number;
  /**
   * A change is read so long after it was seen, and what cannot be read is read once more after it: a file may be half written, or
   * away for a moment. Unit: milliseconds. Default: 50. Error: RangeError unless a number >= 0.
   */
  readonly settleMs?: number;
  /** Default: those of Node. */
  readonly timers?: Timers;
}

/**
 * The instances in a file, read again when it changes. It may be written in place, replaced by renaming, be a link that is
 * set anew (a mounted ConfigMap of Kubernetes), go and come back: its directory is watched, not the file. A file that is missing
 * or cannot be parsed is a failure, so the list of before stays.
 *
 * @throws RangeError for an option out of its bounds
 *
 * @example
 * // ["http://10.0.0.1:8080", { "url": "http://10.0.0.2:8080", "weight": 2 }]
 * discover(gateway.service("products"), fileSource("/etc/shop/products.json"));
 */
export function fileSource(file: string | URL, options: FileSourceOptions = {}): WatchInstances {
  const { parse = JSON.parse, pollMs = 10_000, settleMs = 50, timers = systemTimers } = options;
  checkTime("pollMs", pollMs, 1);
  checkTime("settleMs", settleMs);
  const rule = {
    ...{ parse, pollMs, settleMs, timers },
    file: path.resolve(file instanceof URL ? fileURLToPath(file) : file),
  };
  return (found, failed) => {
    const run = new FileRun(rule, found, failed);
    return () => run.stop();
  };
}

type FileRule = Required<FileSourceOptions> & { readonly file: string };

class FileRun {
  readonly #rule: FileRule;
  readonly #found: (instances: readonly InstanceConfig[]) => void;
  readonly #failed: (error: unknown) => void;
  /** The text of the list that was found last. */
  #text: string | undefined;
  #isReading = false;
  #isChanged = false;
  #isStopped = false;
  #watcher: FSWatcher | undefined;
  #cancelRead: (() => void) | undefined;
  #cancelPoll: () => void = () => {};

  constructor(rule: FileRule, ...[found, failed]: Parameters<WatchInstances>) {
    this.#rule = rule;
    this.#found = found;
    this.#failed = failed;
    this.#poll();
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancelRead?.();
    this.#cancelPoll();
    this.#watcher?.close();
  }

  // Watched anew each time: a directory that was replaced tells nothing any more.
  #poll(): void {
    this.#watch();
    this.#text = undefined;
    void this.#read(false);
    this.#cancelPoll = this.#rule.timers.after(this.#rule.pollMs, () => this.#poll());
  }

  #watch(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
    try {
      const watcher = watch(path.dirname(this.#rule.file), { persistent: false });
      watcher.on("change", () => this.#readSoon(false));
      watcher.on("error", () => watcher.close());
      this.#watcher = watcher;
    } catch {
      // Polling is left. A directory that is missing shows when the file is read.
    }
  }

  #readSoon(isRepeated: boolean): void {
    if (this.#isStopped) return;
    const { timers, settleMs } = this.#rule;
    // Holds the process: somebody may wait for the first list.
    this.#cancelRead ??= timers.after(settleMs, () => void this.#read(isRepeated), true);
  }

  async #read(isRepeated: boolean): Promise<void> {
    this.#cancelRead?.();
    this.#cancelRead = undefined;
    if (this.#isReading) {
      this.#isChanged = true;
      return;
    }
    this.#isReading = true;
    try {
      const text = await readFile(this.#rule.file, "utf8");
      if (!this.#isStopped && text !== this.#text) {
        this.#found(this.#rule.parse(text.replace(/^\uFEFF/, "")));
        this.#text = text;
      }
    } catch (error) {
      this.#text = undefined;
      if (!isRepeated) this.#readSoon(true);
      else if (!this.#isStopped) this.#failed(error);
    }
    this.#isReading = false;
    if (this.#isChanged) this.#readSoon(false);
    this.#isChanged = false;
  }
}
