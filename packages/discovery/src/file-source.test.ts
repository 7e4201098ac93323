import {
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { discovered } from "../test/scripted-source.js";
import { FakeTimers } from "../test/fake-timers.js";
import { until } from "../test/until.js";
import { discover } from "./discover.js";
import { fileSource, type FileSourceOptions } from "./file-source.js";

const POLL_MS = 100_000;
const BACKOFF_MS = 50_000;
const SETTLE_MS = 20;

describe("a source in a file", () => {
  let directory = "";
  let file = "";
  const toClose: (() => Promise<void>)[] = [];

  beforeEach(async () => {
    directory = await mkdtemp(path.join(tmpdir(), "signalbox-"));
    file = path.join(directory, "products.json");
  });
  afterEach(async () => {
    for (const close of toClose.splice(0)) await close();
    await rm(directory, { recursive: true, force: true });
  });

  /**
   * The file watched, on a clock that is moved by hand. `seen` waits until a change is about to be read; `reach` lets all that is seen
   * be read, until something holds.
   */
  function watched(options: FileSourceOptions = {}, at: string | URL = file) {
    const timers = new FakeTimers();
    const source = fileSource(at, { pollMs: POLL_MS, settleMs: SETTLE_MS, timers, ...options });
    const all = discovered({
      source,
      timers,
      coalesceMs: 0,
      backoff: { baseMs: BACKOFF_MS, maxMs: BACKOFF_MS },
    });
    toClose.push(() => all.discovery.close());
    const isSeen = (): boolean => (timers.delays()[0] ?? Infinity) <= SETTLE_MS;
    const seen = (): Promise<void> => until(isSeen);
    const reach = (holds: () => boolean): Promise<void> =>
      until(() => {
        if (isSeen()) timers.advance(SETTLE_MS);
        return holds();
      });
    const lists = (count: number): Promise<void> => reach(() => all.service.lists.length >= count);
    return { ...all, timers, seen, reach, lists };
  }

  const json = (...hosts: readonly string[]) =>
    JSON.stringify(hosts.map((host) => `http://${host}`));

  describe("a file", () => {
    it("is read at once, and again when it is written", async () => {
      await writeFile(file, json("a"));
      const { discovery, service, lists } = watched();
      expect(await discovery.ready).toEqual(["http://a"]);
      await writeFile(file, json("a", "b"));
      await lists(2);
      expect(service.lists[1]).toEqual(["http://a", "http://b"]);
    });

    it("may be named by a URL, and begin with a byte order mark", async () => {
      await writeFile(file, `\uFEFF${json("a")}`);
      const { discovery } = watched({}, pathToFileURL(file));
      expect(await discovery.ready).toEqual(["http://a"]);
    });

    it("may be replaced by renaming, again and again", async () => {
      await writeFile(file, json("a"));
      const { service, lists, discovery } = watched();
      await discovery.ready;
      for (const [index, host] of ["b", "c"].entries()) {
        await writeFile(path.join(directory, ".new"), json(host));
        await rename(path.join(directory, ".new"), file);
        await lists(index + 2);
        expect(service.lists.at(-1)).toEqual([`http://${host}`]);
      }
    });

    it("is not read anew into a list when something else in its directory changes", async () => {
      await writeFile(file, json("a"));
      let parsed = 0;
      const parse = (text: string) => {
        parsed += 1;
        return JSON.parse(text) as string[];
      };
      const { discovery, seen, lists, timers } = watched({ parse });
      await discovery.ready;
      await writeFile(path.join(directory, "other.json"), "x");
      await seen();
      timers.advance(SETTLE_MS);
      await writeFile(path.join(directory, ".new"), json("b"));
      await rename(path.join(directory, ".new"), file);
      await lists(2);
      expect(parsed).toBe(2);
    });

    it("that is half written is read once more before it counts as a failure", async () => {
      await writeFile(file, json("a"));
      const { discovery, errors, service, seen, lists, timers } = watched();
      await discovery.ready;
      await writeFile(file, json("b", "c").slice(0, 14));
      await seen();
      timers.advance(SETTLE_MS);
      await seen();
      await writeFile(file, json("b", "c"));
      await lists(2);
      expect(service.lists).toEqual([["http://a"], ["http://b", "http://c"]]);
      expect(errors).toEqual([]);
    });

    it("that stays malformed is a failure until it is mended", async () => {
      await writeFile(file, json("a"));
      const { discovery, errors, service, reach, lists } = watched();
      await discovery.ready;
      await writeFile(file, "{");
      await reach(() => errors.length > 0);
      expect(errors[0]).toMatchObject({ kind: "failed" });
      expect(errors[0]?.message).toMatch(/^the source failed: .*JSON/);
      expect(service.lists).toEqual([["http://a"]]);
      await writeFile(file, json("b"));
      await lists(2);
      expect(discovery.state()).toMatchObject({ status: "current", instances: ["http://b"] });
    });

    it("that goes keeps its list, and is found when it comes back as it was", async () => {
      await writeFile(file, json("a"));
      const { discovery, errors, service, reach, lists } = watched();
      await discovery.ready;
      await rm(file);
      await reach(() => errors.length > 0);
      expect(errors[0]?.cause).toMatchObject({ code: "ENOENT" });
      expect(service.lists).toEqual([["http://a"]]);
      await writeFile(file, json("a"));
      await lists(2);
      expect(discovery.state().status).toBe("current");
    });

    it("that is missing rejects ready, and is found when it comes", async () => {
      const { discovery, errors, reach, lists } = watched();
      await reach(() => errors.length > 0);
      await expect(discovery.ready).rejects.toMatchObject({ cause: { code: "ENOENT" } });
      await writeFile(file, json("a"));
      await lists(1);
    });

    it("in a directory that comes later is found by trying again", async () => {
      const later = path.join(directory, "later", "products.json");
      const { discovery, errors, reach, lists, timers } = watched({}, later);
      await reach(() => errors.length > 0);
      await expect(discovery.ready).rejects.toMatchObject({ cause: { code: "ENOENT" } });
      await mkdir(path.dirname(later));
      await writeFile(later, json("a"));
      timers.advance(BACKOFF_MS);
      await lists(1);
      await writeFile(later, json("b"));
      await lists(2);
    });

    it("is read now and then although nothing says that it changed", async () => {
      const elsewhere = await mkdtemp(path.join(tmpdir(), "signalbox-"));
      toClose.push(() => rm(elsewhere, { recursive: true }));
      await writeFile(path.join(elsewhere, "real.json"), json("a"));
      await symlink(path.join(elsewhere, "real.json"), file);
      const { discovery, service, timers, lists } = watched();
      await discovery.ready;
      await writeFile(path.join(elsewhere, "real.json"), json("b"));
      timers.advance(POLL_MS);
      await lists(2);
      expect(service.lists).toEqual([["http://a"], ["http://b"]]);
      timers.advance(POLL_MS);
      await lists(3);
      expect(service.lists[2]).toEqual(["http://b"]);
    });

    it("that is to be read while it is read is read once more", async () => {
      await writeFile(file, json("a"));
      const { discovery, timers, seen } = watched();
      await discovery.ready;
      timers.advance(POLL_MS);
      timers.advance(POLL_MS);
      await seen();
    });

    it("is watched again after its directory was replaced", async () => {
      const inner = path.join(directory, "inner");
      const at = path.join(inner, "products.json");
      await mkdir(inner);
      await writeFile(at, json("a"));
      const { discovery, timers, lists } = watched({}, at);
      await discovery.ready;
      await rename(inner, path.join(directory, "old"));
      await mkdir(inner);
      await writeFile(at, json("b"));
      timers.advance(POLL_MS);
      await lists(2);
      await writeFile(at, json("c"));
      await lists(3);
      await writeFile(at, json("d"));
      await lists(4);
    });

    it("may have another form", async () => {
      await writeFile(file, "http://a\nhttp://b\n");
      const parse = (text: string) => text.trim().split("\n");
      const { discovery } = watched({ parse });
      expect(await discovery.ready).toEqual(["http://a", "http://b"]);
    });

    it("that holds no list is refused", async () => {
      await writeFile(file, '{"instances":[]}');
      const { discovery } = watched();
      await expect(discovery.ready).rejects.toThrow("expected a list of instances, got object");
    });
  });

  describe("a ConfigMap of Kubernetes", () => {
    // As the kubelet writes it: the files are links into `..data`, a link that is replaced by renaming.
    async function mount(version: number, text: string): Promise<void> {
      const data = path.join(directory, `..2026_${version}`);
      await mkdir(data);
      await writeFile(path.join(data, "products.json"), text);
      await symlink(path.basename(data), path.join(directory, "..data_tmp"));
      await rename(path.join(directory, "..data_tmp"), path.join(directory, "..data"));
      if (version === 1) await symlink(path.join("..data", "products.json"), file);
      else await rm(path.join(directory, `..2026_${version - 1}`), { recursive: true });
    }

    it("is read again whenever it is mounted anew", async () => {
      await mount(1, json("a"));
      const { discovery, service, lists, errors } = watched();
      await discovery.ready;
      for (const version of [2, 3]) {
        await mount(version, json(`v${version}`));
        await lists(version);
        expect(service.lists.at(-1)).toEqual([`http://v${version}`]);
      }
      expect(errors).toEqual([]);
    });
  });

  describe("closing", () => {
    const watches = async (): Promise<number> => {
      let count = 0;
      for (const name of await readdir("/proc/self/fdinfo")) {
        const info = await readFile(`/proc/self/fdinfo/${name}`, "utf8").catch(() => "");
        count += info.match(/^inotify /gm)?.length ?? 0;
      }
      return count;
    };

    it.skipIf(process.platform !== "linux")("leaves no watch of the kernel", async () => {
      await writeFile(file, json("a"));
      const before = await watches();
      const source = fileSource(file);
      const discovery = discover({ set: () => {} }, source);
      await discovery.ready;
      expect(await watches()).toBe(before + 1);
      await discovery.close();
      expect(await watches()).toBe(before);
    });

    it("while the file is read leaves no timer, and tells nothing", async () => {
      const { discovery, timers, service, errors } = watched();
      await discovery.close();
      await writeFile(file, json("a"));
      await readFile(file);
      expect(timers.delays()).toEqual([]);
      expect([service.lists, errors]).toEqual([[], []]);
    });
  });

  it("refuses times that no timer counts to", () => {
    const message = (name: string, least: number) =>
      new RangeError(`${name}: expected a number from ${least} to 2147483647, got -1`);
    expect(() => fileSource("a", { pollMs: -1 })).toThrow(message("pollMs", 1));
    expect(() => fileSource("a", { settleMs: -1 })).toThrow(message("settleMs", 0));
  });
});
